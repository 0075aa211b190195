"""The account is suspended, brought back and closed, wherever a worker dies."""

from __future__ import annotations

import pytest

from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import NUMBER, Desk, after_lease, job_of, stored
from trunks.enums import AccountStatus, JobState, NumberState
from trunks.models import ProviderAccount
from trunks.numbers.accounts import want_account
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def want(person: Person, wanted: AccountStatus) -> None:
    with tenant_context(person.tenant):
        want_account(person.tenant, wanted)


def bought(person: Person, desk: Desk) -> None:
    desk.order(person)
    provision_due()


def test_tenant_without_an_account_gets_none(alice: Person, desk: Desk) -> None:
    want(alice, AccountStatus.SUSPENDED)
    with tenant_context(alice.tenant):
        assert ProviderAccount.objects.count() == 0


def test_suspended_account_buys_nothing(alice: Person, desk: Desk) -> None:
    bought(alice, desk)
    want(alice, AccountStatus.SUSPENDED)
    provision_due()
    with pytest.raises(Refused) as refused:
        desk.order(alice, "+14155550102")
    assert (refused.value.code, desk.subaccounts(alice)) == ("suspended", ["suspended"])


def test_release_waits_for_the_account(alice: Person, desk: Desk) -> None:
    bought(alice, desk)
    want(alice, AccountStatus.SUSPENDED)
    desk.release(alice)
    provision_due()
    assert (stored(alice).state, desk.bought()) == (NumberState.RELEASING, [NUMBER])
    want(alice, AccountStatus.ACTIVE)
    provision_due(after_lease)
    assert (stored(alice).state, desk.bought()) == (NumberState.RELEASED, [])


@pytest.mark.parametrize("count", range(3))
def test_worker_dies_while_it_closes(alice: Person, desk: Desk, count: int) -> None:
    bought(alice, desk)
    want(alice, AccountStatus.CLOSED)
    assert desk.die_after(count) == ["account closed", "account forgotten"][:count]
    provision_due(after_lease)
    assert (desk.subaccounts(alice), desk.bought()) == (["closed"], [])
    assert stored(alice).state == NumberState.RELEASED
    with tenant_context(alice.tenant):
        row = ProviderAccount.objects.get()
    assert (row.sid, str(row.auth_token), row.key_sid, row.status) == ("", "", "", AccountStatus.CLOSED)


@pytest.mark.parametrize("count", range(4))
def test_account_that_was_being_made_is_closed_too(alice: Person, desk: Desk, count: int) -> None:
    desk.order(alice)
    desk.die_after(count)
    want(alice, AccountStatus.CLOSED)
    provision_due(after_lease)
    assert set(desk.subaccounts(alice)) <= {"closed"}
    assert (stored(alice).state, job_of(alice).state) == (NumberState.RELEASED, JobState.FAILED)


def test_after_closing_another_account_is_made(alice: Person, desk: Desk) -> None:
    bought(alice, desk)
    want(alice, AccountStatus.CLOSED)
    provision_due()
    want(alice, AccountStatus.ACTIVE)
    desk.order(alice)
    provision_due()
    assert (desk.subaccounts(alice), desk.bought()) == (["closed", "active"], [NUMBER])
