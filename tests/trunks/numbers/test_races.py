"""Orders and workers at the same time, on connections of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models.signals import pre_save

from callsphere.local.doubles.twilio.numbers import ADDRESSES
from callsphere.local.doubles.twilio.twilio import Exchange
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.racing import at_once, ending
from tests.trunks.numbers.conftest import NUMBER, Desk, after_lease, stored
from tests.trunks.numbers.pages.test_emergency import TOWN
from trunks import services
from trunks.models import EmergencyAddress, PhoneNumber
from trunks.numbers.accounts import open_account
from trunks.numbers.emergencies import do_emergency_address
from trunks.numbers.jobs import Overtaken, claim_next
from trunks.numbers.worker import REFRESHES, provision_due

pytestmark = pytest.mark.django_db(transaction=True)
AREAS = ("415", "212")
NUMBERS = [f"+1{area}55501{index:02}" for area in AREAS for index in range(25)]


def test_fifty_orders_on_a_plan_of_three_buy_three(alice: Person, desk: Desk) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(number_limit=3)
    refusals = at_once(*(partial(desk.order, alice, number) for number in NUMBERS))
    assert sorted(map(ending, refusals)) == ["LimitReached"] * 47 + ["done"] * 3

    at_once(*[provision_due] * 4)
    while provision_due(after_lease):
        pass
    with tenant_context(alice.tenant):
        active = sorted(PhoneNumber.objects.filter(state="active").values_list("number", flat=True))
    assert (len(active), active) == (3, desk.bought())
    assert desk.subaccounts(alice) == ["active"]


class Meanwhile(deque[Exchange]):
    """The double's requests; once, while one of this path waits for its answer, something else happens."""

    def __init__(self, path: str, do: Callable[[], Any]) -> None:
        super().__init__()
        self.path = path
        self.do: Callable[[], Any] | None = do

    def append(self, exchange: Exchange) -> None:
        super().append(exchange)
        if self.do is not None and exchange.request.path.endswith(self.path):
            do, self.do = self.do, None
            at_once(do)


def test_number_that_is_bought_while_others_are_looked_at_is_not_gone(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    provision_due()
    with tenant_context(alice.tenant):
        services.look_again(tenant=alice.tenant, actor=alice.actor, number=PhoneNumber.objects.get())

    def buy() -> None:
        with tenant_context(alice.tenant):
            first = PhoneNumber.objects.get()
            first.pk, first.number, first.provider_sid = None, NUMBERS[30], f"PN{'f' * 32}"
            first.save(force_insert=True)

    desk.twilio.twilio.exchanges = Meanwhile("IncomingPhoneNumbers.json", buy)
    assert REFRESHES.do_one(database_now)
    with tenant_context(alice.tenant):
        rows = list(PhoneNumber.objects.order_by("created_at").values_list("number", "error"))
    assert rows == [(NUMBER, ""), (NUMBERS[30], "")]


def test_order_waits_for_one_look_that_nobody_waits_for(alice: Person, charlie: Person, desk: Desk) -> None:
    desk.order(alice)
    desk.order(charlie, NUMBERS[30])
    provision_due()
    for person in (alice, charlie):
        with tenant_context(person.tenant):
            number = PhoneNumber.objects.get()
            services.look_again(tenant=person.tenant, actor=person.actor, number=number)
    with tenant_context(charlie.tenant):
        theirs = f"{open_account(charlie.tenant).account_sid}/IncomingPhoneNumbers.json"
    requests = Meanwhile("IncomingPhoneNumbers.json", partial(desk.order, alice, NUMBERS[31]))
    desk.twilio.twilio.exchanges = requests
    provision_due()
    bought = desk.twilio.asked("POST")
    asked = desk.twilio.asked()
    looked = next(each for each in asked if each.endswith(theirs))
    assert asked.index(bought[0]) < asked.index(looked)


def test_address_that_is_entered_while_the_last_one_is_taken_up_is_handed_in(
    alice: Person, desk: Desk
) -> None:
    desk.order(alice)
    provision_due()
    number = stored(alice)
    enter: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "number": number, **TOWN}
    with tenant_context(alice.tenant):
        services.set_emergency_address(**enter)
    claimed: list[EmergencyAddress | None] = []

    def claim(**_signal: Any) -> None:
        pre_save.disconnect(claim, EmergencyAddress)
        at_once(lambda: claimed.append(claim_next(EmergencyAddress, database_now())))

    pre_save.connect(claim, EmergencyAddress)
    with tenant_context(alice.tenant):
        services.set_emergency_address(**{**enter, "street": "2 Main St"})
    (row,) = claimed
    assert row is not None
    with pytest.raises(Overtaken):
        do_emergency_address(row, database_now)
    provision_due()
    (there,) = desk.twilio.twilio.store.all(ADDRESSES)
    assert there["street"] == "2 Main St"


def test_address_that_a_stalled_worker_wrote_last_is_put_right(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    provision_due()
    enter: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "number": stored(alice), **TOWN}
    with tenant_context(alice.tenant):
        services.set_emergency_address(**enter)
    stalled = claim_next(EmergencyAddress, database_now())
    assert stalled is not None
    with tenant_context(alice.tenant):
        services.set_emergency_address(**{**enter, "street": "2 Main St"})
    provision_due()
    with pytest.raises(Overtaken):
        do_emergency_address(stalled, database_now)
    (there,) = desk.twilio.twilio.store.all(ADDRESSES)
    assert there["street"] == "1 Main St"
    provision_due()
    (there,) = desk.twilio.twilio.store.all(ADDRESSES)
    assert there["street"] == "2 Main St"
