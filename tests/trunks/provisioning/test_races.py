"""Workers and edits at the same time, on connections of their own."""

from __future__ import annotations

import pytest

from tenants.clock import database_now
from tenants.context import tenant_context
from tests.conftest import Person
from tests.racing import at_once
from tests.trunks.provisioning.conftest import WHOLE_BYOC, Plant, after_hour, after_lease
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.enums import ProvisionState
from trunks.models import ProviderAccount, TrunkProvision
from trunks.numbers.jobs import Overtaken
from trunks.provisioning.claims import claim_trunk, let_go
from trunks.provisioning.reconciling import reconcile
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db(transaction=True)


def test_many_workers_put_a_trunk_once(plant: Plant) -> None:
    plant.set_up()
    plant.ask()
    at_once(*[reconcile_due] * 4)

    assert (plant.row.state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)
    assert plant.verbs().count("provision.applied") == 1


def test_one_trunk_of_an_account_at_a_time(plant: Plant) -> None:
    plant.set_up()
    other = plant.make_trunk("Second")
    plant.do(services.set_up_provision, trunk=other, kind="byoc")
    plant.ask()
    first = claim_trunk(database_now())
    assert first is not None
    assert claim_trunk(database_now()) is None
    let_go(first)
    second = claim_trunk(database_now())
    assert second is not None
    assert {first.pk, second.pk} == {plant.trunk.pk, other.pk}


def test_trunks_of_two_accounts_at_the_same_time(
    plant: Plant, twilio: DoubledTwilio, charlie: Person
) -> None:
    plant.set_up()
    other = Plant(twilio, charlie)
    other.set_up()
    plant.ask()
    other.ask()
    claims = [claim_trunk(database_now()), claim_trunk(database_now())]

    assert {each.pk for each in claims if each} == {plant.trunk.pk, other.trunk.pk}


def test_account_of_a_dead_worker_is_free_after_its_lease(plant: Plant) -> None:
    plant.set_up()
    plant.ask()
    plant.die_after(3)
    assert claim_trunk(database_now()) is None

    assert claim_trunk(after_lease()) is not None


def test_worker_that_stalled_stores_nothing_and_writes_no_more(plant: Plant) -> None:
    plant.set_up()
    plant.ask()
    stalled = claim_trunk(database_now())
    assert stalled is not None
    steps = reconcile(stalled, database_now)
    assert [next(steps), next(steps)] == ["begun", "IP list made"]
    reconcile_due(after_lease)
    since = plant.twilio.count

    with pytest.raises(Overtaken):
        list(steps)
    assert (plant.row.state, plant.there()) == (ProvisionState.IN_SYNC, WHOLE_BYOC)
    assert plant.twilio.asked("POST", since=since) == []


def test_edit_while_a_plan_is_applied_is_in_the_next_plan(plant: Plant) -> None:
    plant.set_up()
    plant.ask()
    row = claim_trunk(database_now())
    assert row is not None
    steps = reconcile(row, database_now)
    next(steps)
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    list(steps)
    let_go(row)

    assert (plant.row.state, plant.keys()) == (
        ProvisionState.PLANNED,
        ["policy/sip:gw3.carrier.example"],
    )
    assert plant.apply().state == ProvisionState.IN_SYNC


def test_edit_while_an_edit_is_applied_by_itself_is_applied_too(plant: Plant) -> None:
    plant.ready(auto_apply=True)
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example")
    looks = claim_trunk(database_now())
    assert looks is not None
    list(reconcile(looks, database_now))
    let_go(looks)
    puts = claim_trunk(database_now())
    assert puts is not None
    steps = reconcile(puts, database_now)
    next(steps)
    plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw4.carrier.example")
    list(steps)
    let_go(puts)
    reconcile_due()

    assert (plant.row.state, plant.there()["targets"]) == (ProvisionState.IN_SYNC, 4)
    assert plant.verbs()[-4:] == ["provision.apply_requested", "provision.applied"] * 2


def test_edit_while_twilio_is_looked_at_is_in_the_plan(plant: Plant) -> None:
    plant.ready()
    at_once(
        lambda: reconcile_due(after_hour),
        lambda: plant.do(services.add_gateway, trunk=plant.trunk, uri="sip:gw3.carrier.example"),
    )
    reconcile_due()

    assert plant.keys() == ["policy/sip:gw3.carrier.example"]


def test_nothing_is_held_when_all_is_done(plant: Plant) -> None:
    plant.ready()
    with tenant_context(plant.person.tenant):
        assert ProviderAccount.objects.get().held_until is None
        assert TrunkProvision.objects.get().claim > 0
