"""Health policies and looking on request."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from callsphere.lib.errors import Refused, VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.models import GatewayHealth, HealthPolicy, Trunk


@pytest.fixture
def policy(in_acme: Tenant, trunk: Trunk) -> HealthPolicy:
    return HealthPolicy.objects.get(trunk=trunk)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interval_s": 14}, "Ensure this value is greater than or equal to 15."),
        ({"interval_s": 3601}, "Ensure this value is less than or equal to 3600."),
        ({"failures_to_down": 0}, "Ensure this value is greater than or equal to 1."),
        ({"failures_to_down": 11}, "Ensure this value is less than or equal to 10."),
        ({"successes_to_up": 0}, "Ensure this value is greater than or equal to 1."),
        ({"successes_to_up": 11}, "Ensure this value is less than or equal to 10."),
    ],
)
def test_the_limits_of_each_figure(
    in_acme: Tenant, alice: Person, policy: HealthPolicy, change: dict[str, int], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.update_health_policy(
            tenant=in_acme, actor=alice.actor, policy=policy, expected_version=1, **change
        )
    assert caught.value.message_dict == {next(iter(change)): [message]}


def test_a_shorter_interval_holds_at_once(
    in_acme: Tenant, alice: Person, trunk: Trunk, policy: HealthPolicy
) -> None:
    gateway, _warnings = services.add_gateway(
        tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com"
    )
    GatewayHealth.objects.update(next_probe_at=timezone.now() + timedelta(hours=1))
    changed = services.update_health_policy(
        tenant=in_acme, actor=alice.actor, policy=policy, expected_version=1, interval_s=15
    )
    assert (changed.interval_s, changed.version) == (15, 2)
    due = GatewayHealth.objects.get(gateway=gateway).next_probe_at
    assert due is not None
    assert due <= timezone.now() + timedelta(seconds=15)
    assert AuditEvent.objects.get(verb="health_policy.updated").changes == {"interval_s": [30, 15]}


def test_a_lost_update_is_refused(in_acme: Tenant, alice: Person, policy: HealthPolicy) -> None:
    services.update_health_policy(
        tenant=in_acme, actor=alice.actor, policy=policy, expected_version=1, interval_s=60
    )
    with pytest.raises(VersionConflict) as caught:
        services.update_health_policy(
            tenant=in_acme, actor=alice.actor, policy=policy, expected_version=1, interval_s=90
        )
    assert (caught.value.yours, caught.value.theirs) == ({"interval_s": 90}, {"interval_s": 60})


def test_looking_now_makes_enabled_gateways_due(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    for host, enabled in (("a", True), ("b", True), ("c", False)):
        services.add_gateway(
            tenant=in_acme, actor=alice.actor, trunk=trunk, uri=f"sip:{host}.example.com", is_enabled=enabled
        )
    GatewayHealth.objects.exclude(next_probe_at=None).update(
        next_probe_at=timezone.now() + timedelta(hours=1)
    )
    assert services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk) == 2
    assert GatewayHealth.objects.filter(next_probe_at__lte=timezone.now()).count() == 2


def test_looking_more_than_six_times_a_minute_is_refused(
    in_acme: Tenant, alice: Person, trunk: Trunk
) -> None:
    services.add_gateway(tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com")
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for _time in range(6):
            services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk)
        clock.shift(20)
        with pytest.raises(services.ProbedTooOften) as caught:
            services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk)
        assert caught.value.retry_after_s == 40
        clock.shift(40)
        assert services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk) == 1


def test_a_disabled_or_empty_trunk_cannot_be_looked_at(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    with pytest.raises(Refused, match="no enabled gateway"):
        services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk)
    services.update_trunk(
        tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, is_enabled=False
    )
    with pytest.raises(Refused, match="disabled"):
        services.probe_now(tenant=in_acme, actor=alice.actor, trunk=trunk)
