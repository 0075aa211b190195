"""Holding one session: its call is accepted, followed until it ends, and its end is stored."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog
from django.utils import timezone

from callsphere.calls.enums import SessionState
from callsphere.calls.realtime import records
from callsphere.calls.realtime.claims import ClaimLost, Held, put_off
from callsphere.calls.realtime.conversation import Conversation
from callsphere.calls.realtime.metrics import ATTACHED
from callsphere.calls.realtime.offers import Code
from callsphere.calls.realtime.records import Opening
from callsphere.calls.realtime.threads import Threads
from callsphere.calls.realtime.troubles import OVER, Troubles
from callsphere.providers.openai import (
    CallGone,
    RealtimeError,
    Unavailable,
    accept_call,
    attach,
    reject_call,
)

RINGS = timedelta(seconds=25)
"""Longer than any call rings: what was not accepted by then is given up."""
_AGAIN = timedelta(seconds=1)
_LOOKS_AFTER_S = (0.0, 0.25, 0.5, 1.0)
"""OpenAI may not know a call yet that it has just accepted."""
_GONE = "The caller had hung up."

log = structlog.get_logger(__name__)


async def hold(held: Held, threads: Threads) -> None:
    """Hold a session until its call ends. When another worker has it, let go of it without a word."""
    named = {"call": str(held.call_id), "tenant_id": str(held.tenant_id)}
    with structlog.contextvars.bound_contextvars(**named), suppress(ClaimLost):
        opening = await threads.database(records.open_session, held)
        if opening.is_accepted or await _accept(held, opening, threads):
            why = await _follow(held, opening, threads)
            await threads.database(records.finish, held, SessionState.OVER, why)


async def _accept(held: Held, opening: Opening, threads: Threads) -> bool:
    """Have the agent take the call; return whether it did. What became of it otherwise is stored."""
    if opening.is_caller_gone:
        await _reject(held, threads, Code.GONE, _GONE)
        return False
    try:
        await threads.answer(accept_call, held.openai_call_id, opening.config)
    except RealtimeError as error:
        # an earlier try, or a worker that died, may have done it
        may_be_done = error.outcome_unknown or held.claim > 1
        if not (may_be_done and await _is_there(held)):
            await _not_accepted(held, opening, threads, error)
            return False
    await threads.database(records.store_accepted, held)
    return True


async def _not_accepted(held: Held, opening: Opening, threads: Threads, error: RealtimeError) -> None:
    log.warning("call_not_accepted", error=error.code, detail=error.detail)
    if isinstance(error, CallGone):
        await threads.database(records.finish, held, SessionState.REJECTED, _GONE)
    elif isinstance(error, Unavailable) and timezone.now() < opening.offered_at + RINGS:
        await threads.database(put_off, held, _AGAIN)
    else:
        await _reject(held, threads, Code.ELSEWHERE, str(error))


async def _reject(held: Held, threads: Threads, code: Code, why: str) -> None:
    with suppress(RealtimeError):  # it rings until the carrier gives up
        await threads.answer(reject_call, held.openai_call_id, code)
    await threads.database(records.finish, held, SessionState.REJECTED, why)


async def _is_there(held: Held) -> bool:
    """Whether OpenAI has an accepted call."""
    for pause_s in _LOOKS_AFTER_S:
        await asyncio.sleep(pause_s)
        try:
            async with attach(held.openai_call_id):
                return True
        except CallGone:
            continue
        except RealtimeError:
            return False
    return False


async def _follow(held: Held, opening: Opening, threads: Threads) -> str:
    """Follow the call until it ends, over as many lines as it takes; return why it ended."""
    conversation = Conversation(held, opening, threads)
    ends_at = opening.ends_at(timezone.now())
    limit = asyncio.create_task(conversation.end_at(ends_at))
    troubles = Troubles(held, opening, threads, ends_at)
    is_first = not opening.is_accepted
    try:
        while True:
            try:
                async with attach(held.openai_call_id) as line:
                    ATTACHED.inc()
                    troubles.forget()
                    was_first, is_first = is_first, False
                    await conversation.follow(line, is_first=was_first)
                return conversation.why or OVER
            except RealtimeError as error:
                why = await troubles.end_after(error)
            if why:
                return conversation.why or why
            await troubles.pause()
    finally:
        limit.cancel()
        conversation.close()
