"""All that is told of a call says one thing, in whatever order it comes."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsphere.calls.enums import CallOutcome, CallState, EventKind, HungUpBy, LegKind, LegState
from callsphere.calls.folding import CallFacts, fold
from callsphere.calls.judging import Done, Judgement, judge
from callsphere.calls.payload import KNOWN_FIELDS

ROOT, LEG = "CA" + "0" * 32, "CA" + "1" * 32
START = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
CALLER, NUMBER, AGENT = "+12125550100", "+14155550101", "sip:proj_x@sip.api.openai.com"


@dataclass
class Event:
    """Something told `at` seconds after the call came in."""

    at: float
    kind: str = EventKind.STATUS
    call_sid: str = ROOT
    call_status: str = ""
    sequence_number: int | None = None
    subject: str = ""
    payload: dict[str, str] = field(default_factory=dict)

    @property
    def received_at(self) -> datetime:
        return START + timedelta(seconds=self.at)


def incoming(**fields: str) -> Event:
    told = {"From": CALLER, "To": NUMBER, "Direction": "inbound", **fields}
    return Event(0, EventKind.INCOMING, call_status="ringing", payload=told)


def leg(at: float, status: str, number: int, to: str = AGENT, **fields: str) -> Event:
    return Event(at, call_sid=LEG, call_status=status, sequence_number=number, payload={"To": to, **fields})


def dialled(at: float, status: str, *, stayed: bool, **fields: str) -> Event:
    told = {"DialCallStatus": status, "DialCallSid": LEG, **fields}
    state = "in-progress" if stayed else "completed"
    return Event(at, EventKind.DIALLED, call_status=state, subject=LEG, payload=told)


def ended(at: float, status: str = "completed", **fields: str) -> Event:
    return Event(at, call_status=status, sequence_number=0, payload={"From": CALLER, "To": NUMBER, **fields})


TALKED = [
    incoming(StirVerstat="TN-Validation-Passed-A"),
    leg(0.5, "initiated", 0),
    leg(1, "ringing", 1),
    leg(2, "in-progress", 2),
    leg(62, "completed", 3, SipResponseCode="200", CallDuration="60"),
    dialled(62.1, "completed", stayed=True),
    ended(62.4, CallDuration="60"),
]


def facts_of(*events: Event) -> CallFacts:
    return fold(ROOT, events)


def judged(*events: Event, action: str = "realtime", end_reason: str = "") -> Judgement:
    return judge(facts_of(*events), Done(action, end_reason))


def shown(judgement: Judgement) -> tuple[str, str, int | None, str]:
    return judgement.outcome, judgement.hung_up_by, judgement.sip_code, judgement.cause


def test_an_agent_talked_with_the_caller() -> None:
    facts = facts_of(*TALKED)
    assert (facts.our_number, facts.their_number, facts.verstat) == (NUMBER, CALLER, "TN-Validation-Passed-A")
    assert (facts.state, facts.answered_at) == (CallState.ENDED, START + timedelta(seconds=2))
    (agent,) = facts.legs
    assert (agent.kind, agent.target, agent.state) == (LegKind.AGENT, AGENT, LegState.COMPLETED)
    assert (agent.sip_code, agent.ended_at) == (200, START + timedelta(seconds=62))
    assert shown(judged(*TALKED)) == (CallOutcome.AGENT, HungUpBy.AGENT, 200, "")


@pytest.mark.parametrize("seed", range(40))
def test_order_and_repetition_change_nothing(seed: int) -> None:
    chance = random.Random(seed)
    events = TALKED + chance.choices(TALKED, k=3)
    chance.shuffle(events)
    assert facts_of(*events) == facts_of(*TALKED)


def test_every_beginning_is_a_call_that_goes_on() -> None:
    states = [facts_of(*TALKED[: count + 1]).state for count in range(len(TALKED))]
    assert states == ["ringing", "ringing", "ringing", "in_progress", "in_progress", "in_progress", "ended"]


def test_what_is_missing_is_made_up_for() -> None:
    """The end alone says how long there was talk; the leg's end alone that it was answered."""
    for gone in itertools.combinations(range(1, 4), 2):
        kept = [event for index, event in enumerate(TALKED) if index not in gone]
        facts = facts_of(*kept)
        assert facts.answered_at == START + timedelta(seconds=2)
        assert judge(facts, Done("realtime", "")).outcome == CallOutcome.AGENT


@pytest.mark.parametrize("first", ["CA" + "1" * 32, "CA" + "9" * 32])
def test_whoever_was_called_later_answered_last_whatever_the_ids(first: str) -> None:
    second = "CA" + "5" * 32
    failed = leg(0.2, "failed", 0, SipResponseCode="480", Timestamp=format_datetime(START))
    person = leg(0.6, "completed", 1, "+14155550177", SipResponseCode="200", Timestamp=format_datetime(START))
    events = [incoming(), replace(failed, call_sid=first), replace(person, call_sid=second)]
    for told in itertools.permutations(events):
        facts = facts_of(*told)
        assert [(each.call_sid, each.kind) for each in facts.legs] == [
            (first, LegKind.AGENT),
            (second, LegKind.PERSON),
        ]
        assert judge(facts, Done("human", "")).sip_code == 200


def test_a_media_stream_is_talked_over_from_its_start_until_it_is_closed() -> None:
    started = Event(2, call_status="stream-started", payload={"StreamEvent": "stream-started"})
    stopped = Event(62, call_status="stream-stopped", payload={"StreamEvent": "stream-stopped"})
    asked = Event(62, EventKind.DIALLED, call_status="in-progress")
    live = facts_of(incoming(), started)
    assert (live.state, live.answered_at) == (CallState.IN_PROGRESS, START + timedelta(seconds=2))
    told = [incoming(), started, stopped, asked, ended(62, CallDuration="62")]
    for events in (told, told[::-1]):
        assert facts_of(*events).answered_at == START + timedelta(seconds=2)
        assert shown(judged(*events, action="stream"))[:2] == (CallOutcome.AGENT, HungUpBy.AGENT)


def test_the_providers_moments_count_within_an_hour() -> None:
    near, far = START + timedelta(seconds=30), START + timedelta(hours=2)
    answered = [leg(40, "in-progress", 0, Timestamp=format_datetime(moment)) for moment in (near, far)]
    moments = [facts_of(incoming(), event).answered_at for event in answered]
    assert moments == [near, START + timedelta(seconds=40)]


@pytest.mark.parametrize(
    ("events", "fields", "expected"),
    [
        # the caller hangs up on the agent
        (
            [*TALKED[:5], dialled(62, "completed", stayed=False), ended(62, CallDuration="60")],
            {},
            (CallOutcome.AGENT, HungUpBy.CALLER, 200, ""),
        ),
        # the caller does not wait
        (
            [incoming(), leg(1, "canceled", 0), dialled(4, "canceled", stayed=False), ended(4, "no-answer")],
            {},
            (CallOutcome.MISSED, HungUpBy.CALLER, None, ""),
        ),
        # the agent refuses, and a person takes the call
        (
            [
                incoming(),
                leg(1, "failed", 0, SipResponseCode="503"),
                dialled(1, "failed", stayed=True, DialSipResponseCode="503"),
                Event(
                    9, call_sid="CA2", call_status="in-progress", sequence_number=0, payload={"To": CALLER}
                ),
                Event(
                    60,
                    EventKind.DIALLED,
                    call_status="in-progress",
                    subject="CA2",
                    payload={"DialCallStatus": "completed", "DialCallSid": "CA2"},
                ),
                ended(61),
            ],
            {"action": "person"},
            (CallOutcome.PERSON, HungUpBy.PERSON, 503, ""),
        ),
        # the agent refuses, and the caller leaves a message
        (
            [
                incoming(),
                dialled(1, "failed", stayed=True, DialSipResponseCode="486"),
                Event(
                    20,
                    EventKind.RECORDED,
                    call_status="completed",
                    payload={"RecordingSid": "RE" + "0" * 32, "RecordingDuration": "12"},
                ),
                ended(20, CallDuration="19"),
            ],
            {"action": "voicemail"},
            (CallOutcome.VOICEMAIL, HungUpBy.CALLER, 486, "busy"),
        ),
        # nothing was left but to say so
        (
            [incoming(), ended(5, CallDuration="5")],
            {"action": "hang_up"},
            (CallOutcome.TURNED_AWAY, HungUpBy.US, None, ""),
        ),
        # somebody of the tenant's ends it; it is too long; the agent is done
        (TALKED, {"end_reason": "asked"}, (CallOutcome.AGENT, HungUpBy.US, 200, "")),
        (TALKED, {"end_reason": "too_long"}, (CallOutcome.AGENT, HungUpBy.US, 200, "")),
        (TALKED, {"end_reason": "agent"}, (CallOutcome.AGENT, HungUpBy.AGENT, 200, "")),
        # a media stream has no leg of its own
        (
            [
                incoming(),
                Event(1, call_status="in-progress", sequence_number=0),
                ended(30, CallDuration="29"),
            ],
            {"action": "stream"},
            (CallOutcome.AGENT, HungUpBy.CALLER, None, ""),
        ),
        # the provider's own errors have words too
        (
            [
                incoming(),
                dialled(32, "failed", stayed=True),
                ended(33, "completed", ErrorCode="32022"),
            ],
            {"action": "voicemail"},
            (CallOutcome.MISSED, HungUpBy.CALLER, None, "ack_not_received"),
        ),
    ],
)
def test_what_a_call_came_to(events: list[Event], fields: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert shown(judged(*events, **fields)) == expected


@pytest.mark.parametrize(
    ("error", "sip_code", "cause"),
    [
        ("32001", "503", ""),  # too many calls in one second: Twilio itself refuses, not the carrier
        ("32013", "503", ""),
        ("32009", "480", ""),
        ("32011", "408", "no_answer"),
        ("99999", "503", "carrier_overloaded"),
    ],
)
def test_an_error_of_the_providers_says_more_than_the_sip_code(error: str, sip_code: str, cause: str) -> None:
    failed = ended(3, "failed", ErrorCode=error, SipResponseCode=sip_code)
    assert shown(judged(incoming(), failed))[2:] == (int(sip_code), cause)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "no_answer")],
)
def test_calls_that_we_place_end_as_the_other_side_says(status: str, outcome: str) -> None:
    placed = Event(
        0, call_status="initiated", sequence_number=0, payload={"Direction": "outbound-api", "From": NUMBER}
    )
    over = Event(20, call_status=status, sequence_number=1, payload={"To": CALLER, "SipResponseCode": "486"})
    facts = facts_of(placed, over)
    assert (facts.our_number, facts.their_number, facts.direction) == (NUMBER, CALLER, "outbound")
    assert judge(facts, Done("", "")).outcome == outcome


def test_a_call_that_goes_on_has_come_to_nothing_yet() -> None:
    assert shown(judged(*TALKED[:4])) == ("", "", None, "")


def test_prices_are_amounts() -> None:
    told = {"-0.0085": "0.0085", "0.02": "0.02", "": "", "much": "", "-1e9": ""}
    prices = {price: facts_of(incoming(), ended(9, Price=price)).price for price in told}
    assert prices == told


values = st.one_of(st.text(max_size=12), st.sampled_from(["completed", "failed", "99999", "1e9", "-0.5"]))
payloads = st.dictionaries(st.sampled_from(KNOWN_FIELDS), values, max_size=8)
strange_events = st.builds(
    Event,
    at=st.floats(0, 10_000),
    kind=st.sampled_from(EventKind.values),
    call_sid=st.sampled_from([ROOT, LEG]),
    call_status=st.one_of(st.sampled_from(["ringing", "in-progress", "completed"]), st.text(max_size=20)),
    sequence_number=st.none() | st.integers(0, 2**31 - 1),
    payload=payloads,
)


@given(st.lists(strange_events, min_size=1, max_size=6))
def test_whatever_is_told_can_be_read_and_stored(events: list[Event]) -> None:
    facts = fold(ROOT, events)
    judgement = judge(facts, Done("", ""))
    assert (judgement.outcome == "") == (facts.state != CallState.ENDED)
    for leg_ in (facts.own, *facts.legs):
        assert leg_.sip_code is None or 100 <= leg_.sip_code <= 699
    assert all(len(sid) == 34 for sid in facts.recordings)
