"""Workers whose clocks are wrong: the database's counts wherever what others hold is compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.peers import free_port
from tests.peers.scripted import UdpPeer, answer_to
from tests.trunks.checks.running import ask, running, stored
from tests.trunks.conftest import make_trunk
from tests.trunks.live_calls.conftest import provider
from tests.trunks.live_calls.provider import Provider
from trunks import tasks
from trunks.checks.checking import claim_checks
from trunks.live_calls.watching import watch_call
from trunks.models import GatewayHealth, LiveCall, RegistrarPace, RegistrationStatus, Trunk
from trunks.services import add_registration

__all__ = ["provider"]
pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
SOON = timedelta(minutes=10)


def wrong_clock(by: timedelta = HOUR) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + by)


def test_a_registration_is_lent_and_its_registrar_paced_by_the_database(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        add_registration(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            registrar=f"sip:127.0.0.1:{free_port()}",
            username="clinic",
        )
    with wrong_clock():
        tasks.refresh_registrations()
    with platform_context("test"):
        status, pace = RegistrationStatus.objects.get(), RegistrarPace.objects.get()
    now = datetime.now(UTC)
    assert status.attempt_count == 1
    assert status.next_attempt_at is not None
    assert max(status.next_attempt_at, pace.free_at) < now + SOON


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_gateway_is_lent_by_the_database(alice: Person, by: timedelta) -> None:
    with UdpPeer(lambda peer, request, source: peer.send(answer_to(request), source)) as peer:
        make_trunk(alice, "T", f"sip:127.0.0.1:{peer.port}")
        with wrong_clock(by):
            tasks.probe_due_gateways()
    with tenant_context(alice.tenant):
        health = GatewayHealth.objects.get()
    now = datetime.now(UTC)
    assert health.checked_at is not None
    assert health.next_probe_at is not None
    assert now - SOON < health.checked_at < health.next_probe_at < now + SOON


def test_a_check_of_another_worker_is_not_taken_for_interrupted(alice: Person) -> None:
    trunk = make_trunk(alice, "T", f"sip:127.0.0.1:{free_port()}")
    check = ask(alice, trunk)
    assert len(claim_checks(datetime.now(UTC) + SOON, 1)) == 1  # by a worker that is alive for long
    with running() as runner, wrong_clock():
        runner.run_due()
    assert stored(alice, check.pk).state == "running"


def test_a_call_is_not_ended_before_its_time(alice: Person, trunk: Trunk, provider: Provider) -> None:
    with tenant_context(alice.tenant):
        watch_call(
            tenant_id=alice.tenant.pk,
            trunk_id=trunk.pk,
            provider="telecom",
            reference="c1",
            answered_at=datetime.now(UTC),
            session_interval_s=1800,
        )
    with wrong_clock():
        tasks.sweep_live_calls()
    with tenant_context(alice.tenant):
        assert LiveCall.objects.get().state == "live"
