"""Plans as data: versions never change, and old subscribers keep theirs."""

import pytest
from django.db import DatabaseError, transaction

from billing.models import Plan
from billing.queries import offered_plans
from tenants.context import platform_context
from tests.billing.conftest import Shop, bought, tenant_of
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_the_first_plans() -> None:
    assert [(each.number_limit, each.price, each.currency, each.trial_days) for each in offered_plans()] == [
        (1, 14_900, "usd", 14),
        (3, 49_900, "usd", 14),
        (10, 149_900, "usd", 14),
    ]


def test_the_application_may_not_touch_plans() -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Plan.objects.update(price=1)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Plan.objects.all().delete()


def test_not_even_support_changes_what_was_sold() -> None:
    with pytest.raises(DatabaseError, match="permission denied"), platform_context("test"):
        Plan.objects.update(price=1)


def test_old_subscribers_keep_their_version(shop: Shop, alice: Person, charlie: Person) -> None:
    shop.buy(alice, "one")
    old = Plan.objects.get(code="one")
    values = {
        field.name: getattr(old, field.name)
        for field in Plan._meta.fields
        if field.name not in ("id", "version", "price", "trunk_limit", "created_at")
    }
    with platform_context("a new price"):
        Plan.objects.filter(pk=old.pk).update(is_offered=False)
        new = Plan.objects.create(version=2, price=17_900, trunk_limit=1, **values)

    shop.buy(charlie, "one")
    shop.pass_days(14)

    assert (bought(alice).plan, tenant_of(alice).trunk_limit) == (old, 5)
    assert (bought(charlie).plan, tenant_of(charlie).trunk_limit) == (new, 1)
    with shop.double.account.lock:
        totals = sorted(each["total"] for each in shop.double.account.tables["invoice"].values())
    assert totals == [0, 0, 14_900, 17_900]
