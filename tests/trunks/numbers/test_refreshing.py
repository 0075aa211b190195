"""What others decide of bought numbers is read each day and when asked, and only what changed is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from callsphere.lib.errors import Refused
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.reviews import review
from callsphere.local.doubles.twilio.trust import PRODUCTS, PROFILES
from callsphere.providers.twilio import addresses, trust
from callsphere.providers.twilio import numbers as provider
from callsphere.providers.twilio.client import open_client
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk, stored, verbs
from tests.trunks.numbers.pages.conftest import add_own, number_page
from trunks import services
from trunks.enums import AccountStatus
from trunks.models import NumberRefresh, PhoneNumber
from trunks.numbers.accounts import open_account
from trunks.numbers.intake import voice_urls
from trunks.numbers.refreshing import EVERY, GONE, plan_refreshes
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
TOWN = addresses.Address("home", "Acme", "1 Main St", "Springfield", "IL", "62701", "US", emergency=True)


@pytest.fixture
def bought(alice: Person, desk: Desk) -> PhoneNumber:
    desk.order(alice)
    provision_due()
    return stored(alice)


def account_of(person: Person) -> Any:
    with tenant_context(person.tenant):
        return open_account(person.tenant)


def look(person: Person, number: PhoneNumber) -> None:
    with tenant_context(person.tenant):
        services.look_again(tenant=person.tenant, actor=person.actor, number=number)
    provision_due()


def refresh_of(person: Person) -> NumberRefresh:
    with tenant_context(person.tenant):
        return NumberRefresh.objects.get()


def later(span: timedelta) -> datetime:
    return database_now() + span + timedelta(seconds=1)


def test_business_that_was_approved_later_lifts_the_signature(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    desk.open(alice, approved=False)
    look(alice, bought)
    assert (stored(alice).attestation, desk.assigned()) == ("C", (1, 1))
    store = desk.twilio.twilio.store
    review(store, store.get(PROFILES)["sid"], trust.APPROVED)
    look(alice, bought)
    assert stored(alice).attestation == "B"
    review(store, store.get(PRODUCTS)["sid"], trust.APPROVED)
    look(alice, bought)
    assert stored(alice).attestation == "A"


def test_emergency_address_that_was_set_elsewhere_is_seen(alice: Person, bought: PhoneNumber) -> None:
    account = account_of(alice)
    address = addresses.ensure_address(account, TOWN)
    provider.set_emergency_address(account, bought.provider_sid, address.sid)
    look(alice, bought)
    assert stored(alice).emergency_state == "registered"
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="phone_number.changed_outside")
    assert event.changes == {"emergency_state": ["none", "registered"]}


def test_messages_that_were_refused_say_why(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    services_ = open_client(account_of(alice)).messaging.v1.services
    service = services_(services_.create(friendly_name="Acme").sid)
    service.phone_numbers.create(phone_number_sid=bought.provider_sid)
    campaign = service.us_app_to_person.create(
        brand_registration_sid=f"BN{'0' * 32}",
        description="Reminders of visits to patients of the clinic.",
        message_flow="Patients ask for it when they register at the desk.",
        message_samples=["See you tomorrow at nine.", "Your visit is on Monday."],
        us_app_to_person_usecase="CUSTOMER_CARE",
        has_embedded_links=False,
        has_embedded_phone=False,
    )
    row = review(desk.twilio.twilio.store, campaign.sid, "FAILED")
    row["errors"] = [{"description": "The website is missing."}]
    look(alice, bought)
    after = stored(alice)
    assert (after.messaging_state, after.messaging_detail) == ("failed", "The website is missing.")


def test_what_did_not_change_is_not_written(alice: Person, bought: PhoneNumber) -> None:
    before = stored(alice)
    look(alice, bought)
    after = stored(alice)
    assert after.updated_at == before.updated_at
    assert verbs(alice) == ["phone_number.ordered", "phone_number.bought", "phone_number.look_requested"]
    assert refresh_of(alice).looked_at is not None


def test_number_that_tells_nobody_of_texts_does_so_after_a_look(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    account, urls = account_of(alice), voice_urls(bought)
    since = desk.twilio.count
    look(alice, bought)
    requests = desk.twilio.count - since
    provider.set_number_urls(account, bought.provider_sid, replace(urls, sms=""))

    for more in (1, 0):
        since = desk.twilio.count
        look(alice, bought)
        assert desk.twilio.count - since == requests + more
    owned = provider.find_number(account, bought.number)
    assert owned is not None
    assert owned.urls == urls


def test_number_that_the_account_lost_says_so_until_it_is_back(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    store = desk.twilio.twilio.store
    row = store.get(NUMBERS, phone_number=NUMBER)
    store.remove(NUMBERS, sid=row["sid"])
    look(alice, bought)
    assert (stored(alice).state, stored(alice).error) == ("active", GONE)
    html = alice.client().get(number_page("detail", alice, bought)).content.decode()
    assert "It is gone at the operator" in html
    store.add(NUMBERS, row)
    look(alice, bought)
    assert stored(alice).error == ""


def test_all_numbers_are_read_in_as_many_requests_as_one(
    alice: Person, bought: PhoneNumber, desk: Desk
) -> None:
    def requests() -> int:
        since = desk.twilio.count
        look(alice, bought)
        return desk.twilio.count - since

    with_one = requests()
    for number in ("+14155550102", "+14155550103"):
        desk.order(alice, number)
    provision_due()
    assert requests() == with_one


def test_each_tenant_with_a_number_is_looked_at_once_a_day(
    alice: Person, charlie: Person, bought: PhoneNumber
) -> None:
    add_own(charlie, make_trunk(charlie))
    assert (plan_refreshes(), plan_refreshes()) == (1, 0)
    planned = refresh_of(alice)
    assert planned.due_at is not None
    assert database_now() - timedelta(minutes=5) <= planned.due_at <= later(EVERY)
    provision_due(lambda: later(EVERY))
    looked = refresh_of(alice)
    assert looked.looked_at is not None
    assert looked.due_at is not None
    assert timedelta(hours=21) < looked.due_at - looked.looked_at < timedelta(hours=27)


def test_tenant_without_numbers_is_left_alone(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    plan_refreshes()
    desk.release(alice)
    provision_due()
    provision_due(lambda: later(EVERY))
    assert (refresh_of(alice).due_at, plan_refreshes()) == (None, 0)
    desk.order(alice)
    provision_due()
    assert plan_refreshes() == 1


def test_look_that_failed_is_tried_again(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    desk.twilio.fail(status=503, times=50)
    look(alice, bought)
    failed = refresh_of(alice)
    assert (failed.looked_at, failed.error_code) == (None, "twilio_down")
    desk.twilio.twilio.faults.clear()
    provision_due(lambda: later(timedelta(minutes=1)))
    assert (refresh_of(alice).error, refresh_of(alice).looked_at is not None) == ("", True)


def test_account_that_is_suspended_waits_for_a_day(alice: Person, bought: PhoneNumber) -> None:
    plan_refreshes()
    with tenant_context(alice.tenant):
        services.want_account(alice.tenant, AccountStatus.SUSPENDED)
    provision_due()
    provision_due(lambda: later(EVERY))
    assert refresh_of(alice).error_code == "account_not_ready"


def test_a_few_looks_a_minute(alice: Person, bought: PhoneNumber) -> None:
    for _ in range(3):
        look(alice, bought)
    with pytest.raises(services.LookedTooOften) as refused:
        look(alice, bought)
    assert 0 < refused.value.retry_after_s <= 60


def test_own_and_unfinished_numbers_are_not_looked_at(alice: Person, desk: Desk) -> None:
    for number in (desk.order(alice), add_own(alice, make_trunk(alice))):
        with pytest.raises(Refused) as refused:
            look(alice, number)
        assert refused.value.code == "not_looked_at"


def test_look_by_page_and_api(alice: Person, bought: PhoneNumber) -> None:
    response = alice.client().post(number_page("look", alice, bought))
    assert response["Location"] == number_page("detail", alice, bought)
    answers = [alice.api().post(f"/api/v1/phone-numbers/{bought.pk}/look/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].json()["type"] == "urn:callsphere:error:looked_too_often"
    provision_due()
    html = alice.client().get(number_page("detail", alice, bought)).content.decode()
    assert "as every day" in html
