"""The sweep: which calls it ends, what it tells, and what it does when a provider fails."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from callsphere.alerts.models import Incident
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.live_calls.conftest import Calls, after
from tests.trunks.live_calls.provider import NAME, Provider
from trunks.live_calls.enders import Ending, EndingCall, add_ender
from trunks.live_calls.sweep import BATCH, Swept, sweep
from trunks.live_calls.watching import ATTEMPTS, LEASE_S, claim_due
from trunks.models import Trunk

pytestmark = pytest.mark.django_db(transaction=True)
OVERDUE = "Main line: a call was ended because its refresh was overdue"
TOO_LONG = "Main line: a call was ended because it lasted too long"
GOES_ON = "Main line: a call goes on that should be over"


def test_an_overdue_refresh_ends_the_call(
    alice: Person, trunk: Trunk, calls: Calls, provider: Provider
) -> None:
    calls.answer()
    assert sweep(after(1767)) == Swept(0, 0)
    with capture_logs() as lines:
        assert sweep(after(1768)) == Swept(1, 0)

    assert provider.up == set()
    call = calls.stored()
    assert (call.state, call.reason, call.outcome) == ("ended", "not_refreshed", "completed")
    assert calls.incidents() == [("call_ended", OVERDUE, 1, "")]
    with tenant_context(alice.tenant):
        incident = Incident.objects.get()
    assert (incident.subject_kind, incident.subject_id) == ("trunk", trunk.pk)
    day = f"{call.answered_at:%Y-%m-%d}"
    assert incident.detail.replace("\N{NO-BREAK SPACE}", " ") == (
        "No refresh came for 29 min 28 s, with a session interval of 1800 s. "
        f"Call c1 (telecom), answered at {day} 12:00:00 UTC. Answer to our hang-up: completed."
    )
    (line,) = [each for each in lines if each["event"] == "call_ended"]
    assert (line["reason"], line["reference"], line["provider"], line["said"], line["tenant_id"]) == (
        "not_refreshed",
        "c1",
        NAME,
        "completed",
        str(alice.tenant.pk),
    )


def test_a_call_that_outlived_its_longest_time_is_ended(calls: Calls, provider: Provider) -> None:
    calls.answer()
    for minute in (15, 30, 45):
        calls.refresh(minute * 60)
    assert [sweep(after(3599)), sweep(after(3600))] == [Swept(0, 0), Swept(1, 0)]
    assert (provider.up, calls.stored().reason) == (set(), "too_long")
    assert calls.incidents() == [("call_ended", TOO_LONG, 1, "")]


def test_a_call_that_is_refreshed_in_time_is_left_alone(calls: Calls, provider: Provider) -> None:
    calls.answer()
    for second in range(900, 3600, 900):
        assert sweep(after(second - 1)) == Swept(0, 0)
        calls.refresh(second)
    assert sweep(after(3599)) == Swept(0, 0)
    assert (provider.up, provider.asked, calls.stored().state) == ({"c1"}, [], "live")


def test_calls_of_a_trunk_that_end_alike_are_one_trouble(calls: Calls) -> None:
    for reference in ("c1", "c2", "c3"):
        calls.answer(reference)
    assert sweep(after(1768)) == Swept(3, 0)
    assert calls.incidents() == [("call_ended", OVERDUE, 3, "")]


def test_a_call_that_was_over_already_is_no_trouble(calls: Calls, provider: Provider) -> None:
    calls.answer()
    provider.up.clear()
    assert sweep(after(1768)) == Swept(1, 0)
    assert (calls.stored().state, calls.stored().outcome) == ("ended", "no such call")
    assert calls.incidents() == []


def test_a_provider_that_fails_is_asked_again_later_each_time(calls: Calls, provider: Provider) -> None:
    calls.answer()
    provider.failures = [503, 503, 500]
    with capture_logs() as lines:
        assert sweep(after(1768)) == Swept(0, 1)
    (line,) = [each for each in lines if each["event"] == "call_not_ended"]
    assert (line["why"], line["attempt"], line["reason"]) == ("telecom answered 503", 1, "not_refreshed")
    assert calls.incidents() == [("call_not_ended", GOES_ON, 1, "")]

    # 10, 20 and 40 seconds after each failure; the moments of the fake clock run on a little
    assert [sweep(after(1768 + 9)), sweep(after(1768 + 12))] == [Swept(0, 0), Swept(0, 1)]
    assert [sweep(after(1780 + 19)), sweep(after(1780 + 22))] == [Swept(0, 0), Swept(0, 1)]
    assert [sweep(after(1802 + 39)), sweep(after(1802 + 42))] == [Swept(0, 0), Swept(1, 0)]
    assert (provider.up, len(provider.asked)) == (set(), 4)
    assert calls.incidents() == [
        ("call_not_ended", GOES_ON, 3, "recovered"),
        ("call_ended", OVERDUE, 1, ""),
    ]


def test_a_call_that_cannot_be_ended_counts_as_lost_in_the_end(calls: Calls, provider: Provider) -> None:
    calls.answer()
    provider.failures = [503] * ATTEMPTS
    at = 1768.0
    for _attempt in range(ATTEMPTS):
        assert sweep(after(at)) == Swept(0, 1)
        at += 320
    call = calls.stored()
    assert (call.state, call.next_look_at, call.outcome) == ("lost", None, "telecom answered 503")
    assert calls.incidents() == [("call_not_ended", GOES_ON, ATTEMPTS, "")]
    assert sweep(after(at)) == Swept(0, 0)


def test_a_late_refresh_saves_a_call_that_could_not_be_ended(calls: Calls, provider: Provider) -> None:
    calls.answer()
    provider.failures = [503]
    sweep(after(1768))
    assert calls.refresh(1770)
    assert (calls.stored().state, calls.stored().next_look_at) == ("live", after(3538))
    assert sweep(after(1790)) == Swept(0, 0)
    assert calls.incidents() == [("call_not_ended", GOES_ON, 1, "recovered")]


def test_no_refresh_saves_a_call_that_lasted_too_long(calls: Calls, provider: Provider) -> None:
    calls.answer(session_interval_s=None)
    provider.failures = [503]
    sweep(after(3600))
    calls.refresh(3601)
    assert (calls.stored().state, calls.stored().reason) == ("ending", "too_long")
    assert sweep(after(3620)) == Swept(1, 0)


def test_the_end_that_a_provider_tells_before_its_answer_does_not_hide_why(
    calls: Calls, provider: Provider
) -> None:
    calls.answer()

    def end(call: EndingCall) -> Ending:
        ending = provider.end(call)
        calls.over(1769)  # its webhook is faster than its answer
        return ending

    add_ender(NAME, end)
    assert sweep(after(1768)) == Swept(1, 0)
    assert (calls.stored().reason, calls.stored().ended_at) == ("not_refreshed", after(1769))
    assert calls.incidents() == [("call_ended", OVERDUE, 1, "")]


def test_what_the_other_side_says_is_stored_whatever_it_is(calls: Calls) -> None:
    calls.answer()
    add_ender(NAME, lambda _call: Ending("gone\0" + "x" * 400))
    assert sweep(after(1768)) == Swept(1, 0)
    assert calls.stored().outcome == ("gone\N{REPLACEMENT CHARACTER}" + "x" * 400)[:255]


@pytest.mark.parametrize("known", [True, False])
def test_a_mistake_of_ours_is_tried_again_too(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    calls.answer()

    def broken(_call: EndingCall) -> Ending:
        raise KeyError("password")

    monkeypatch.setattr("trunks.live_calls.enders._enders", {NAME: broken} if known else {})
    assert sweep(after(1768)) == Swept(0, 1)
    said = "Something went wrong on our side." if known else "Nobody here can end calls of telecom."
    assert (calls.stored().state, calls.stored().outcome) == ("ending", said)


def test_one_that_hangs_does_not_hold_up_the_others(calls: Calls, provider: Provider) -> None:
    for number in range(BATCH + 5):
        calls.answer(f"c{number}")
    provider.slow_s = 0.2
    assert sweep(after(1768)) == Swept(BATCH, 0)
    assert sweep(after(1768)) == Swept(5, 0)
    assert provider.up == set()


def test_a_worker_that_dies_after_its_claim_is_replaced(calls: Calls, provider: Provider) -> None:
    calls.answer()
    claim_due(after(1768), BATCH)  # and nothing more comes of that worker
    assert (calls.stored().state, provider.up) == ("ending", {"c1"})

    assert [sweep(after(1768 + LEASE_S - 1)), sweep(after(1768 + LEASE_S))] == [Swept(0, 0), Swept(1, 0)]
    assert (provider.asked, calls.stored().claim) == (["c1"], 2)
    assert calls.incidents() == [("call_ended", OVERDUE, 1, "")]


def test_a_worker_that_dies_before_it_stored_the_end_is_replaced(calls: Calls, provider: Provider) -> None:
    calls.answer()

    def dies(call: EndingCall) -> Ending:
        provider.end(call)
        raise SystemExit

    add_ender(NAME, dies)
    with pytest.raises(SystemExit):
        sweep(after(1768))
    assert (calls.stored().state, provider.up) == ("ending", set())

    add_ender(NAME, provider.end)
    assert sweep(after(1768 + LEASE_S)) == Swept(1, 0)
    assert (calls.stored().state, calls.stored().outcome) == ("ended", "no such call")
