"""Taking over what changed at a carrier: nothing by itself, each line through its own service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import Refused
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from tests.trunks.presets.publishing import FIRST, SECOND, publish
from trunks import services
from trunks.carriers.services import differences_of
from trunks.models import DigestCredential, Trunk
from trunks.presets.catalogue import carrier_presets

EUROPEAN = "acme.eu.example.com"


@pytest.fixture
def trunk(in_acme: Tenant, alice: Person, settings: Any, tmp_path: Path) -> Trunk:
    """Alice's trunk, made from the first version of the carrier's facts."""
    publish(settings, tmp_path, FIRST)
    made, _warnings = services.provision_trunk(
        tenant=in_acme,
        actor=alice.actor,
        name="Example",
        preset="example",
        gateways=[{"uri": f"sip:{EUROPEAN}:5070;transport=tcp"}],
        allowed_networks=[{"cidr": "203.0.113.0/28"}],
        credentials=[{"direction": "outbound", "username": "acme", "secret": "s3cret"}],
    )
    return made


@pytest.fixture
def changed(trunk: Trunk, settings: Any, tmp_path: Path) -> Trunk:
    """The same trunk, after the carrier changed its facts."""
    publish(settings, tmp_path, SECOND)
    return trunk


def lines(trunk: Trunk) -> dict[str, bool]:
    """Return the differences, each with whether it is new."""
    row = Trunk.objects.get(pk=trunk.pk)
    return {line.id: line.is_new for line in differences_of(row, carrier_presets()["example"])}


def test_a_trunk_as_published_differs_in_nothing(trunk: Trunk) -> None:
    assert (trunk.preset_key, trunk.preset_version) == ("example", 1)
    assert lines(trunk) == {}
    event = AuditEvent.objects.get(verb="trunk.created")
    assert (event.changes["preset_key"], event.changes["preset_version"]) == ([None, "example"], [None, 1])


def test_what_somebody_set_otherwise_is_no_news(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.delete_allowed_network(tenant=in_acme, actor=alice.actor, network=trunk.allowed_networks.get())
    assert lines(trunk) == {"add_network:203.0.113.0/28": False}


def test_what_the_carrier_changed_is_news_and_changes_nothing(changed: Trunk) -> None:
    assert lines(changed) == {
        "add_network:192.0.2.0/28": True,
        "remove_network:203.0.113.0/28": True,
        f"move_gateway:{EUROPEAN}": True,
        "set_number:dial_format": True,
    }
    assert [network.cidr for network in changed.allowed_networks.all()] == ["203.0.113.0/28"]
    assert [gateway.host for gateway in changed.gateways.all()] == [EUROPEAN]
    assert Trunk.objects.get().dial_format == "e164_plus"


@pytest.mark.parametrize(
    ("line_id", "verb", "changes"),
    [
        (
            "add_network:192.0.2.0/28",
            "allowed_network.added",
            {
                "cidr": [None, "192.0.2.0/28"],
                "note": [None, "Example Telecom, Europe"],
                "wide_confirmed": [None, False],
            },
        ),
        (
            "remove_network:203.0.113.0/28",
            "allowed_network.deleted",
            {"cidr": ["203.0.113.0/28", None], "wide_confirmed": [False, None]},
        ),
        (
            f"move_gateway:{EUROPEAN}",
            "gateway.updated",
            {
                "uri": [
                    f"sip:{EUROPEAN}:5070;transport=tcp",
                    "sip:acme.europe.example.com:5070;transport=tcp",
                ]
            },
        ),
        ("set_number:dial_format", "trunk.updated", {"dial_format": ["e164_plus", "e164"]}),
    ],
)
def test_a_line_is_taken_over_with_an_audit_event(
    in_acme: Tenant, alice: Person, changed: Trunk, line_id: str, verb: str, changes: dict[str, Any]
) -> None:
    before = lines(changed)
    services.apply_preset_line(
        tenant=in_acme, actor=alice.actor, trunk=changed, line_id=line_id, clear_secrets=True
    )
    assert lines(changed) == {name: is_new for name, is_new in before.items() if name != line_id}
    event = AuditEvent.objects.filter(verb=verb).latest("created_at")
    assert (event.changes, event.actor_label) == (changes, "alice@example.com")


def test_moving_a_gateway_clears_the_passwords_of_those_who_agree(
    in_acme: Tenant, alice: Person, changed: Trunk
) -> None:
    line: dict[str, Any] = {
        "tenant": in_acme,
        "actor": alice.actor,
        "trunk": changed,
        "line_id": f"move_gateway:{EUROPEAN}",
    }
    with pytest.raises(ValidationError) as caught:
        services.apply_preset_line(**line)
    assert list(caught.value.message_dict) == ["clear_secrets"]
    assert (DigestCredential.objects.get().secret is None, changed.gateways.get().host) == (False, EUROPEAN)

    services.apply_preset_line(**line, clear_secrets=True)
    assert DigestCredential.objects.get().secret is None
    assert changed.gateways.get().host == "acme.europe.example.com"


@pytest.mark.parametrize(
    "line_id",
    [
        "",
        "add_network:0.0.0.0/0",
        "add_network:198.51.100.0/28",
        "add_network:203.0.113.16/28",
        "set_number:name",
    ],
)
def test_only_a_difference_is_taken_over(
    in_acme: Tenant, alice: Person, changed: Trunk, line_id: str
) -> None:
    before = lines(changed)
    with pytest.raises(Refused, match="no longer a difference"):
        services.apply_preset_line(tenant=in_acme, actor=alice.actor, trunk=changed, line_id=line_id)
    assert lines(changed) == before


def test_a_trunk_of_no_preset_has_none(in_acme: Tenant, alice: Person) -> None:
    plain = services.create_trunk(tenant=in_acme, actor=alice.actor, name="Plain")
    with pytest.raises(Refused, match="no facts of a carrier"):
        services.apply_preset_line(tenant=in_acme, actor=alice.actor, trunk=plain, line_id="x")


def test_reviewed_differences_are_no_news(in_acme: Tenant, alice: Person, changed: Trunk) -> None:
    reviewed = services.review_preset(tenant=in_acme, actor=alice.actor, trunk=changed, version=2)
    assert reviewed.preset_version == 2
    assert set(lines(changed).values()) == {False}
    assert AuditEvent.objects.get(verb="trunk.preset_reviewed").changes == {"preset_version": [1, 2]}


def test_facts_that_were_not_seen_are_not_reviewed(in_acme: Tenant, alice: Person, changed: Trunk) -> None:
    with pytest.raises(Refused, match="changed again"):
        services.review_preset(tenant=in_acme, actor=alice.actor, trunk=changed, version=1)
    assert Trunk.objects.get().preset_version == 1
