"""Calls are kept as long as their tenant says, and what was said in them no longer than that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents.models import ToolInvocation
from callsphere.calls import retention, services
from callsphere.calls.models import (
    Call,
    CallbackRequest,
    CallerMessage,
    CallKey,
    CallLeg,
    CallNote,
    CallRetention,
    RealtimeSession,
    TextMessage,
    TranscriptLine,
    VoiceMessage,
    VoiceSound,
)
from callsphere.calls.sound_keeping import keep_sound
from callsphere.calls.tasks import forget_calls
from callsphere.lib.errors import VersionConflict
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.agents.conftest import make_agent, make_tool, publish
from tests.calls.conftest import CALLER, NUMBER, Line, make_line
from tests.calls.test_listing import NOON, add_call
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/call-retention/"
DETAILS = (TranscriptLine, CallNote, ToolInvocation, CallerMessage, VoiceSound)
PARTS = (CallKey, CallLeg, VoiceMessage, RealtimeSession, TextMessage, CallbackRequest)


def add_old(line: Line, days: int) -> Call:
    """Store a call that began so many days ago, and an hour, with one of everything."""
    began = database_now() - timedelta(days=days, hours=1)
    call = add_call(line, round((began - NOON).total_seconds() / 60))
    agent = make_agent(line.person, f"Agent {days}")
    version, tool = publish(line.person, agent), make_tool(line.person, name=f"tool_{days}")
    of_call: dict[str, Any] = {"tenant": line.person.tenant, "call": call}
    with tenant_context(line.person.tenant):
        CallKey.objects.create(**of_call, call_sid=call.call_sid)
        CallLeg.objects.create(**of_call, call_sid="CA1", kind="agent")
        CallNote.objects.create(**of_call, key="1", text="A note", noted_at=began)
        TranscriptLine.objects.create(**of_call, item_id="1", speaker="agent", text="Hello.", said_at=began)
        CallerMessage.objects.create(**of_call, text="Please call back.")
        TextMessage.objects.create(
            **of_call, to_number=CALLER, from_number=NUMBER, body="See you at nine.", state="sent"
        )
        CallbackRequest.objects.create(
            **of_call, number=CALLER, wanted_at=began, time_zone="UTC", note="A tooth hurts."
        )
        there = {"sound_state": "there", "sound_due_at": None}
        keep_sound(VoiceMessage.objects.create(**of_call, recording_sid="RE1", **there), b"sound")
        RealtimeSession.objects.create(**of_call, version=version)
        ToolInvocation.objects.create(
            tenant=line.person.tenant,
            tool=tool,
            kind="call",
            outcome="ok",
            created_at=began,
            ended_at=began,
            reference=str(call.pk),
        )
    return call


def left(line: Line) -> tuple[list[Call], list[int], list[int]]:
    """Return the calls that are left, and how many of each kind of detail and part."""
    with tenant_context(line.person.tenant):
        return (
            list(Call.objects.order_by("id")),
            [model.objects.count() for model in DETAILS],
            [model.objects.count() for model in PARTS],
        )


def keep(line: Line, **days: int) -> None:
    with tenant_context(line.person.tenant):
        services.set_retention(tenant=line.person.tenant, actor=line.person.actor, **days)


def test_unless_said_otherwise_details_go_after_90_days_and_calls_after_365(line: Line) -> None:
    gone, bare, whole = (add_old(line, days) for days in (365, 90, 89))
    forget_calls()
    assert gone not in left(line)[0]
    assert left(line) == ([bare, whole], [1] * len(DETAILS), [2] * len(PARTS))


def test_words_of_texts_and_callbacks_go_with_transcripts_and_their_rows_with_calls(line: Line) -> None:
    bare, whole = (add_old(line, days) for days in (90, 89))
    forget_calls()
    with tenant_context(line.person.tenant):
        texts = list(TextMessage.objects.order_by("call_id").values_list("call_id", "body"))
        callbacks = list(CallbackRequest.objects.order_by("call_id").values_list("call_id", "note"))
    assert texts == [(bare.pk, ""), (whole.pk, "See you at nine.")]
    assert callbacks == [(bare.pk, ""), (whole.pk, "A tooth hurts.")]


def test_each_tenant_keeps_its_own_as_long_as_it_says(line: Line, charlie: Person) -> None:
    other = make_line(charlie, "+14155550102", "+4930901821")
    keep(line, calls_kept_days=30, transcripts_kept_days=1_095)
    mine = [add_old(line, days) for days in (31, 29)]
    theirs = [add_old(other, days) for days in (31, 29)]
    forget_calls()
    assert left(line) == (mine[1:], [1] * len(DETAILS), [1] * len(PARTS))
    assert left(other) == (theirs, [2] * len(DETAILS), [2] * len(PARTS))


def test_many_are_forgotten_in_portions(line: Line, monkeypatch: Any) -> None:
    monkeypatch.setattr(retention, "_CALLS_AT_ONCE", 2)
    monkeypatch.setattr(retention, "BATCH", 1)
    for days in range(400, 403):
        add_old(line, days)
    assert retention.forget_old_calls(database_now()) == 3 * (1 + 2 + len(DETAILS) + len(PARTS))
    assert left(line) == ([], [0] * len(DETAILS), [0] * len(PARTS))


def test_a_message_whose_sound_was_forgotten_says_so(line: Line) -> None:
    for days in (90, 89):
        add_old(line, days)
    forget_calls()
    with tenant_context(line.person.tenant):
        states = VoiceMessage.objects.order_by("call_id").values_list("sound_state", flat=True)
        assert list(states) == ["forgotten", "there"]


def test_a_sound_that_waits_is_not_fetched_when_it_would_be_forgotten(line: Line) -> None:
    for days in (90, 89):
        add_old(line, days)
    with tenant_context(line.person.tenant):
        VoiceSound.objects.all().delete()
        VoiceMessage.objects.update(sound_state="waiting", sound_due_at=database_now())
    forget_calls()
    with tenant_context(line.person.tenant):
        messages = VoiceMessage.objects.order_by("call_id")
        assert [(each.sound_state, each.sound_due_at is None) for each in messages] == [
            ("forgotten", True),
            ("waiting", False),
        ]


def test_what_is_said_is_written_down_once(line: Line) -> None:
    keep(line, calls_kept_days=100)
    keep(line, calls_kept_days=100)
    with tenant_context(line.person.tenant):
        row = CallRetention.objects.get()
        event = AuditEvent.objects.get(verb="call_retention.updated")
    assert (row.calls_kept_days, row.transcripts_kept_days, row.version) == (100, 90, 2)
    assert event.changes == {"calls_kept_days": [365, 100]}


@pytest.mark.parametrize(
    "days",
    [
        {"calls_kept_days": 29},
        {"calls_kept_days": 1_096},
        {"transcripts_kept_days": 0},
        {"transcripts_kept_days": 1_096},
    ],
)
def test_days_have_bounds(line: Line, days: dict[str, int]) -> None:
    with pytest.raises(ValidationError) as refused:
        keep(line, **days)
    assert list(refused.value.message_dict) == list(days)
    with (
        tenant_context(line.person.tenant),
        pytest.raises(IntegrityError, match="days_within"),
        transaction.atomic(),
    ):
        CallRetention.objects.create(tenant=line.person.tenant, **days)


def test_an_edit_names_its_version(line: Line) -> None:
    with tenant_context(line.person.tenant), pytest.raises(VersionConflict):
        services.set_retention(
            tenant=line.person.tenant, actor=line.person.actor, expected_version=2, calls_kept_days=40
        )


def test_through_the_api(line: Line) -> None:
    api = line.person.api("calls:read", "calls:write")
    assert api.get(ADDRESS).json() == {"version": 1, "calls_kept_days": 365, "transcripts_kept_days": 90}
    changed = api.patch(ADDRESS, {"transcripts_kept_days": 7}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert api.get(ADDRESS).json() == {"version": 2, "calls_kept_days": 365, "transcripts_kept_days": 7}
    stale = api.patch(ADDRESS, {"transcripts_kept_days": 8}, headers={"If-Match": '"1"'})
    wrong = api.patch(ADDRESS, {"calls_kept_days": 29}, headers={"If-Match": '"2"'})
    assert (stale.status_code, wrong.status_code) == (412, 400)
    read_only = line.person.api("calls:read")
    assert read_only.patch(ADDRESS, {"calls_kept_days": 40}, headers={"If-Match": '"2"'}).status_code == 403
