"""Calls whose worker died, at carriers that do not let them be hung up: given up in the end, but said."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from callsphere.alerts.models import Incident
from callsphere.sip.agent.placed import PlacedCall as CallOnWire
from callsphere.sip.resolver import Target
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.conftest import Person
from tests.peers import free_port
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.trunks.checks.running import ask, report_of, results
from tests.trunks.conftest import make_trunk
from trunks.checks.checking import LEASE_S, claim_checks, end_interrupted, store_call
from trunks.checks.orphaned_calls import ATTEMPTS, claim_orphans, end_orphan, store_outcome
from trunks.checks.orphaned_calls import LEASE_S as ORPHAN_LEASE_S
from trunks.models import LiveCall, PlacedCall

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def left_behind(alice: Person) -> datetime:
    """An answered call whose worker died; give the time at which that is known."""
    return leave_behind(alice, free_port())


def leave_behind(alice: Person, port: int) -> datetime:
    """Let a worker die with an answered call at this port of ours; give the time at which that is known."""
    uri = f"sip:127.0.0.1:{port}"
    ask(alice, make_trunk(alice, "Main line", uri))
    (claim,) = claim_checks(database_now(), 1)
    target = Target("127.0.0.1", port, "udp", "127.0.0.1")
    via, local, remote = "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1", "<sip:us@a>;tag=1", "<sip:them@a>;tag=2"
    ours, theirs = "<sip:us@127.0.0.1>", f"<{uri}>"
    call = CallOnWire("answered", target, "c1", uri, via, local, remote, ours, 1, theirs)
    store_call(claim.check_id, claim.number, call)
    now = database_now() + timedelta(seconds=LEASE_S + 1)
    assert end_interrupted(now) == [claim.check_id]
    return now


def attempts(now: datetime, answer: str | None) -> int:
    """Let workers try until they give up; how often they did. Without an answer each of them dies."""
    for number in range(ATTEMPTS + 2):
        claims = claim_orphans(now + timedelta(seconds=number * (ORPHAN_LEASE_S + 1)))
        if not claims:
            return number
        if answer is not None:
            store_outcome(claims[0], answer, ended=False)
    return ATTEMPTS + 2


@pytest.mark.parametrize("answer", ["no_answer: Nothing came back within 4.0 s.", None])
def test_a_call_that_stays_is_an_incident(alice: Person, left_behind: datetime, answer: str | None) -> None:
    assert attempts(left_behind, answer) == ATTEMPTS
    with tenant_context(alice.tenant):
        placed, live, incident = PlacedCall.objects.get(), LiveCall.objects.get(), Incident.objects.get()
    assert (placed.state, placed.outcome) == ("ended", answer or "Nobody answered.")
    assert (live.state, live.outcome) == ("lost", answer or "Nobody answered.")
    assert (incident.severity, incident.resolved_at) == ("critical", None)
    assert incident.title == "Main line: a call goes on that should be over"
    assert incident.detail.startswith(
        "Its readiness check ended before the call did. Call c1 (dialog), answered at "
    )


def test_a_call_that_is_hung_up_is_none(alice: Person, left_behind: datetime) -> None:
    (claim,) = claim_orphans(left_behind)
    store_outcome(claim, "BYE: 200", ended=True)
    assert claim_orphans(left_behind + timedelta(hours=1)) == []
    with tenant_context(alice.tenant):
        assert (PlacedCall.objects.get().outcome, LiveCall.objects.get().state) == ("BYE: 200", "ended")
        assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("status", "is_over"),
    [
        *(("200 OK", True), ("481 Call/Transaction Does Not Exist", True), ("408 Request Timeout", True)),
        *(("403 Forbidden", False), ("500 Server Error", False), ("503 Service Unavailable", False)),
    ],
)
def test_a_call_is_over_when_the_carrier_says_so(alice: Person, status: str, is_over: bool) -> None:
    """RFC 3261 §15.1.1: a BYE that is refused otherwise has ended nothing."""

    class Stubborn(Carrier):
        def bye(self, request: Heard, send: Send) -> None:
            self.reply(send, request, status)

    carrier = Stubborn()
    with serving(carrier):
        (claim,) = claim_orphans(leave_behind(alice, carrier.port))
        assert asyncio.run(end_orphan(claim)) == (f"BYE: {status[:3]}", is_over)


def test_a_call_whose_hang_up_the_carrier_refused_is_hung_up_later(alice: Person) -> None:
    class Reluctant(Carrier):
        refusals = 2

        def bye(self, request: Heard, send: Send) -> None:
            self.refusals -= 1
            self.reply(send, request, "200 OK" if self.refusals < 0 else "500 Server Error")

    carrier = Reluctant()
    with serving(carrier) as uri:
        check = report_of(alice, make_trunk(alice, "Main line", uri), call="+12125550100")
        assert results(check)["bye"] == ("warn", "bye_rejected")
        with tenant_context(alice.tenant):
            assert (PlacedCall.objects.get().state, LiveCall.objects.get().state) == ("answered", "live")
        now = database_now()
        for _ in range(2):
            (claim,) = claim_orphans(now)
            said, is_over = asyncio.run(end_orphan(claim))
            store_outcome(claim, said, ended=is_over)
            now += timedelta(seconds=ORPHAN_LEASE_S + 1)
    with tenant_context(alice.tenant):
        placed, live = PlacedCall.objects.get(), LiveCall.objects.get()
    assert (placed.state, placed.outcome, live.state) == ("ended", "BYE: 200", "ended")
    assert not claim_orphans(now)
