"""Two at once, on connections of their own: for the last room, for one change, for one piece of work."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from billing import doing, inbox
from billing.looking import look_after_due
from billing.models import BillingRequest
from tenants.context import tenant_context
from tests.billing.conftest import Shop, bought, notices, tenant_of
from tests.conftest import Person
from tests.doubles import press
from tests.racing import at_once, code_of
from tests.trunks.conftest import make_trunk
from trunks.models import Trunk

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_smaller_plan_and_one_more_trunk_do_not_both_fit(shop: Shop, alice: Person) -> None:
    shop.buy(alice, "three")
    for number in range(5):
        make_trunk(alice, f"Line {number}")

    refusals = at_once(
        lambda: shop.ask(alice, "change", plan="one"),
        lambda: make_trunk(alice, "One more than it has room for"),
    )

    codes = list(map(code_of, refusals))
    assert codes in (["done", "limit_reached"], ["too_much_in_use", "done"])
    with tenant_context(alice.tenant):
        assert Trunk.objects.count() <= tenant_of(alice).trunk_limit


def test_two_presses_make_one_request(shop: Shop, alice: Person) -> None:
    press_it = partial(shop.ask, alice, "checkout", plan="one")

    assert at_once(press_it, press_it, press_it) == [None] * 3
    with tenant_context(alice.tenant):
        assert BillingRequest.objects.count() == 1


def test_two_workers_do_a_request_once(shop: Shop, alice: Person) -> None:
    shop.ask(alice, "checkout", plan="one")

    at_once(doing.do_due, doing.do_due)

    with shop.double.account.lock:
        tables = shop.double.account.tables
        assert (len(tables["customer"]), len(tables["checkout.session"])) == (1, 1)


def test_two_workers_announce_once(shop: Shop, alice: Person, mailoutbox: list[Any]) -> None:
    request = shop.ask(alice, "checkout", plan="one")
    shop.do()
    press(shop.double, shop.url_of(request), card="0341", country="US")
    shop.double.advance(14 * 86_400)
    shop.tell()

    at_once(inbox.process_due, inbox.process_due, doing.do_due)
    until = bought(alice).grace_until
    assert until is not None
    at_once(*[lambda: look_after_due(until)] * 3)

    assert notices(alice) == ["payment_failed", "read_only"]
    assert len(mailoutbox) == 2
