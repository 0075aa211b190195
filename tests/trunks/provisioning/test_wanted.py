"""What Twilio should have of a trunk, and what cannot be said to it."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tests.trunks.provisioning.conftest import FIRST, PASSWORD, Plant
from trunks import services
from trunks.enums import ProvisionKind, ProvisionState
from trunks.models import Gateway, SessionTimerPolicy
from trunks.provisioning.queries import openings, sip_addresses
from trunks.provisioning.wanted import Wanted, is_strong, read_wanted
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db


def wanted(plant: Plant) -> Wanted:
    with tenant_context(plant.person.tenant):
        return read_wanted(plant.row)


def codes(plant: Plant) -> list[str]:
    return [each.code for each in wanted(plant).notes]


def edit(plant: Plant, **changes: Any) -> None:
    plant.do(services.update_trunk, trunk=plant.trunk, expected_version=None, **changes)


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        (PASSWORD, True),
        ("Aa3456789012", True),
        ("Aa345678901", False),
        ("correct-horse-7", False),
        ("CORRECT-HORSE-7", False),
        ("Correct-Horse-X", False),
    ],
)
def test_passwords_that_twilio_takes(password: str, is_taken: bool) -> None:
    assert is_strong(password) is is_taken


@pytest.mark.parametrize(
    ("direction", "parts"),
    [
        ("both", ["networks", "credentials", "targets", "domain", "byoc_trunk"]),
        ("inbound", ["networks", "credentials", "domain"]),
        ("outbound", ["targets", "byoc_trunk"]),
    ],
)
def test_direction_decides_which_parts_there_are(plant: Plant, direction: str, parts: list[str]) -> None:
    plant.set_up()
    edit(plant, direction=direction)
    found = wanted(plant)
    names = ("networks", "credentials", "targets", "domain", "byoc_trunk")
    assert [name for name in names if getattr(found, name) is not None] == parts


def test_change_of_direction_takes_parts_away_and_brings_them_back(plant: Plant) -> None:
    plant.ready()
    whole = plant.there()
    edit(plant, direction="inbound")
    reconcile_due()
    assert plant.row.state == ProvisionState.PLANNED
    assert plant.apply().state == ProvisionState.IN_SYNC
    assert {*whole} - {*plant.there()} == {"policy", "targets", "byoc_trunk"}
    edit(plant, direction="outbound")
    reconcile_due()
    assert plant.apply().state == ProvisionState.IN_SYNC
    assert plant.there() == {"policy": 1, "targets": 2, "byoc_trunk": 1}
    edit(plant, direction="both")
    reconcile_due()
    assert (plant.apply().state, plant.there()) == (ProvisionState.IN_SYNC, whole)


@pytest.mark.parametrize(
    ("authentication", "asked"),
    [
        ([], (True, True)),
        (["ip_allowlist"], (True, False)),
        (["digest"], (False, True)),
        (["ip_allowlist", "digest"], (True, True)),
        (["registration"], (True, True)),
    ],
)
def test_authentication_decides_which_lists_are_asked(
    plant: Plant, authentication: list[str], asked: tuple[bool, bool]
) -> None:
    plant.set_up()
    edit(plant, authentication=authentication)
    found = wanted(plant)
    assert (found.networks is not None, found.credentials is not None) == asked
    assert ("no_register" in codes(plant)) is (authentication == ["registration"])


def test_what_twilio_does_not_take_is_left_out_and_told(plant: Plant) -> None:
    plant.set_up()
    who = {"trunk": plant.trunk, "direction": "inbound"}
    plant.do(services.add_allowed_network, trunk=plant.trunk, cidr="2001:db8::/48")
    plant.do(services.add_credential, **who, username="weak", secret="short")
    plant.do(services.add_credential, **who, username="pbx", secret=PASSWORD, realm="elsewhere")
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:[2001:db8::1]")
    found = wanted(plant)

    assert [str(each) for each in found.networks or ()] == ["203.0.113.0/28"]
    assert [*(found.credentials or {})] == ["pbx"]
    assert len(found.targets or ()) == 2
    assert {*codes(plant)} >= {"network_ipv6", "password_weak", "name_twice", "gateway_ipv6"}


def test_sips_and_switched_off_gateways(plant: Plant) -> None:
    plant.set_up()
    with tenant_context(plant.person.tenant):
        first, second = Gateway.objects.order_by("priority")
    plant.do(services.update_gateway, gateway=first, expected_version=None, is_enabled=False)
    plant.do(services.update_gateway, gateway=second, expected_version=None, uri="sips:gw9.carrier.example")
    assert [each.uri for each in wanted(plant).targets or ()] == ["sip:gw9.carrier.example;transport=tls"]


def test_trunk_that_is_switched_off_has_its_targets_switched_off(plant: Plant) -> None:
    plant.ready()
    edit(plant, is_enabled=False)
    reconcile_due()
    plant.apply()
    assert [
        each["enabled"] for each in plant.store.all("voice/ConnectionPolicies/{ConnectionPolicySid}/Targets")
    ] == [
        False,
        False,
    ]
    assert "switched_off" in codes(plant)


def test_too_much_for_twilio_blocks_the_plan(plant: Plant) -> None:
    for index in range(10):
        plant.do(services.add_gateway, trunk=plant.trunk, uri=f"sip:more{index}.carrier.example")
    for index in range(25):
        plant.do(services.add_allowed_network, trunk=plant.trunk, cidr=f"198.51.100.{index}")
    row = plant.set_up()

    blocking = [each["code"] for each in row.notes if each["is_blocking"]]
    assert blocking == ["too_many_networks", "too_many_gateways"]
    with pytest.raises(Refused) as refused:
        plant.ask()
    assert (refused.value.code, "Twilio takes 25 networks" in str(refused.value)) == ("plan_blocked", True)


def test_longest_call_is_told_with_each_call_or_not_at_all(plant: Plant) -> None:
    plant.set_up()
    with tenant_context(plant.person.tenant):
        policy = SessionTimerPolicy.objects.get()
    plant.do(services.update_session_timer_policy, policy=policy, expected_version=None, longest_call_s=3600)
    (said,) = [each.text for each in wanted(plant).notes if each.code == "longest_call"]
    assert said.startswith("The longest call, 1\N{NO-BREAK SPACE}h, is told with each call")


def test_gateway_that_is_not_reached_over_tls(plant: Plant) -> None:
    plant.set_up(ProvisionKind.ELASTIC, secure=True)
    assert "gateway_not_secure" not in codes(plant)
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    assert "gateway_not_secure" in codes(plant)


def test_passwords_of_calls_out_stay_here(plant: Plant) -> None:
    plant.set_up()
    secret = {"username": "us", "secret": PASSWORD, "direction": "outbound"}
    plant.do(services.add_credential, trunk=plant.trunk, **secret)
    assert "no_answer_to_challenges" in codes(plant)
    assert "us" not in (wanted(plant).credentials or {})


def test_addresses_to_dial_and_what_a_firewall_lets_through(plant: Plant) -> None:
    row = plant.set_up(domain_label="acme")
    with tenant_context(plant.person.tenant):
        assert [each.uri for each in sip_addresses(row)] == [
            "sip:{agent}@acme.sip.twilio.com;transport=tls",
            "sip:+{number}@acme.sip.twilio.com;transport=tls",
        ]
    signalling, media = openings()
    assert ("54.172.60.0/30" in signalling.cidrs, media.cidrs) == (True, ("168.86.128.0/18",))
    assert (media.url, media.seen) == ("https://www.twilio.com/docs/sip-trunking/ip-addresses", "2026-11-22")


def test_edits_of_a_trunk_make_a_new_plan_at_once(plant: Plant) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        gateway = Gateway.objects.get(uri=FIRST)
        network, credential = plant.trunk.allowed_networks.get(), plant.trunk.credentials.get()
        policy = SessionTimerPolicy.objects.get()
    edits: list[tuple[Any, dict[str, Any]]] = [
        (services.add_gateway, {"trunk": plant.trunk, "uri": "sip:gw3.carrier.example"}),
        (services.update_gateway, {"gateway": gateway, "expected_version": None, "weight": 5}),
        (services.delete_gateway, {"gateway": gateway}),
        (services.add_allowed_network, {"trunk": plant.trunk, "cidr": "198.51.100.1"}),
        (services.update_allowed_network, {"network": network, "expected_version": None, "note": "HQ"}),
        (services.delete_allowed_network, {"network": network}),
        (services.update_credential, {"credential": credential, "expected_version": None, "secret": "x"}),
        (services.delete_credential, {"credential": credential}),
        (services.update_session_timer_policy, {"policy": policy, "expected_version": None, "mode": "off"}),
        (services.update_trunk, {"trunk": plant.trunk, "expected_version": None, "direction": "inbound"}),
    ]
    for service, values in edits:
        plant.do(service, **values)
        assert (plant.row.is_awaited, reconcile_due()) == (True, 1), service.__name__
    assert plant.row.state == ProvisionState.PLANNED


# Edits that are applied by themselves


def test_edit_is_applied_by_itself_where_that_is_wanted(plant: Plant) -> None:
    plant.ready(auto_apply=True)
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    reconcile_due()

    assert (plant.row.state, plant.there()["targets"]) == (ProvisionState.IN_SYNC, 3)
    assert plant.verbs()[-2:] == ["provision.apply_requested", "provision.applied"]


def test_first_plan_is_never_applied_by_itself(plant: Plant) -> None:
    assert (plant.set_up(auto_apply=True).state, plant.there()) == (ProvisionState.PLANNED, {})


def test_drift_is_never_put_back_by_itself(plant: Plant) -> None:
    plant.ready(auto_apply=True)
    (target, _second) = plant.store.all("voice/ConnectionPolicies/{ConnectionPolicySid}/Targets")
    target["weight"] = 99
    assert plant.look().state == ProvisionState.DRIFTED
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    reconcile_due()

    assert (plant.row.state, target["weight"], plant.there()["targets"]) == (ProvisionState.PLANNED, 99, 2)
