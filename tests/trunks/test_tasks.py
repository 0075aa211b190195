"""What the worker is told to do, and by which name."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from callsphere.celery import app
from tenants.context import tenant_context
from tests.conftest import Person
from tests.peers.scripted import UdpPeer, answer_to
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import OK, probe
from trunks import tasks
from trunks.health.rollup import start_of_hour
from trunks.models import GatewayHealth, ProbeHour


def test_every_tick_of_beat_is_a_task_of_ours() -> None:
    app.loader.import_default_modules()
    ticks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ticks <= set(app.tasks)
    assert {"trunks.probe_due_gateways", "trunks.roll_up_history", "trunks.maintain_partitions"} <= ticks


def test_probes_and_checks_have_queues_of_their_own() -> None:
    names = (
        "trunks.probe_due_gateways",
        "trunks.run_checks",
        "trunks.roll_up_history",
        "trunks.maintain_partitions",
    )
    queues = [app.amqp.router.route({}, name)["queue"].name for name in names]
    assert queues == ["probe", "check", "default", "default"]


@pytest.mark.django_db(transaction=True)
def test_a_tick_probes_what_is_due(alice: Person) -> None:
    with UdpPeer(lambda peer, request, source: peer.send(answer_to(request), source)) as peer:
        make_trunk(alice, "T", f"sip:127.0.0.1:{peer.port}")
        tasks.probe_due_gateways()
        tasks.probe_due_gateways()
        assert len({data for _, data in peer.requests}) == 1
    with tenant_context(alice.tenant):
        assert GatewayHealth.objects.get().state == "up"


def test_history_is_rolled_up_and_its_days_are_kept_up(alice: Person) -> None:
    make_trunk(alice, "T", "sip:sip.example.com")
    hour = start_of_hour(timezone.now()) - timedelta(hours=2)
    probe(OK, hour + timedelta(minutes=1))
    tasks.roll_up_history()
    tasks.maintain_partitions()
    with tenant_context(alice.tenant):
        assert [(each.starts_at, each.checks) for each in ProbeHour.objects.all()] == [(hour, 1)]
