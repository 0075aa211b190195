"""What somebody changes at Twilio is found, shown, and put back or taken over; what is not ours stays."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest

from callsphere.alerts.models import Incident
from callsphere.lib.errors import Refused
from callsphere.local.doubles.twilio.numbers import TRUNKS
from callsphere.providers.twilio import access_lists, byoc, elastic_trunks, sip_domains
from callsphere.providers.twilio.access_lists import SipCredential
from callsphere.providers.twilio.byoc import Target
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.elastic_trunks import OriginationUrl
from callsphere.providers.twilio.sip_domains import DomainSettings
from tenants.context import tenant_context
from tests.trunks.provisioning.conftest import (
    FIRST,
    LOGIN,
    NETWORK,
    PARTS,
    SECOND,
    WHOLE_BYOC,
    WHOLE_ELASTIC,
    Plant,
)
from trunks import services
from trunks.enums import ProvisionKind, ProvisionState
from trunks.models import AllowedNetwork, DigestCredential, Gateway
from trunks.provisioning.queries import differences_of
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db
THIRD = "sip:gw3.carrier.example:5080"


def sid(plant: Plant, part: str) -> str:
    """Return the id of the one thing of a kind that is there."""
    (row,) = plant.store.all(PARTS[part])
    return str(row["sid"])


def remove_target(plant: Plant) -> None:
    byoc.ensure_targets(plant.account, sid(plant, "policy"), [Target(FIRST, 1, 70)])


def add_target(plant: Plant) -> None:
    theirs = [Target(FIRST, 1, 70), Target(SECOND, 2, 30), Target(THIRD, 5, 50)]
    byoc.ensure_targets(plant.account, sid(plant, "policy"), theirs)


def change_target(plant: Plant) -> None:
    theirs = [Target(FIRST, 7, 70), Target(SECOND, 2, 31, enabled=False)]
    byoc.ensure_targets(plant.account, sid(plant, "policy"), theirs)


def add_network(plant: Plant) -> None:
    theirs = [IPv4Network(NETWORK), IPv4Network("198.51.100.7/32")]
    access_lists.ensure_networks(plant.account, sid(plant, "ip_list"), theirs)


def remove_network(plant: Plant) -> None:
    access_lists.ensure_networks(plant.account, sid(plant, "ip_list"), [])


def add_credential(plant: Plant) -> None:
    theirs = [SipCredential("intruder", "Correct-Horse-8")]
    logins = sid(plant, "credential_list")
    access_lists.ensure_credentials(plant.account, logins, theirs, passwords_too=False, keep=[LOGIN])


def remove_credential(plant: Plant) -> None:
    access_lists.ensure_credentials(plant.account, sid(plant, "credential_list"), [], passwords_too=False)


def change_addresses(plant: Plant) -> None:
    domain = sip_domains.list_sip_domains(plant.account)[0]
    theirs = DomainSettings(domain.settings.domain_name, domain.settings.name, "https://example.com/other")
    sip_domains.change_sip_domain(plant.account, domain, theirs)


def change_method(plant: Plant) -> None:
    trunk = open_client(plant.account).voice.v1.byoc_trunks(sid(plant, "byoc_trunk"))
    trunk.update(voice_method="GET")


def rename_everything(plant: Plant) -> None:
    client, account = open_client(plant.account), plant.account
    domain = sip_domains.list_sip_domains(account)[0]
    settings = DomainSettings("renamed.sip.twilio.com", "theirs", domain.settings.voice_url)
    sip_domains.change_sip_domain(account, domain, settings)
    access_lists.rename_ip_list(account, sid(plant, "ip_list"), "theirs")
    access_lists.rename_credential_list(account, sid(plant, "credential_list"), "theirs")
    byoc.rename_connection_policy(account, sid(plant, "policy"), "theirs")
    client.voice.v1.byoc_trunks(sid(plant, "byoc_trunk")).update(friendly_name="theirs")


def ask_another_list(plant: Plant) -> None:
    other = access_lists.ensure_ip_list(plant.account, name="the office")
    sids = [other.sid, sid_of_ours(plant)]
    logins = [plant.row.sids["credential_list"]]
    domain = sid(plant, "domain")
    sip_domains.ensure_domain_lists(plant.account, domain, ip_list_sids=sids, credential_list_sids=logins)


def sid_of_ours(plant: Plant) -> str:
    return str(plant.row.sids["ip_list"])


def forget_domain(plant: Plant) -> None:
    sip_domains.delete_sip_domain(plant.account, sid(plant, "domain"))


def forget_everything(plant: Plant) -> None:
    forget_domain(plant)
    byoc.delete_byoc_trunk(plant.account, sid(plant, "byoc_trunk"))
    byoc.delete_connection_policy(plant.account, sid(plant, "policy"))
    access_lists.delete_ip_list(plant.account, sid(plant, "ip_list"))
    access_lists.delete_credential_list(plant.account, sid(plant, "credential_list"))


def make_byoc_trunk_twice(plant: Plant) -> None:
    open_client(plant.account).voice.v1.byoc_trunks.create(friendly_name=plant.row.name)


DRIFTS: list[tuple[Callable[[Plant], None], list[str]]] = [
    (remove_target, [f"policy/{SECOND}"]),
    (add_target, [f"policy/{THIRD}"]),
    (change_target, [f"policy/{FIRST}/priority", f"policy/{SECOND}/weight", f"policy/{SECOND}/enabled"]),
    (add_network, ["ip_list/198.51.100.7/32"]),
    (remove_network, [f"ip_list/{NETWORK}"]),
    (add_credential, ["credential_list/intruder"]),
    (remove_credential, [f"credential_list/{LOGIN}"]),
    (
        change_addresses,
        [
            *("domain/voice_url", "domain/voice_fallback_url", "domain/status_callback_url"),
            "domain/secure",
        ],
    ),
    (change_method, ["byoc_trunk/voice_url"]),
    (forget_domain, ["domain", "byoc_trunk/from_domain"]),
    (forget_everything, ["ip_list", "credential_list", "domain", "policy", "byoc_trunk"]),
]


@pytest.mark.parametrize(("change", "keys"), DRIFTS)
def test_drift_is_found_and_ours_is_put_back(
    plant: Plant, change: Callable[[Plant], None], keys: list[str]
) -> None:
    plant.ready()
    change(plant)
    row = plant.look()

    assert (row.state, plant.keys()) == (ProvisionState.DRIFTED, keys)
    assert all(each.title and each.put for each in differences_of(row))
    assert plant.verbs()[-1] == "provision.drifted"
    row = plant.apply()
    assert (row.state, row.plan, row.error, plant.there()) == (ProvisionState.IN_SYNC, [], "", WHOLE_BYOC)


def incidents(plant: Plant) -> list[tuple[str, str, str]]:
    with tenant_context(plant.person.tenant):
        rows = Incident.objects.order_by("opened_at")
        return [(row.title, row.detail.partition(".")[0], row.note) for row in rows]


def test_drift_is_an_incident_until_it_is_over(plant: Plant) -> None:
    plant.ready()
    remove_credential(plant)
    plant.look()
    plant.look()
    said = f"User name {LOGIN} is not there"
    assert incidents(plant) == [("Carrier was changed at Twilio", said, "")]
    plant.apply()
    assert incidents(plant) == [("Carrier was changed at Twilio", said, "It is again as it should be.")]


@pytest.mark.parametrize(
    ("service", "note"),
    [("switch_off_provision", "The trunk was switched off at its provider."),
     ("delete_trunk", "The trunk was deleted.")],
)  # fmt: skip
def test_what_is_taken_away_has_no_incident(plant: Plant, service: str, note: str) -> None:
    plant.ready()
    remove_credential(plant)
    row = plant.look()
    what = {"trunk": plant.trunk} if service == "delete_trunk" else {"provision": row}
    plant.do(getattr(services, service), **what)
    assert [each[2] for each in incidents(plant)] == [note]


def test_what_was_renamed_is_still_ours(plant: Plant) -> None:
    name = plant.ready().domain_name
    rename_everything(plant)
    row = plant.look()

    assert {*plant.keys()} >= {
        *("ip_list/name", "credential_list/name", "policy/name", "byoc_trunk/name"),
        *("domain/name", "domain/domain_name"),
    }
    assert (plant.apply().state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)
    assert sip_domains.list_sip_domains(plant.account)[0].settings.domain_name == name
    assert row.state == ProvisionState.DRIFTED


def test_foreign_list_is_not_asked_and_not_touched(plant: Plant) -> None:
    plant.ready()
    ask_another_list(plant)
    plant.look()

    assert len(plant.keys()) == 1
    assert (plant.apply().state, plant.there()["ip_list"]) == (ProvisionState.IN_SYNC, 2)
    lists = sip_domains.read_domain_lists(plant.account, sid(plant, "domain"))
    assert lists.ip_lists == {sid_of_ours(plant)}


def test_what_was_made_twice_is_taken_away_once(plant: Plant) -> None:
    plant.ready()
    make_byoc_trunk_twice(plant)
    row = plant.look()

    assert (row.state, len(row.plan), row.plan[0]["part"]) == (ProvisionState.DRIFTED, 1, "byoc_trunk")
    assert (plant.apply().state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)


def test_drift_of_an_elastic_trunk_is_put_back(plant: Plant) -> None:
    plant.ready(ProvisionKind.ELASTIC)
    trunk = elastic_trunks.list_elastic_trunks(plant.account)[0]
    open_client(plant.account).trunking.v1.trunks(trunk.sid).update(transfer_mode="enable-all", secure=False)
    elastic_trunks.ensure_origination_urls(plant.account, trunk.sid, [OriginationUrl(FIRST, 1, 70)])
    elastic_trunks.ensure_trunk_lists(plant.account, trunk.sid)
    row = plant.look()

    assert (row.state, plant.keys()) == (
        ProvisionState.DRIFTED,
        [
            *("trunk/secure", "trunk/transfer_mode", f"trunk/{SECOND}"),
            *("trunk/ip_list", "trunk/credential_list"),
        ],
    )
    assert (plant.apply().state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_ELASTIC)


def test_settings_that_are_not_ours_to_choose_stay(plant: Plant) -> None:
    plant.ready(ProvisionKind.ELASTIC)
    trunk = elastic_trunks.list_elastic_trunks(plant.account)[0]
    api = open_client(plant.account).trunking.v1.trunks(trunk.sid)
    api.update(cnam_lookup_enabled=True, secure=False)
    plant.look()
    plant.apply()

    settings = elastic_trunks.list_elastic_trunks(plant.account)[0].settings
    assert (settings.cnam_lookup, settings.secure) == (True, True)


def test_one_difference_is_put_and_the_others_stay(plant: Plant) -> None:
    plant.ready()
    add_network(plant)
    add_target(plant)
    plant.look()
    row = plant.apply("ip_list/198.51.100.7/32")

    assert (row.state, plant.keys()) == (ProvisionState.DRIFTED, [f"policy/{THIRD}"])
    assert access_lists.list_networks(plant.account, sid(plant, "ip_list")) == [IPv4Network(NETWORK)]


def test_password_that_was_changed_here_is_put_again(plant: Plant) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        credential = DigestCredential.objects.get()
    plant.do(
        services.update_credential, credential=credential, expected_version=None, secret="Correct-Horse-9"
    )
    row = plant.look()

    assert (row.state, plant.keys()) == (ProvisionState.PLANNED, [f"credential_list/{LOGIN}/password"])
    assert "Correct-Horse" not in f"{row.plan}{row.put_passwords}"
    assert plant.apply().state == ProvisionState.IN_SYNC
    (kept,) = plant.store.all(PARTS["credentials"])
    assert kept["_password"] == "Correct-Horse-9"


# Taking theirs


def gateways(plant: Plant) -> list[tuple[str, int, int, bool]]:
    with tenant_context(plant.person.tenant):
        rows = Gateway.objects.order_by("uri")
        return [(each.uri, each.priority, each.weight, each.is_enabled) for each in rows]


def test_target_that_was_added_there_becomes_a_gateway(plant: Plant) -> None:
    plant.ready()
    add_target(plant)
    plant.look()
    since = plant.twilio.count
    row = plant.take(f"policy/{THIRD}")

    assert (row.state, row.plan, plant.verbs()[-1]) == (ProvisionState.IN_SYNC, [], "provision.taken")
    assert gateways(plant)[2] == (THIRD, 5, 50, True)
    assert plant.twilio.asked("POST", since=since) == []


def test_target_that_was_changed_there_changes_the_gateway(plant: Plant) -> None:
    plant.ready()
    byoc.ensure_targets(plant.account, sid(plant, "policy"), [Target(FIRST, 7, 71), Target(SECOND, 2, 30)])
    plant.look()
    row = plant.take(f"policy/{FIRST}/priority", f"policy/{FIRST}/weight")

    assert (row.state, row.plan) == (ProvisionState.IN_SYNC, [])
    assert gateways(plant)[0] == (FIRST, 7, 71, True)


def test_target_that_was_removed_there_switches_the_gateway_off(plant: Plant) -> None:
    plant.ready()
    remove_target(plant)
    plant.look()

    assert plant.take(f"policy/{SECOND}").plan == []
    assert [each[3] for each in gateways(plant)] == [True, False]


def test_networks_are_taken_over(plant: Plant) -> None:
    plant.ready()
    access_lists.ensure_networks(plant.account, sid(plant, "ip_list"), [IPv4Network("198.51.100.7/32")])
    plant.look()

    assert plant.take(f"ip_list/{NETWORK}", "ip_list/198.51.100.7/32").plan == []
    with tenant_context(plant.person.tenant):
        assert [each.cidr for each in AllowedNetwork.objects.all()] == ["198.51.100.7/32"]


def test_settings_are_taken_over(plant: Plant) -> None:
    plant.ready()
    domain = sip_domains.list_sip_domains(plant.account)[0]
    open_client(plant.account).api.v2010.accounts(plant.account.account_sid).sip.domains(domain.sid).update(
        domain_name="renamed.sip.twilio.com", secure=False
    )
    plant.look()
    row = plant.take("domain/domain_name", "domain/secure")

    assert (row.state, row.plan, row.secure, row.domain_label) == (
        ProvisionState.IN_SYNC,
        [],
        False,
        "renamed",
    )


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (add_credential, "credential_list/intruder"),
        (change_addresses, "domain/voice_url"),
        (forget_domain, "domain"),
    ],
)
def test_what_cannot_be_taken_over_says_why(plant: Plant, change: Callable[[Plant], None], key: str) -> None:
    plant.ready()
    change(plant)
    row = plant.look()
    (said,) = [each.cannot_take for each in differences_of(row) if each.key == key]

    with pytest.raises(Refused) as refused:
        plant.take(key)
    assert (refused.value.code, str(refused.value), said != "") == ("cannot_take", said, True)
    assert plant.row.plan == row.plan


@pytest.mark.parametrize("name", ["Acme_Main.pstn.twilio.com", "main.pstn.ie1.twilio.com", None])
def test_name_that_cannot_be_a_name_here_is_not_taken(plant: Plant, name: str | None) -> None:
    plant.ready("elastic")
    (trunk,) = plant.store.all(TRUNKS)
    trunk["domain_name"] = name
    row = plant.look()

    with pytest.raises(Refused) as refused:
        plant.take("trunk/domain_name")
    assert (refused.value.code, plant.row.domain_name) == ("cannot_take", row.domain_name)


def test_plan_that_changed_meanwhile_is_neither_put_nor_taken(plant: Plant) -> None:
    plan = plant.ready().plan_fingerprint
    add_target(plant)
    plant.look()
    for service in (services.apply_plan, services.take_theirs):
        with pytest.raises(Refused) as refused:
            plant.do(service, provision=plant.row, plan=plan, keys=[])
        assert refused.value.code == "plan_changed"


def test_what_changed_there_after_the_look_is_not_overwritten(plant: Plant) -> None:
    plant.ready()
    add_target(plant)
    plant.look()
    plant.ask()
    add_network(plant)
    reconcile_due()
    row = plant.row

    assert (row.state, row.error_code) == (ProvisionState.FAILED, "plan_changed")
    assert plant.there()["networks"] == 2
    assert plant.keys() == ["ip_list/198.51.100.7/32", f"policy/{THIRD}"]
    assert plant.apply().state == ProvisionState.IN_SYNC
