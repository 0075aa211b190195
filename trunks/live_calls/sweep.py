"""Ends calls whose refresh is overdue or that outlived their time: claims them, has them ended, settles."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import close_old_connections
from prometheus_client import Counter as CounterMetric

from trunks.live_calls.enders import Ending, EndingCall, NotEnded, ender_of
from trunks.live_calls.watching import claim_due, settle_ended, settle_not_ended

BATCH = 20
"""How many calls one sweep ends, all at once: none of them waits for another's ender."""
_OUR_FAULT = "Something went wrong on our side."

log = structlog.get_logger(__name__)
ENDED = CounterMetric("callsphere_calls_ended_total", "Calls that the sweep ended, by reason", ["reason"])
NOT_ENDED = CounterMetric("callsphere_calls_not_ended_total", "Failed attempts to end a call", ["reason"])


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: calls that are over now, and calls that go on."""

    ended: int
    not_ended: int


def sweep(now: datetime) -> Swept:
    """End what is due. Any number of sweeps may run at once, in any number of workers."""
    started = time.monotonic()
    calls = claim_due(now, BATCH)
    if not calls:
        return Swept(0, 0)
    ended = 0
    with ThreadPoolExecutor(len(calls), "end-call") as pool:
        asked = {pool.submit(_end, call): call for call in calls}
        for answered in as_completed(asked):
            at = now + timedelta(seconds=time.monotonic() - started)
            ended += _settled(asked[answered], answered.result(), at)
    return Swept(ended, len(calls) - ended)


def _end(call: EndingCall) -> Ending | str:
    """Have a call ended; return why not when that failed."""
    ender = ender_of(call.provider)
    if ender is None:
        return f"Nobody here can end calls of {call.provider}."
    try:
        return ender(call)
    except NotEnded as failure:
        return str(failure)
    except Exception:
        log.exception("call_ender_failed", provider=call.provider, reference=call.reference)
        return _OUR_FAULT
    finally:
        close_old_connections()


def _settled(call: EndingCall, result: Ending | str, now: datetime) -> bool:
    """Settle a call; where that fails, the others are settled all the same, and this one after its lease."""
    try:
        return _settle(call, result, now)
    except Exception:
        log.exception("call_not_settled", provider=call.provider, reference=call.reference)
        return False


def _settle(call: EndingCall, result: Ending | str, now: datetime) -> bool:
    named = {
        "tenant_id": str(call.tenant_id),
        "provider": call.provider,
        "reference": call.reference,
        "reason": call.reason.value,
        "attempt": call.attempt,
    }
    if isinstance(result, str):
        until = settle_not_ended(call, result, now)
        NOT_ENDED.labels(call.reason).inc()
        log.warning("call_not_ended", why=result, retry_at=until and until.isoformat(), **named)
        return False
    if settle_ended(call, result, now) and result.by_us:
        ENDED.labels(call.reason).inc()
        log.warning("call_ended", said=result.said, **named)
    else:
        log.info("call_was_over", said=result.said, **named)
    return True
