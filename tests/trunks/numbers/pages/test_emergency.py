"""The emergency address of a number: entered, checked by a worker, taken or refused."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.lib.errors import Refused
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, stored
from tests.trunks.numbers.pages.conftest import number_page
from tests.trunks.numbers.test_verifying import later
from tests.trunks.web.conftest import text_of
from trunks import services
from trunks.models import EmergencyAddress, PhoneNumber
from trunks.numbers.jobs import LONGEST_DELAY_S
from trunks.numbers.refreshing import EVERY
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
TOWN: dict[str, Any] = {
    "customer_name": "Acme Dental",
    "street": "1 Main St",
    "street_more": "",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
}


def enter(person: Person, number: PhoneNumber, **changes: str) -> Any:
    return person.client().post(number_page("emergency", person, number), {**TOWN, **changes})


def seen(person: Person, number: PhoneNumber) -> str:
    return text_of(person.client().get(number_page("detail", person, number)).content)


def test_address_is_registered(alice: Person, bought: PhoneNumber) -> None:
    page = alice.client().get(number_page("detail", alice, bought)).content.decode()
    assert number_page("emergency", alice, bought) in page
    assert enter(alice, bought)["Location"] == number_page("detail", alice, bought)
    assert "The address is being checked." in seen(alice, bought)
    provision_due()
    text = seen(alice, bought)
    assert stored(alice).emergency_state == "registered"
    for words in ("A call to 911 tells where to send help.", "1 Main St, Springfield, IL 62701"):
        assert words in text


def test_address_that_is_refused_says_why_until_another_is_taken(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    desk.twilio.fail(status=400, code=21629, method="POST", path="Addresses")
    enter(alice, bought)
    provision_due()
    assert (stored(alice).emergency_state, "The address cannot be used" in seen(alice, bought)) == (
        "failed",
        True,
    )
    with tenant_context(alice.tenant):
        services.look_again(tenant=alice.tenant, actor=alice.actor, number=bought)
    provision_due()
    assert stored(alice).emergency_state == "failed"
    enter(alice, bought, street="2 Main St")
    provision_due()
    assert (stored(alice).emergency_state, "cannot be used" in seen(alice, bought)) == ("registered", False)


def test_address_is_handed_in_again_when_twilio_was_away(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    desk.twilio.fail(status=503, times=50)
    enter(alice, bought)
    provision_due()
    assert stored(alice).emergency_state == "pending"
    desk.twilio.twilio.faults.clear()
    soon = database_now() + EVERY * (LONGEST_DELAY_S / EVERY.total_seconds())
    provision_due(lambda: soon)
    assert stored(alice).emergency_state == "registered"


def test_moved_office(alice: Person, bought: PhoneNumber) -> None:
    for street in ("1 Main St", "2 Main St"):
        enter(alice, bought, street=street)
        provision_due()
    with tenant_context(alice.tenant):
        rows = list(EmergencyAddress.objects.values_list("street", flat=True))
    assert rows == ["2 Main St"]
    form = alice.client().get(number_page("emergency", alice, bought)).content.decode()
    assert 'value="2 Main St"' in form


@pytest.mark.parametrize("name", ["customer_name", "street", "city", "region", "postal_code"])
def test_what_is_missing_is_told(alice: Person, bought: PhoneNumber, name: str) -> None:
    response = enter(alice, bought, **{name: ""})
    assert (response.status_code, stored(alice).emergency_state) == (422, "none")


def test_own_number_has_none(alice: Person, own: PhoneNumber) -> None:
    response = enter(alice, own)
    assert (response.status_code, "Only active numbers" in response.content.decode()) == (422, True)
    with tenant_context(alice.tenant), pytest.raises(Refused) as refused:
        services.set_emergency_address(tenant=alice.tenant, actor=alice.actor, number=own, **TOWN)
    assert refused.value.code == "no_emergency_calls"


def test_number_that_was_given_up_is_left_alone(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    enter(alice, bought)
    desk.release(alice)
    provision_due(lambda: later(EVERY))
    with tenant_context(alice.tenant):
        assert EmergencyAddress.objects.get().due_at is None
    assert desk.bought() == []
