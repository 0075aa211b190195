"""What is kept of a session, each step in a transaction of its own under the holder's claim.

All raise ClaimLost once another worker has the session. Call them outside any context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents.answering import opening_words, realtime_session
from agents.models import AgentVersion, VersionTool
from callsphere.calls.builtin_tools import functions_of
from callsphere.calls.enums import CallAction, CallState, EndReason, SessionState, Speaker
from callsphere.calls.keys import shown_keys
from callsphere.calls.models import Call, TranscriptLine
from callsphere.calls.models.conversations import LONGEST_ID, LONGEST_LINE
from callsphere.calls.realtime.claims import Held, holding
from callsphere.calls.realtime.metrics import SESSIONS
from callsphere.calls.realtime.notes import add_note
from callsphere.calls.realtime.usage import added
from callsphere.calls.services.live import QUEUE, TASK
from callsphere.celery import wake
from tenants.clock import database_now
from trunks.storable import without_nul

LONGEST_WHY = 255


@dataclass(frozen=True, slots=True)
class Opening:
    """A session as its holder finds it. `config` is what OpenAI is given, `words` what the agent opens with.

    `is_ending`: the agent has said that it is done.
    """

    version: AgentVersion
    config: dict[str, Any] = field(repr=False)
    words: str
    is_accepted: bool
    is_caller_gone: bool
    is_ending: bool
    offered_at: datetime
    accepted_at: datetime | None

    def ends_at(self, now: datetime) -> datetime:
        """Return when the call has lasted as long as the agent's calls may."""
        return (self.accepted_at or now) + timedelta(seconds=self.version.longest_call_s)


def open_session(held: Held) -> Opening:
    """Return what the holder needs to know."""
    with holding(held) as session:
        version = AgentVersion.objects.get(pk=session.version_id)
        tools = VersionTool.objects.filter(version=version, tool__deleted_at=None)
        call = Call.objects.get(pk=session.call_id)
        return Opening(
            version=version,
            config=realtime_session(version, tools, functions_of(version), brief=call.brief),
            words=opening_words(version),
            is_accepted=session.state == SessionState.ACCEPTED,
            is_caller_gone=call.state == CallState.ENDED,
            is_ending=call.end_reason == EndReason.AGENT,
            offered_at=session.offered_at or timezone.now(),
            accepted_at=session.accepted_at,
        )


def store_accepted(held: Held) -> None:
    """Store that OpenAI has accepted the call."""
    with holding(held) as session:
        session.state, session.accepted_at = SessionState.ACCEPTED, timezone.now()
        session.save(update_fields=["state", "accepted_at"])
        add_note(held, "accepted", "The agent took the call.")


def has_left(held: Held) -> bool:
    """Whether the provider has told that the call is over, or no longer with this agent."""
    with holding(held) as session:
        there = Call.objects.filter(pk=session.call_id, version=session.version_id)
        return not there.filter(action=CallAction.REALTIME).exclude(state=CallState.ENDED).exists()


def begin_greeting(held: Held, at: datetime) -> bool:
    """Store that the caller is greeted; False when somebody else did so before.

    `at` tells who asks: where the answer of the commit was lost, the same asks again, and is to greet.
    """
    with holding(held) as session:
        if session.greeted_at is not None:
            return session.greeted_at == at
        session.greeted_at = at
        session.save(update_fields=["greeted_at"])
        add_note(held, "greeted", "The agent was asked to greet the caller.")
        return True


def store_line(held: Held, speaker: Speaker, item_id: str, text: str, said_at: datetime) -> None:
    """Store what was said, once, however often it is told."""
    with holding(held) as session:
        line = TranscriptLine(
            tenant_id=session.tenant_id,
            call_id=session.call_id,
            item_id=item_id[:64],
            speaker=speaker,
            text=without_nul(text)[:LONGEST_LINE],
            said_at=said_at,
        )
        TranscriptLine.objects.bulk_create([line], ignore_conflicts=True)


def store_keys(held: Held, run: int, keys: str, began_at: datetime) -> None:
    """Store the keys of one run so far, in place of fewer: digits are hidden when they become many."""
    with holding(held) as session:
        TranscriptLine.objects.update_or_create(
            tenant_id=session.tenant_id,
            call_id=session.call_id,
            item_id=f"keys-{session.pk.hex}-{held.claim}-{run}",
            defaults={
                "speaker": Speaker.CALLER,
                "text": f"Pressed {shown_keys(keys)}",
                "is_keys": True,
                "said_at": began_at,
            },
        )


def add_usage(held: Held, event_id: str, usage: Mapping[str, Any], cost: Decimal | None) -> None:
    """Add to what the session has used, and to what that cost; what is not known once stays so.

    OpenAI's events are told one after another, and each is added once.
    """
    with holding(held) as session:
        if session.counted_last == event_id[:LONGEST_ID]:
            return  # the answer of the commit was lost
        known = session.cost if session.usage else Decimal()
        session.cost = None if known is None or cost is None else known + cost
        session.usage, session.counted_last = added(session.usage, usage), event_id[:LONGEST_ID]
        session.save(update_fields=["usage", "cost", "counted_last"])


def store_note(held: Held, key: str, text: str) -> None:
    """Put something into the call's timeline, once for each key."""
    with holding(held):
        add_note(held, key, text)


def begin_hanging_up(held: Held, why: str, reason: EndReason | None) -> bool:
    """Store that we end the call, and why; False when the call has left the agent: others have it now.

    `reason` is left out where it is stored already.
    """
    with holding(held) as session:
        rows = Call.objects.select_for_update(of=("self",), no_key=True).exclude(state=CallState.ENDED)
        call = rows.filter(pk=session.call_id).first()
        if call is not None and call.action != CallAction.REALTIME:
            return False
        if call is not None and reason and not call.end_reason:
            call.end_reason = reason
            call.save(update_fields=["end_reason"])
        add_note(held, "hung-up", why)
        return True


def is_ending(held: Held) -> bool:
    """Return whether the agent has said that it is done, to whichever worker."""
    with holding(held) as session:
        return Call.objects.filter(pk=session.call_id, end_reason=EndReason.AGENT).exists()


def end_now(held: Held) -> None:
    """Have the provider end a call that OpenAI did not end for us, unless the call has left the agent."""
    with holding(held) as session:
        calls = Call.objects.filter(pk=session.call_id, action=CallAction.REALTIME)
        calls.exclude(end_reason="").exclude(state=CallState.ENDED).update(end_due_at=database_now())
        transaction.on_commit(partial(wake, TASK, QUEUE))


def finish(held: Held, state: SessionState, why: str) -> None:
    """End a session, as over or rejected, with why in words. Nobody takes it again."""
    with holding(held) as session:
        session.state, session.why = state, why[:LONGEST_WHY]
        session.ended_at, session.due_at = timezone.now(), None
        session.save(update_fields=["state", "why", "ended_at", "due_at"])
        if state == SessionState.REJECTED:
            add_note(held, "rejected", f"The agent did not take the call: {why}")
    SESSIONS.labels(state.value).inc()
