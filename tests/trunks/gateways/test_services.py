"""Adding, changing and deleting gateways."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from callsphere.lib.errors import LimitReached, VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.enums import HealthState
from trunks.gateways import services as gateways
from trunks.models import DigestCredential, Gateway, GatewayHealth, Trunk


@pytest.fixture
def gateway(in_acme: Tenant, alice: Person, trunk: Trunk) -> Gateway:
    added, _warnings = services.add_gateway(
        tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com;transport=tls"
    )
    return added


def make_up(gateway: Gateway) -> None:
    """Let the gateway have been seen up, to be looked at again in a minute."""
    GatewayHealth.objects.filter(gateway=gateway).update(
        state=HealthState.UP, status=200, next_probe_at=timezone.now() + timedelta(minutes=1), claim=4
    )


def test_a_gateway_is_kept_as_it_will_be_sent(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    gateway, _warnings = services.add_gateway(
        tenant=in_acme, actor=alice.actor, trunk=trunk, uri="SIP:Sip.Example.com.:5061;transport=TLS"
    )
    assert (gateway.uri, gateway.host, gateway.port, gateway.transport) == (
        "sip:sip.example.com:5061;transport=tls",
        "sip.example.com",
        5061,
        "tls",
    )


def test_a_new_gateway_is_due_at_once(gateway: Gateway) -> None:
    health = GatewayHealth.objects.get(gateway=gateway)
    assert health.state == HealthState.UNKNOWN
    assert health.next_probe_at is not None
    assert health.next_probe_at <= timezone.now()


def test_a_disabled_gateway_is_not_watched(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    gateway, _warnings = services.add_gateway(
        tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com", is_enabled=False
    )
    assert (gateway.health.state, gateway.health.next_probe_at) == (HealthState.PAUSED, None)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"uri": "sip.example.com"}, "uri", "Start the address with sip: or sips:"),
        ({"uri": "sip:sip.example.com;transport=tls"}, "uri", "This trunk has a gateway with the same host"),
        ({"uri": "sips:sip.example.com"}, "uri", "This trunk has a gateway with the same host"),
        ({"uri": "sip:a.example.com\r\nVia: x"}, "uri", "Remove spaces, line breaks and invisible"),
        (
            {"uri": "sip:10.0.0.1"},
            "uri",
            "10.0.0.1 is inside a private network, which we never contact. Enter",
        ),
        (
            {"uri": "sip:[fd00::1]:5070"},
            "uri",
            "fd00::1 is inside a private network, which we never contact.",
        ),
        ({"uri": "sip:192.0.2.9"}, "uri", "192.0.2.9 is an address of a kind we never contact. Enter the"),
        ({"uri": "sip:224.0.0.1"}, "uri", "224.0.0.1 is an address of a kind we never contact. Enter the"),
        ({"priority": 70000}, "priority", "Ensure this value is less than or equal to 65535."),
        ({"weight": 0}, "weight", "Ensure this value is greater than or equal to 1."),
    ],
)
def test_wrong_fields_are_named(
    in_acme: Tenant,
    alice: Person,
    trunk: Trunk,
    gateway: Gateway,
    fields: dict[str, Any],
    field: str,
    message: str,
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.add_gateway(
            tenant=in_acme,
            actor=alice.actor,
            trunk=trunk,
            **{"uri": "sip:new.example.com", **fields},
        )
    assert list(caught.value.message_dict) == [field]
    assert caught.value.message_dict[field][0].startswith(message)


def test_a_trunk_has_room_for_so_many(
    in_acme: Tenant, alice: Person, trunk: Trunk, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "GATEWAYS_PER_TRUNK", 1)
    with pytest.raises(LimitReached, match="room for 1 gateways"):
        services.add_gateway(tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:b.example.com")


@pytest.mark.parametrize(
    "uri",
    [
        "sip:elsewhere.example.com;transport=tls",
        "sip:sip.example.com:5071;transport=tls",
        "sip:sip.example.com;transport=tcp",
    ],
)
def test_leading_elsewhere_clears_passwords_and_what_is_known(
    in_acme: Tenant, alice: Person, trunk: Trunk, gateway: Gateway, uri: str
) -> None:
    for direction in ("outbound", "inbound"):
        services.add_credential(
            tenant=in_acme, actor=alice.actor, trunk=trunk, direction=direction, username="acme", secret="s"
        )
    make_up(gateway)
    _gateway, warnings = services.update_gateway(
        tenant=in_acme,
        actor=alice.actor,
        gateway=gateway,
        expected_version=1,
        uri=uri,
        clear_secrets=True,
    )
    (warning,) = warnings
    assert warning == (
        "The password of “acme” was cleared, because a gateway leads to another host, port or transport now."
        " Enter it again."
    )
    outbound = DigestCredential.objects.get(direction="outbound")
    assert (outbound.secret, outbound.secret_set_at, outbound.version) == (None, None, 2)
    assert (outbound.cleared_because, outbound.bound_hosts) == ("gateway_moved", [])
    assert DigestCredential.objects.get(direction="inbound").secret is not None
    health = GatewayHealth.objects.get(gateway=gateway)
    assert (health.state, health.status, health.claim) == (HealthState.UNKNOWN, None, 5)
    assert health.next_probe_at is not None
    assert health.next_probe_at <= timezone.now()
    assert set(AuditEvent.objects.filter(verb="credential.secret_cleared").values_list("object_label")) == {
        ("acme",)
    }


def test_another_priority_leaves_passwords_and_health_alone(
    in_acme: Tenant, alice: Person, trunk: Trunk, gateway: Gateway
) -> None:
    services.add_credential(
        tenant=in_acme, actor=alice.actor, trunk=trunk, direction="outbound", username="acme", secret="s"
    )
    make_up(gateway)
    changed, _warnings = services.update_gateway(
        tenant=in_acme,
        actor=alice.actor,
        gateway=gateway,
        expected_version=1,
        priority=20,
        uri="sips:sip.example.com",
    )
    assert (changed.uri, changed.priority, changed.version) == (
        "sips:sip.example.com",
        20,
        2,
    )
    assert DigestCredential.objects.get().secret is not None
    assert GatewayHealth.objects.get(gateway=gateway).state == HealthState.UP


def test_disabling_and_enabling_one_gateway(in_acme: Tenant, alice: Person, gateway: Gateway) -> None:
    make_up(gateway)
    services.update_gateway(
        tenant=in_acme, actor=alice.actor, gateway=gateway, expected_version=1, is_enabled=False
    )
    health = GatewayHealth.objects.get(gateway=gateway)
    assert (health.state, health.next_probe_at) == (HealthState.PAUSED, None)
    services.update_gateway(
        tenant=in_acme, actor=alice.actor, gateway=gateway, expected_version=2, is_enabled=True
    )
    health.refresh_from_db()
    assert health.state == HealthState.UNKNOWN
    assert health.next_probe_at is not None


def test_a_lost_update_is_refused(in_acme: Tenant, alice: Person, gateway: Gateway) -> None:
    services.update_gateway(tenant=in_acme, actor=alice.actor, gateway=gateway, expected_version=1, weight=5)
    with pytest.raises(VersionConflict) as caught:
        services.update_gateway(
            tenant=in_acme, actor=alice.actor, gateway=gateway, expected_version=1, weight=7, priority=10
        )
    assert (caught.value.yours, caught.value.theirs) == ({"weight": 7}, {"weight": 5})


def test_deleting_a_gateway(in_acme: Tenant, alice: Person, gateway: Gateway) -> None:
    services.delete_gateway(tenant=in_acme, actor=alice.actor, gateway=gateway, expected_version=1)
    assert (Gateway.objects.count(), GatewayHealth.objects.count()) == (0, 0)
    assert AuditEvent.objects.filter(verb="gateway.deleted").count() == 1
