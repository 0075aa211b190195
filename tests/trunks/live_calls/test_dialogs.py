"""Calls of readiness checks as live calls: watched while they are up, and ended by BYE when they stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callsphere.alerts.models import Incident
from tenants.context import tenant_context
from tests.conftest import Person
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, Heard, Send, serving
from tests.trunks.checks.running import ask, ended, report_of, running
from tests.trunks.conftest import make_trunk
from tests.waiting import wait_until
from trunks import services
from trunks.live_calls.sweep import Swept, sweep
from trunks.models import LiveCall, PlacedCall, SessionTimerPolicy, Trunk

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155550123"
CHALLENGE = 'realm="lab", nonce="n1", qop="auth", algorithm=MD5'


def line(person: Person, uri: str) -> Trunk:
    """A trunk whose calls may last a minute."""
    trunk = make_trunk(person, "Main line", uri)
    with tenant_context(person.tenant):
        SessionTimerPolicy.objects.filter(trunk=trunk).update(longest_call_s=60)
        services.add_credential(
            tenant=person.tenant,
            actor=person.actor,
            trunk=trunk,
            direction="outbound",
            username=USER,
            secret=PASSWORD,
        )
    return trunk


def live_call(person: Person) -> LiveCall:
    """The call that is watched; wait for it."""
    with tenant_context(person.tenant):
        wait_until(LiveCall.objects.exists)
        return LiveCall.objects.get()


def test_the_call_of_a_check_is_watched_until_it_is_hung_up(alice: Person) -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        check = report_of(alice, line(alice, uri), call=NUMBER)
    assert check.verdict == "pass", check.steps
    call = live_call(alice)
    assert (call.provider, call.reference) == ("dialog", carrier.of("INVITE")[0].get("call-id"))
    assert (call.state, call.reason, call.too_long_at) == (
        "ended",
        "",
        call.answered_at + timedelta(seconds=60),
    )


def test_a_call_that_nobody_answered_is_not_watched(alice: Person) -> None:
    class Busy(Carrier):
        def invite(self, request: Heard, send: Send) -> None:
            self.reply(send, request, "486 Busy Here")

    with serving(Busy()) as uri:
        report_of(alice, line(alice, uri), call=NUMBER)
    with tenant_context(alice.tenant):
        assert not LiveCall.objects.exists()


class MuteInside(Carrier):
    """Answers the call, and nothing inside it but BYE, which it challenges."""

    def reinvite(self, request: Heard, send: Send) -> None:
        """Silence: the check waits."""

    def bye(self, request: Heard, send: Send) -> None:
        if not self.challenged(request, send, "407 Proxy Authentication Required", "Proxy-Authenticate"):
            super().bye(request, send)


def test_a_call_that_stays_is_hung_up_and_its_check_stopped(alice: Person) -> None:
    carrier = MuteInside(challenge=CHALLENGE)
    with serving(carrier) as uri:
        trunk = line(alice, uri)
        check = ask(alice, trunk, call=NUMBER)
        with running() as runner:
            runner.run_due()
            call = live_call(alice)
            due = call.answered_at + timedelta(seconds=60)
            assert sweep(due - timedelta(seconds=1)) == Swept(0, 0)
            assert sweep(due) == Swept(1, 0)
            first, signed = carrier.of("BYE")[:2]
            stopped = ended(alice, check.pk)
    assert first.get("call-id") == signed.get("call-id") == call.reference
    assert signed.get("proxy-authorization").startswith("Digest ")
    assert stopped.state == "cancelled"
    with tenant_context(alice.tenant):
        (call,), (placed,), (incident,) = (
            LiveCall.objects.all(),
            PlacedCall.objects.all(),
            Incident.objects.all(),
        )
    assert (call.state, call.reason, call.outcome) == ("ended", "too_long", "BYE: 200")
    assert (placed.state, placed.outcome) == ("ended", "BYE: 200")
    assert incident.title == "Main line: a call was ended because it lasted too long"
    assert incident.detail.startswith(
        "It lasted longer than 1\N{NO-BREAK SPACE}min, the trunk's longest call."
    )
    assert PASSWORD not in incident.detail


class Gone(MuteInside):
    """Answers the call, and nothing at all after that."""

    def bye(self, request: Heard, send: Send) -> None:
        """Silence."""


def test_a_carrier_that_is_silent_is_asked_again(alice: Person) -> None:
    with serving(Gone()) as uri:
        check = ask(alice, line(alice, uri), call=NUMBER)
        with running() as runner:
            runner.run_due()
            due = live_call(alice).answered_at + timedelta(seconds=60)
            assert sweep(due) == Swept(0, 1)
            with tenant_context(alice.tenant):
                call = LiveCall.objects.get()
            ended(alice, check.pk)
    assert call.outcome.startswith("no_answer: ")
    with tenant_context(alice.tenant):
        incident, placed = Incident.objects.get(), PlacedCall.objects.get()
    # The check is over, and the call goes on for all that we know: those who end calls left behind have it.
    assert (incident.kind, incident.resolved_at, placed.state) == ("call_not_ended", None, "answered")
