"""What is kept of a session, each step in a transaction of its own under the holder's claim.

All raise ClaimLost once another worker has the session. Call them outside any context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from agents.answering import opening_words, realtime_session
from agents.models import AgentVersion, VersionTool
from callsphere.calls.builtin_tools import functions_of
from callsphere.calls.enums import CallState, EndReason, SessionState, Speaker
from callsphere.calls.models import Call, TranscriptLine
from callsphere.calls.models.conversations import LONGEST_LINE
from callsphere.calls.realtime.claims import Held, holding
from callsphere.calls.realtime.metrics import SESSIONS
from callsphere.calls.realtime.notes import add_note
from callsphere.calls.realtime.usage import added
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


def begin_greeting(held: Held) -> bool:
    """Store that the caller is greeted now; False when somebody did so before."""
    with holding(held) as session:
        if session.greeted_at is not None:
            return False
        session.greeted_at = timezone.now()
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


def add_usage(held: Held, usage: Mapping[str, Any]) -> None:
    """Add to what the session has used."""
    with holding(held) as session:
        session.usage = added(session.usage, usage)
        session.save(update_fields=["usage"])


def store_note(held: Held, key: str, text: str) -> None:
    """Put something into the call's timeline, once for each key."""
    with holding(held):
        add_note(held, key, text)


def store_end_reason(held: Held, reason: EndReason) -> None:
    """Store why we end the call, unless somebody ended it before."""
    with holding(held) as session:
        calls = Call.objects.filter(pk=session.call_id, end_reason="").exclude(state=CallState.ENDED)
        calls.update(end_reason=reason)


def finish(held: Held, state: SessionState, why: str) -> None:
    """End a session, as over or rejected, with why in words. Nobody takes it again."""
    with holding(held) as session:
        session.state, session.why = state, why[:LONGEST_WHY]
        session.ended_at, session.due_at = timezone.now(), None
        session.save(update_fields=["state", "why", "ended_at", "due_at"])
        if state == SessionState.REJECTED:
            add_note(held, "rejected", f"The agent did not take the call: {why}")
    SESSIONS.labels(state.value).inc()
