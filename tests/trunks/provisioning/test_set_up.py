"""A trunk is planned, looked at, put at Twilio once, and then left alone."""

from __future__ import annotations

import pytest

from callsphere.lib.errors import Refused
from callsphere.providers.twilio import byoc, elastic_trunks, sip_domains
from callsphere.providers.twilio.byoc import Target
from callsphere.providers.twilio.sip_domains import DomainSettings
from callsphere.providers.twilio.trunk_state import Owner, read_elastic_state, read_trunk_state
from tests.conftest import Person
from tests.trunks.provisioning.conftest import (
    FIRST,
    LOGIN,
    NETWORK,
    SECOND,
    WHOLE_BYOC,
    WHOLE_ELASTIC,
    Plant,
    after_lease,
)
from trunks import services
from trunks.enums import ProvisionKind, ProvisionState
from trunks.numbers.intake import trunk_voice_urls
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db

BYOC_KEYS = ["ip_list", "credential_list", "domain", "policy", "byoc_trunk"]
BYOC_STEPS = [
    *("begun", "IP list made", "networks put", "credential list made", "credentials put"),
    *("policy made", "targets put", "domain made", "domain asks lists", "BYOC trunk made", "applied"),
]
ELASTIC_STEPS = [
    *("begun", "IP list made", "networks put", "credential list made", "credentials put"),
    *("trunk made", "origination URLs put", "trunk asks lists", "applied"),
]


def test_plan_is_made_and_nothing_is_put(plant: Plant) -> None:
    row = plant.set_up()

    assert (row.state, plant.keys(), plant.there()) == (ProvisionState.PLANNED, BYOC_KEYS, {})
    assert row.domain_name == f"{plant.person.tenant.slug}-{row.pk.hex[-4:]}.sip.twilio.com"
    assert [each["ours"] for each in row.plan[:3]] == [[NETWORK], [LOGIN], row.domain_name]
    assert (row.secure, row.due_at, [each["code"] for each in row.notes]) == (
        True,
        None,
        ["both_asked", "session_timer"],
    )


def test_applied_plan_is_what_the_trunk_means(plant: Plant) -> None:
    row = plant.ready()

    assert (row.state, row.plan, row.error, plant.there()) == (ProvisionState.IN_SYNC, [], "", WHOLE_BYOC)
    seen = read_trunk_state(plant.account, Owner(row.name))
    urls = trunk_voice_urls(row.pk)
    assert seen.domain
    assert seen.byoc_trunk
    assert seen.policy
    settings = (urls.voice, urls.voice_fallback, urls.status_callback)
    assert seen.domain.settings == DomainSettings(row.domain_name, row.name, *settings, secure=True)
    assert seen.byoc_trunk.settings == byoc.ByocSettings(
        row.name, *settings, policy_sid=seen.policy.sid, from_domain_sid=seen.domain.sid
    )
    assert seen.targets == (Target(FIRST, 1, 70), Target(SECOND, 2, 30))
    assert plant.verbs() == ["provision.set_up", "provision.apply_requested", "provision.applied"]


def test_elastic_trunk_is_what_the_trunk_means(plant: Plant) -> None:
    row = plant.ready(ProvisionKind.ELASTIC, transfer_mode="sip-only", domain_label="acme-line")

    assert (row.state, row.plan, row.error) == (ProvisionState.IN_SYNC, [], "")
    assert plant.there() == WHOLE_ELASTIC
    seen = read_elastic_state(plant.account, Owner(row.name))
    assert seen.trunk
    assert seen.trunk.settings == elastic_trunks.ElasticSettings(
        row.name, "acme-line.pstn.twilio.com", secure=True, transfer_mode="sip-only"
    )
    assert [(each.uri, each.priority, each.weight) for each in seen.origination_urls] == [
        (FIRST, 1, 70),
        (SECOND, 2, 30),
    ]


@pytest.mark.parametrize("kind", ProvisionKind.values)
def test_looking_at_what_is_in_step_writes_nothing(plant: Plant, kind: str) -> None:
    plant.ready(kind)
    since = plant.twilio.count

    row = plant.look()

    assert {each.partition(" ")[0] for each in plant.twilio.asked(since=since)} == {"GET"}
    assert (row.state, row.error, plant.twilio.count - since <= 10) == (ProvisionState.IN_SYNC, "", True)


@pytest.mark.parametrize("count", range(len(BYOC_STEPS) + 1))
def test_worker_dies_while_it_puts_a_byoc_trunk(plant: Plant, count: int) -> None:
    plant.set_up()
    plant.ask()
    assert plant.die_after(count) == BYOC_STEPS[:count]
    reconcile_due(after_lease)

    row = plant.row
    assert (row.state, row.plan, plant.there()) == (ProvisionState.IN_SYNC, [], WHOLE_BYOC)
    assert plant.verbs() == ["provision.set_up", "provision.apply_requested", "provision.applied"]


@pytest.mark.parametrize("count", range(len(ELASTIC_STEPS) + 1))
def test_worker_dies_while_it_puts_an_elastic_trunk(plant: Plant, count: int) -> None:
    plant.set_up(ProvisionKind.ELASTIC)
    plant.ask()
    assert plant.die_after(count) == ELASTIC_STEPS[:count]
    reconcile_due(after_lease)

    row = plant.row
    assert (row.state, row.plan, plant.there()) == (ProvisionState.IN_SYNC, [], WHOLE_ELASTIC)


@pytest.mark.parametrize("kind", ["lose", "drop"])
@pytest.mark.parametrize(
    "path", ["IpAccessControlLists", "CredentialLists", "Domains.json", "ConnectionPolicies", "ByocTrunks"]
)
def test_answer_never_comes(plant: Plant, path: str, kind: str) -> None:
    plant.set_up()
    plant.twilio.fail(kind=kind, method="POST", path=path)
    plant.ask()
    reconcile_due()
    reconcile_due(after_lease)

    assert (plant.row.state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)


def test_refused_for_so_many_seconds_it_waits_as_long(plant: Plant) -> None:
    plant.set_up()
    plant.twilio.fail(status=429, retry_after=60, method="POST", path="ByocTrunks")
    row = plant.apply()

    assert (row.state, row.error_code, row.attempts) == (ProvisionState.APPLYING, "too_many_requests", 1)
    assert row.due_at is not None
    assert row.unsure_at is None
    assert (row.due_at - row.updated_at).total_seconds() > 55
    reconcile_due(after_lease)
    assert (plant.row.state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)


def test_made_up_name_that_is_taken_is_replaced_by_the_next(plant: Plant, charlie: Person) -> None:
    first = plant.set_up().domain_name
    other = plant.twilio.tenant_account("globex")
    sip_domains.ensure_sip_domain(other, DomainSettings(first, "globex"))
    row = plant.apply()

    assert (row.state, row.error, row.domain_name != first) == (ProvisionState.IN_SYNC, "", True)
    assert plant.there()["domain"] == 2


def test_chosen_name_that_is_taken_leaves_nothing_half_made(plant: Plant) -> None:
    other = plant.twilio.tenant_account("globex")
    sip_domains.ensure_sip_domain(other, DomainSettings("acme.sip.twilio.com", "globex"))
    plant.set_up(domain_label="acme")
    row = plant.apply()

    assert (row.state, row.error_code, plant.there()) == (
        ProvisionState.FAILED,
        "domain_taken",
        {"domain": 1},
    )
    assert "This domain name is taken" in row.error
    assert plant.verbs()[2:] == ["provision.failed", "provision.undone"]
    plant_keys = plant.keys()
    assert plant_keys == BYOC_KEYS


def test_name_of_something_else_in_the_account_is_left_alone(plant: Plant) -> None:
    plant.set_up(domain_label="acme")
    foreign = DomainSettings("acme.sip.twilio.com", "their own", "https://example.com/voice")
    sip_domains.ensure_sip_domain(plant.account, foreign)
    row = plant.apply()

    assert (row.state, row.error_code) == (ProvisionState.FAILED, "domain_taken")
    assert sip_domains.list_sip_domains(plant.account)[0].settings == foreign
    assert plant.there() == {"domain": 1}


def test_plan_that_changed_is_not_applied(plant: Plant) -> None:
    plan = plant.set_up().plan_fingerprint
    with pytest.raises(Refused) as refused:
        plant.do(services.apply_plan, provision=plant.row, plan="0" * 64)
    assert (refused.value.code, plan == plant.row.plan_fingerprint) == ("plan_changed", True)
