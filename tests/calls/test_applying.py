"""What was told is folded into the log, by any number of workers, and as often as they like."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from callsphere.calls import applying
from callsphere.calls.models import Call, CallEvent, CallKey, CallLeg, RealtimeSession, VoiceMessage
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import CALLER, NUMBER, Line, new_sid
from trunks.models import LiveCall, SessionTimerPolicy

AGENT = "sip:proj_x@sip.api.openai.com"


def told(line: Line, sid: str, *, over: bool = True, trunk: bool = False) -> None:
    """Tell of a call that an agent takes."""
    leg, place = new_sid("CA"), line.place("status", trunk=trunk)
    to = "sip:+4930901820@acme.sip.twilio.com" if trunk else NUMBER
    line.tell(line.place(trunk=trunk), line.fields(CallSid=sid, To=to))
    of_leg = {"CallSid": leg, "ParentCallSid": sid, "To": AGENT}
    line.tell(place, line.fields(**of_leg, CallStatus="in-progress", SequenceNumber="1"))
    if over:
        line.tell(
            place, line.fields(**of_leg, CallStatus="completed", SequenceNumber="2", SipResponseCode="200")
        )
        line.tell(
            place, line.fields(CallSid=sid, CallStatus="completed", SequenceNumber="0", CallDuration="9")
        )


def test_a_call_shows_what_was_told(line: Line) -> None:
    sid = new_sid("CA")
    told(line, sid)
    assert applying.apply_waiting() == 4
    with tenant_context(line.person.tenant):
        call, leg = Call.objects.get(), CallLeg.objects.get()
        assert CallEvent.objects.filter(applied_at=None).count() == 0
    assert (call.call_sid, call.our_number, call.their_number) == (sid, NUMBER, CALLER)
    assert (call.state, call.outcome, call.sip_code) == ("ended", "agent", 200)
    assert (leg.call_id, leg.kind, leg.target, leg.state) == (call.pk, "agent", AGENT, "completed")
    assert call.look_due_at is not None  # what it cost is asked for later


def test_a_call_goes_on_until_its_end_is_told(line: Line) -> None:
    sid = new_sid("CA")
    told(line, sid, over=False)
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        assert (Call.objects.get().state, Call.objects.get().outcome) == ("in_progress", "")
    line.tell(line.place("status"), line.fields(CallSid=sid, CallStatus="completed", SequenceNumber="0"))
    assert applying.apply_waiting() == 1
    with tenant_context(line.person.tenant):
        assert (Call.objects.get().state, CallLeg.objects.count()) == ("ended", 1)


def test_nothing_waits_nothing_happens(line: Line) -> None:
    assert applying.apply_waiting() == 0


def test_a_call_whose_beginning_was_never_told_has_a_row(line: Line) -> None:
    line.tell(line.place("status"), line.fields(CallStatus="completed", SequenceNumber="3"))
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        call = Call.objects.get()
        assert CallKey.objects.get().call_id == call.pk
    assert (call.phone_number_id, call.state, call.outcome) == (line.number.pk, "ended", "missed")


def test_messages_are_kept_once(line: Line) -> None:
    sid, recording = new_sid("CA"), new_sid("RE")
    line.tell(fields=line.fields(CallSid=sid))
    left = {"RecordingSid": recording, "RecordingDuration": "12"}
    line.tell(line.place("recorded"), line.fields(CallSid=sid, CallStatus="completed", **left))
    line.tell(line.place("recording"), {"AccountSid": line.account.sid, "CallSid": sid, **left})
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        message = VoiceMessage.objects.get()
        assert (message.recording_sid, message.duration_s) == (recording, 12)
        assert Call.objects.get().outcome == "voicemail"


def test_a_call_over_a_trunk_is_watched_until_it_is_over(line: Line) -> None:
    sid = new_sid("CA")
    told(line, sid, over=False, trunk=True)
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        assert (LiveCall.objects.get().reference, LiveCall.objects.get().state) == (sid, "live")
    fields = line.fields(CallSid=sid, CallStatus="completed", SequenceNumber="0")
    line.tell(line.place("status", trunk=True), fields)
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        assert LiveCall.objects.get().state == "ended"


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_make_one_row_for_each_call(line: Line) -> None:
    sids = [new_sid("CA") for _ in range(12)]
    for sid in sids:
        for number, status in enumerate(("ringing", "in-progress", "completed")):
            fields = line.fields(CallSid=sid, CallStatus=status, SequenceNumber=str(number))
            line.tell(line.place("status"), fields)
    counts: list[int] = []

    def work() -> None:
        try:
            while count := applying.apply_waiting(limit=5):
                counts.append(count)
        finally:
            close_old_connections()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while applying.apply_waiting():
        pass  # a worker that finds what waits locked leaves it to the next
    with tenant_context(line.person.tenant):
        calls = sorted(Call.objects.values_list("call_sid", "state"))
        assert calls == sorted((sid, "ended") for sid in sids)
        assert CallKey.objects.count() == len(sids)


def test_a_batch_takes_few_queries(line: Line) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            applying.apply_waiting()
        return len(asked)

    told(line, new_sid("CA"))
    one = cost()
    for _ in range(3):
        told(line, new_sid("CA"))
    assert cost() == one


def test_the_end_of_an_old_call_is_that_calls(line: Line) -> None:
    """The key is made of the moment of the first event, so that it sorts and cuts by time."""
    told(line, new_sid("CA"))
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        call = Call.objects.get()
    assert timedelta(0) <= database_now() - call.started_at < timedelta(minutes=5)
    assert call.pk.int >> 80 == int(call.started_at.timestamp() * 1000)


def test_a_call_that_cannot_be_stored_keeps_no_others_waiting(line: Line) -> None:
    told(line, new_sid("CA"), over=False, trunk=True)
    with tenant_context(line.person.tenant):
        SessionTimerPolicy.objects.all().delete()  # which nothing of ours does: its watching fails
    told(line, new_sid("CA"))
    assert (applying.apply_waiting(), applying.apply_waiting()) == (6, 0)
    with tenant_context(line.person.tenant):
        assert [call.outcome for call in Call.objects.filter(state="ended")] == ["agent"]


def test_a_session_that_was_never_offered_ends_with_its_call(line: Line) -> None:
    agent = make_agent(line.person)
    version = publish(line.person, agent)
    sid = new_sid("CA")
    line.tell(fields=line.fields(CallSid=sid))
    with tenant_context(line.person.tenant):
        RealtimeSession.objects.create(tenant=line.person.tenant, call=Call.objects.get(), version=version)
    line.tell(line.place("status"), line.fields(CallSid=sid, CallStatus="completed", SequenceNumber="0"))
    applying.apply_waiting()
    with tenant_context(line.person.tenant):
        session = RealtimeSession.objects.get()
    assert (session.state, session.why) == ("over", "OpenAI never told of the call.")
