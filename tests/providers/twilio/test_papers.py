"""Addresses, what the law asks for, emergency calls and text messages."""

import pytest

from callsphere.local.doubles.twilio.reviews import review
from callsphere.providers.twilio import addresses, messaging, numbers, regulations
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.addresses import Address
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.messaging import UNREGISTERED, MessagingState
from tests.twilio_double import DoubledTwilio

AMERICAN, GERMAN, BRITISH = "+14155550101", "+493023125001", "+442079460001"
BERLIN = Address("office", "Acme GmbH", "Unter den Linden 1", "Berlin", "Berlin", "10117", "DE")
TOWN = Address("home", "Acme", "1 Main St", "Springfield", "IL", "62701", "US", emergency=True)


def make_bundle(account: TwilioAccount, regulation_sid: str) -> str:
    """Hand in papers as a person does in the Console, and return their id."""
    bundles = open_client(account).numbers.v2.regulatory_compliance.bundles
    return bundles.create(friendly_name="DE", email="a@example.com", regulation_sid=regulation_sid).sid


def test_address_is_made_once_and_changed(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = addresses.ensure_address(account, BERLIN)
    since = twilio.count
    again = addresses.ensure_address(account, BERLIN)
    unchanged = twilio.asked("POST", since=since)
    moved = Address("office", "Acme GmbH", "Alexanderplatz 2", "Berlin", "Berlin", "10178", "DE")

    changed = addresses.ensure_address(account, moved)

    assert (again, unchanged) == (made, [])
    assert (changed.sid, changed.street) == (made.sid, "Alexanderplatz 2")
    assert addresses.list_addresses(account) == [changed]


def test_number_that_needs_an_address(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    with pytest.raises(TwilioError) as refused:
        numbers.buy_number(account, BRITISH, label="")

    bought = numbers.buy_number(
        account, BRITISH, label="", address_sid=addresses.ensure_address(account, BERLIN).sid
    )

    assert (refused.value.code, refused.value.problem.name) == (21631, "address_required")
    assert bought.number == BRITISH


def test_number_that_needs_papers(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    address_sid = addresses.ensure_address(account, BERLIN).sid
    needed = regulations.list_regulations(account, country="DE", kind="local")
    bundle_sid = make_bundle(account, needed[0].sid)

    with pytest.raises(TwilioError) as refused:
        numbers.buy_number(account, GERMAN, label="", address_sid=address_sid, bundle_sid=bundle_sid)
    review(twilio.twilio.store, bundle_sid, "twilio-approved")
    bought = numbers.buy_number(account, GERMAN, label="", address_sid=address_sid, bundle_sid=bundle_sid)

    assert (refused.value.code, refused.value.problem.name) == (21649, "bundle_required")
    assert [each.is_approved for each in regulations.list_bundles(account)] == [True]
    assert (bought.bundle_sid, bought.address_sid) == (bundle_sid, address_sid)


def test_what_the_law_asks_for(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    german = regulations.list_regulations(account, country="DE", kind="local")
    american = regulations.list_regulations(account, country="US", kind="toll_free")

    assert [each.documents for each in german] == [(("Commercial Register Excerpt",), ("Proof of Address",))]
    assert american == []


def test_address_in_use_stays(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    address = addresses.ensure_address(account, BERLIN)
    bought = numbers.buy_number(account, BRITISH, label="", address_sid=address.sid)

    with pytest.raises(TwilioError):
        addresses.delete_address(account, address.sid)
    numbers.release_number(account, bought.sid)
    addresses.delete_address(account, address.sid)

    assert addresses.list_addresses(account) == []


def test_emergency_address_is_registered_and_taken_back(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, AMERICAN, label="")
    address = addresses.ensure_address(account, TOWN)

    registered = numbers.set_emergency_address(account, bought.sid, address.sid)
    ended = numbers.set_emergency_address(account, bought.sid, "")

    assert (registered.emergency_active, registered.emergency_address_sid) == (True, address.sid)
    assert registered.emergency_address_status == "registered"
    assert (ended.emergency_active, ended.emergency_address_sid) == (False, "")


def test_address_not_meant_for_emergencies(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, AMERICAN, label="")
    address = addresses.ensure_address(account, BERLIN)

    with pytest.raises(TwilioError) as refused:
        numbers.set_emergency_address(account, bought.sid, address.sid)

    assert refused.value.problem.name == "emergency_address_missing"


@pytest.mark.parametrize(
    ("status", "state"), [("IN_PROGRESS", "pending"), ("VERIFIED", "registered"), ("FAILED", "failed")]
)
def test_campaign_says_whether_a_number_may_send_messages(
    twilio: DoubledTwilio, status: str, state: str
) -> None:
    account = twilio.tenant_account()
    number_sid = numbers.buy_number(account, AMERICAN, label="").sid
    other_sid = numbers.buy_number(account, "+14155550102", label="").sid
    services = open_client(account).messaging.v1.services
    service_sid = services.create(friendly_name="Acme").sid
    services(service_sid).phone_numbers.create(phone_number_sid=number_sid)
    campaign = services(service_sid).us_app_to_person.create(
        brand_registration_sid=f"BN{'0' * 32}",
        description="Reminders of appointments for patients",
        message_flow="Patients ask for it when they register at the desk.",
        message_samples=["See you tomorrow at nine.", "Your visit is on Monday."],
        us_app_to_person_usecase="CUSTOMER_CARE",
        has_embedded_links=False,
        has_embedded_phone=False,
    )
    review(twilio.twilio.store, campaign.sid, status)

    found = messaging.read_messaging_states(account)

    assert found == {number_sid: MessagingState(state, service_sid)}  # type: ignore[arg-type]  # a literal, from the list above
    assert found.get(other_sid, UNREGISTERED).state == "none"


def test_service_without_a_campaign(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    number_sid = numbers.buy_number(account, AMERICAN, label="").sid
    services = open_client(account).messaging.v1.services
    service_sid = services.create(friendly_name="Acme").sid
    services(service_sid).phone_numbers.create(phone_number_sid=number_sid)

    assert messaging.read_messaging_states(account) == {number_sid: MessagingState("none", service_sid)}
