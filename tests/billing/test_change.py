"""Another plan: larger at once, smaller at the end of the period, refused while too much is in use."""

from __future__ import annotations

import pytest

from billing.enums import Status, WorkState
from billing.models import Plan
from callsphere.lib.errors import LimitReached, Refused
from tenants.context import tenant_context
from tests.billing.conftest import Shop, bought, invoices, tenant_of
from tests.conftest import Person
from tests.trunks.conftest import make_trunk

pytestmark = pytest.mark.django_db


def pay_for(shop: Shop, person: Person, plan: str) -> None:
    """Have a plan whose trial is over."""
    shop.buy(person, plan)
    shop.pass_days(14)
    assert bought(person).status == Status.ACTIVE


def test_a_larger_plan_holds_at_once_and_is_prorated(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "one")

    request = shop.ask(alice, "change", plan="three")
    shop.do()

    assert shop.asked(request).state == WorkState.DONE
    assert (str(bought(alice).plan), tenant_of(alice).number_limit) == ("3 numbers", 3)
    newest = invoices(alice)[0]
    assert (newest.reason, newest.status) == ("subscription_update", "paid")
    assert 34_900 <= newest.total <= 35_000  # the whole period but for the seconds that this test took


def test_a_larger_plan_that_the_bank_refuses_changes_nothing(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "one")
    shop.use_card(alice, "0341")

    request = shop.ask(alice, "change", plan="ten")
    shop.do()

    row = shop.asked(request)
    assert (row.state, row.error_code) == (WorkState.FAILED, "card_declined")
    assert "declined" in row.error
    assert tenant_of(alice).number_limit == 1


def test_a_smaller_plan_waits_and_takes_its_room_at_once(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "three")

    shop.ask(alice, "change", plan="one")

    assert tenant_of(alice).number_limit == 1  # nothing that it has no room for is added meanwhile
    shop.do()
    subscription = bought(alice)
    assert (str(subscription.plan), str(subscription.next_plan)) == ("3 numbers", "1 number")
    shop.pass_days(31)
    subscription = bought(alice)
    assert (str(subscription.plan), subscription.next_plan) == ("1 number", None)
    assert invoices(alice)[0].total == 14_900


def test_a_smaller_plan_is_refused_while_too_much_is_in_use(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "three")
    for number in range(7):
        make_trunk(alice, f"Line {number}")

    with pytest.raises(Refused, match="You use 2 more trunks than the plan 1 number has room for"):
        shop.ask(alice, "change", plan="one")

    assert (tenant_of(alice).trunk_limit, bought(alice).next_plan) == (15, None)


def test_after_asking_for_less_no_more_is_added(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "three")
    for number in range(5):
        make_trunk(alice, f"Line {number}")
    shop.ask(alice, "change", plan="one")

    with pytest.raises(LimitReached):
        make_trunk(alice, "One too many")


def test_a_change_that_fails_gives_the_room_back(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "three")
    shop.ask(alice, "change", plan="one")
    with shop.double.account.lock:
        for record in shop.double.account.tables["subscription"].values():
            record["status"] = "canceled"

    shop.do()

    assert (bought(alice).next_plan, tenant_of(alice).number_limit) == (None, 3)


def test_keeping_the_plan_takes_a_coming_change_back(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "three")
    shop.ask(alice, "change", plan="one")
    shop.do()

    shop.ask(alice, "change", plan="three")
    shop.do()

    assert (bought(alice).next_plan, tenant_of(alice).number_limit) == (None, 3)


def test_in_a_trial_either_way_holds_at_once(shop: Shop, alice: Person) -> None:
    shop.buy(alice, "one")
    for plan, numbers in (("ten", 10), ("three", 3)):
        shop.ask(alice, "change", plan=plan)
        shop.do()
        assert (bought(alice).plan, tenant_of(alice).number_limit) == (Plan.objects.get(code=plan), numbers)
    assert (bought(alice).status, bought(alice).next_plan) == (Status.TRIALING, None)


def test_what_cannot_be_changed_says_why(shop: Shop, alice: Person) -> None:
    with pytest.raises(Refused, match="Choose one first"):
        shop.ask(alice, "change", plan="one")
    shop.buy(alice, "one")
    with pytest.raises(Refused, match="You have the plan 1 number already"):
        shop.ask(alice, "change", plan="one")
    shop.ask(alice, "cancellation")
    shop.do()
    with pytest.raises(Refused, match="The plan is canceled"):
        shop.ask(alice, "change", plan="ten")


def test_canceling_ends_with_the_period_and_can_be_taken_back(shop: Shop, alice: Person) -> None:
    pay_for(shop, alice, "one")
    shop.ask(alice, "cancellation")
    shop.do()
    assert bought(alice).cancel_at == bought(alice).period_end
    with pytest.raises(Refused, match="canceled already"):
        shop.ask(alice, "cancellation")

    shop.ask(alice, "resumption")
    shop.do()

    assert bought(alice).cancel_at is None
    with pytest.raises(Refused, match="not canceled"):
        shop.ask(alice, "resumption")


def test_room_that_support_gave_stays_until_the_plan_changes(shop: Shop, alice: Person) -> None:
    from tenants.audit import Actor
    from tenants.services import update_tenant

    pay_for(shop, alice, "one")
    with tenant_context(alice.tenant):
        update_tenant(
            tenant=alice.tenant, actor=Actor.system("test"), expected_version=None, reason="x", trunk_limit=77
        )
    shop.pass_days(31)
    assert tenant_of(alice).trunk_limit == 77

    shop.ask(alice, "change", plan="three")
    shop.do()

    assert tenant_of(alice).trunk_limit == 15
