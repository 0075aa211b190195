"""Nothing of ours is left at Twilio: of trunks that go, set-ups that fail, and what is switched off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callsphere.lib.errors import Refused, VersionConflict
from callsphere.providers.twilio import access_lists, byoc, sip_domains
from callsphere.providers.twilio.byoc import ByocSettings, Target
from callsphere.providers.twilio.sip_domains import DomainSettings
from tenants.context import platform_context, tenant_context
from tests.trunks.numbers.conftest import Desk, stored
from tests.trunks.provisioning.conftest import (
    WHOLE_BYOC,
    Plant,
    after_lease,
    after_patience,
    when_settled,
)
from tests.trunks.provisioning.test_set_up import BYOC_STEPS
from trunks import services
from trunks.enums import AccountStatus, ProvisionKind, ProvisionState, ProvisionTask
from trunks.models import TrunkNumber, TrunkProvision
from trunks.numbers.accounts import want_account
from trunks.numbers.worker import provision_due
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db
REMOVE_STEPS = {
    ProvisionKind.BYOC: [
        *("domain removed", "BYOC trunk removed", "policy removed", "IP list removed"),
        *("credential list removed", "forgotten"),
    ],
    ProvisionKind.ELASTIC: [
        *("elastic trunk removed", "IP list removed", "credential list removed", "forgotten"),
    ],
}


def make_foreign_things(plant: Plant) -> dict[str, int]:
    """Make one of each kind that is none of ours; return what there is of each."""
    account = plant.account
    policy = byoc.ensure_connection_policy(account, name="the office")
    byoc.ensure_targets(account, policy.sid, [Target("sip:office.example.com")])
    byoc.ensure_byoc_trunk(account, ByocSettings("the office", policy_sid=policy.sid))
    ip_list = access_lists.ensure_ip_list(account, name="the office")
    domain = sip_domains.ensure_sip_domain(account, DomainSettings("office.sip.twilio.com", "the office"))
    sip_domains.ensure_domain_lists(account, domain.sid, ip_list_sids=[ip_list.sid])
    return {"domain": 1, "ip_list": 1, "policy": 1, "targets": 1, "byoc_trunk": 1, "domain_ip": 1}


def switch_off(plant: Plant) -> None:
    plant.do(services.switch_off_provision, provision=plant.row)


def delete_trunk(plant: Plant) -> None:
    plant.do(services.delete_trunk, trunk=plant.trunk)


@pytest.mark.parametrize("end", [switch_off, delete_trunk])
@pytest.mark.parametrize("kind", [ProvisionKind.BYOC, ProvisionKind.ELASTIC])
def test_everything_of_ours_goes_and_nothing_else(
    plant: Plant, kind: str, end: Callable[[Plant], object]
) -> None:
    plant.ready(kind)
    foreign = make_foreign_things(plant)
    end(plant)
    assert not plant.is_forgotten
    reconcile_due()

    assert (plant.is_forgotten, plant.there()) == (True, foreign)
    assert plant.verbs()[-1] == "provision.removed"


@pytest.mark.parametrize(
    ("kind", "count"), [(kind, count) for kind, each in REMOVE_STEPS.items() for count in range(len(each))]
)
def test_worker_dies_while_it_removes(plant: Plant, kind: ProvisionKind, count: int) -> None:
    plant.ready(kind)
    delete_trunk(plant)
    assert plant.die_after(count) == REMOVE_STEPS[kind][:count]
    reconcile_due(after_lease)

    assert (plant.is_forgotten, plant.there()) == (True, {})


def test_what_cannot_be_removed_yet_is_tried_until_it_is_gone(plant: Plant) -> None:
    plant.ready()
    delete_trunk(plant)
    plant.twilio.fail(status=503, method="DELETE", path="ConnectionPolicies", times=6)
    reconcile_due()
    reconcile_due(after_lease)
    with platform_context("look"):
        row = TrunkProvision.objects.get()
    assert (row.error_code, row.trunk_id, row.attempts) == ("twilio_down", None, 2)
    reconcile_due(when_settled)

    assert (plant.is_forgotten, plant.there()) == (True, {})


def test_list_that_a_foreign_domain_asks_is_removed_once_it_does_not(plant: Plant) -> None:
    plant.ready()
    account, own = plant.account, plant.row.sids["ip_list"]
    other = sip_domains.ensure_sip_domain(account, DomainSettings("office.sip.twilio.com", "the office"))
    sip_domains.ensure_domain_lists(account, other.sid, ip_list_sids=[own])
    switch_off(plant)
    reconcile_due()
    assert (plant.row.state, plant.row.error_code) == (ProvisionState.REMOVING, "list_in_use")
    sip_domains.ensure_domain_lists(account, other.sid)
    reconcile_due(after_patience)

    assert (plant.is_forgotten, plant.there()) == (True, {"domain": 1})


@pytest.mark.parametrize("count", range(1, len(BYOC_STEPS)))
def test_trunk_that_is_deleted_while_it_is_put_leaves_nothing(plant: Plant, count: int) -> None:
    plant.set_up()
    plant.ask()
    plant.die_after(count)
    delete_trunk(plant)
    reconcile_due(after_lease)
    reconcile_due(when_settled)

    assert (plant.is_forgotten, plant.there()) == (True, {})


def test_first_set_up_that_twilio_refuses_is_undone(plant: Plant) -> None:
    plant.set_up()
    plant.twilio.fail(status=400, code=21245, method="POST", path="ByocTrunks")
    row = plant.apply()

    assert (row.state, row.error_code, plant.there()) == (ProvisionState.FAILED, "trunk_invalid", {})
    assert (row.task, row.due_at, row.is_set_up) == (ProvisionTask.LOOK, None, False)
    assert plant.apply().state == ProvisionState.IN_SYNC


def test_first_set_up_that_takes_too_long_is_undone(plant: Plant) -> None:
    plant.set_up()
    plant.twilio.fail(status=503, method="POST", path="ByocTrunks", times=3)
    plant.ask()
    reconcile_due()
    assert plant.row.state == ProvisionState.APPLYING
    plant.twilio.fail(status=503, method="POST", path="ByocTrunks", times=3)
    reconcile_due(after_patience)
    reconcile_due(when_settled)

    row = plant.row
    assert (row.state, row.error_code, plant.there()) == (ProvisionState.FAILED, "twilio_down", {})


def test_what_appears_late_is_removed_too(plant: Plant) -> None:
    """An answer was lost, the thing was not there yet when it was looked for, and then it was."""
    plant.set_up()
    plant.ask()
    plant.die_after(1)
    row = plant.row
    with tenant_context(plant.person.tenant):
        TrunkProvision.objects.filter(pk=row.pk).update(unsure_at=row.updated_at)
    switch_off(plant)
    reconcile_due()
    assert not plant.is_forgotten
    byoc.ensure_connection_policy(plant.account, name=row.name)
    reconcile_due(when_settled)

    assert (plant.is_forgotten, plant.there()) == (True, {})


def test_later_plan_that_fails_leaves_what_there_was(plant: Plant) -> None:
    plant.ready()
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    reconcile_due()
    plant.twilio.fail(status=400, code=21254, method="POST", path="Targets")
    row = plant.apply()

    assert (row.state, row.error_code, plant.there()) == (ProvisionState.FAILED, "sip_limit", WHOLE_BYOC)
    assert [each["key"] for each in row.plan] == ["policy/sip:gw3.carrier.example"]
    assert plant.apply().state == ProvisionState.IN_SYNC


def test_it_cannot_be_set_up_again_while_it_is_removed(plant: Plant) -> None:
    plant.ready()
    switch_off(plant)
    with pytest.raises(Refused) as refused:
        plant.do(services.set_up_provision, trunk=plant.trunk, kind="elastic")
    assert refused.value.code == "being_removed"
    reconcile_due()
    assert plant.ready(ProvisionKind.ELASTIC).state == ProvisionState.IN_SYNC


def test_version_of_somebody_else_switches_nothing_off(plant: Plant) -> None:
    plant.ready()
    with pytest.raises(VersionConflict):
        plant.do(services.switch_off_provision, provision=plant.row, expected_version=9)
    assert plant.row.state == ProvisionState.IN_SYNC


def test_account_that_is_closed_takes_all_with_it(plant: Plant) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        want_account(plant.person.tenant, AccountStatus.CLOSED)
    provision_due()
    reconcile_due(when_settled)

    row = plant.row
    assert (row.state, row.is_set_up, row.sids, row.due_at) == (ProvisionState.NEW, False, {}, None)


@pytest.mark.parametrize("how", ["release", "close"])
def test_number_that_is_given_up_is_on_no_trunk_any_more(plant: Plant, desk: Desk, how: str) -> None:
    desk.order(plant.person)
    plant.ready("elastic")
    plant.do(services.attach_number, provision=plant.row, number=stored(plant.person))
    reconcile_due()
    assert plant.apply().state == ProvisionState.IN_SYNC

    if how == "release":
        desk.release(plant.person)
    else:
        with tenant_context(plant.person.tenant):
            want_account(plant.person.tenant, AccountStatus.CLOSED)
    provision_due()
    reconcile_due()
    with tenant_context(plant.person.tenant):
        assert TrunkNumber.objects.count() == 0
    after = ProvisionState.IN_SYNC if how == "release" else ProvisionState.NEW
    assert (plant.row.state, plant.row.plan) == (after, [])


@pytest.mark.parametrize("end", ["delete", "switch off"])
def test_where_there_is_no_account_nothing_waits_for_one(plant: Plant, end: str) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        want_account(plant.person.tenant, AccountStatus.CLOSED)
    provision_due()
    if end == "delete":
        delete_trunk(plant)
    else:
        plant.do(services.switch_off_provision, provision=plant.row)
        assert plant.verbs()[-1] == "provision.switched_off"
    assert plant.is_forgotten


def test_suspended_account_is_not_asked(plant: Plant) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        want_account(plant.person.tenant, AccountStatus.SUSPENDED)
    delete_trunk(plant)
    assert reconcile_due() == 0
    with tenant_context(plant.person.tenant):
        want_account(plant.person.tenant, AccountStatus.ACTIVE)
    provision_due()
    reconcile_due()

    assert (plant.is_forgotten, plant.there()) == (True, {})
