"""What Twilio knows of the business behind an account is read, read again, and told with what it limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callsphere.local.doubles.twilio.reviews import review
from callsphere.providers.twilio import trust
from callsphere.providers.twilio.client import open_client
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.conftest import Person
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.enums import AccountStatus, BusinessState
from trunks.models import ProviderAccount
from trunks.numbers.accounts import ensure_account, open_account
from trunks.numbers.business import AGAIN, EVERY, EVERY_IN_REVIEW
from trunks.numbers.business_words import business_of
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
SLACK = timedelta(minutes=1)


def account_of(person: Person) -> ProviderAccount:
    with tenant_context(person.tenant):
        return ProviderAccount.objects.get()


def make_account(person: Person) -> ProviderAccount:
    """Have the account made, and its business read."""
    with tenant_context(person.tenant):
        ensure_account(person.tenant)
    provision_due()
    return account_of(person)


def hand_in(twilio: DoubledTwilio, person: Person, policy: str, status: str) -> None:
    """Have a profile at Twilio with this outcome."""
    with tenant_context(person.tenant):
        account = open_account(person.tenant)
    profiles = open_client(account).trusthub.v1.customer_profiles
    sid = profiles.create(friendly_name="Acme", email="a@example.com", policy_sid=policy).sid
    review(twilio.twilio.store, sid, status)


def read_after(wait: timedelta) -> None:
    """Let a worker look at what is due after a while."""
    provision_due(lambda: database_now() + wait + SLACK)


def test_a_new_account_is_read_at_once(twilio: DoubledTwilio, alice: Person) -> None:
    row = make_account(alice)

    assert (row.business_state, row.calls_at_once) == (BusinessState.NONE, 2)
    assert row.business_read_at is not None
    with tenant_context(alice.tenant):
        told = business_of(alice.tenant)
    assert told is not None
    assert (told.label, told.limit, told.who) == ("Not verified", "two calls at once", "operator")
    assert told.where == "Twilio Console, Trust Hub > Customer profiles"


@pytest.mark.parametrize(
    ("status", "state", "calls", "label", "limit"),
    [
        ("in-review", BusinessState.PENDING, 2, "In review", "two calls at once"),
        ("twilio-rejected", BusinessState.REJECTED, 2, "Rejected", "two calls at once"),
        ("twilio-approved", BusinessState.APPROVED, None, "Approved", "no limit"),
    ],
)
def test_it_is_read_again_after_a_day(
    twilio: DoubledTwilio,
    alice: Person,
    status: str,
    state: BusinessState,
    calls: int | None,
    label: str,
    limit: str,
) -> None:
    make_account(alice)
    hand_in(twilio, alice, trust.SECONDARY_BUSINESS, status)
    assert account_of(alice).business_state == BusinessState.NONE

    read_after(EVERY)

    row = account_of(alice)
    assert (row.business_state, row.calls_at_once) == (state, calls)
    with tenant_context(alice.tenant):
        told = business_of(alice.tenant)
    assert told is not None
    assert (told.label, told.limit) == (label, limit)
    assert bool(told.fix) is (status == "twilio-rejected")
    assert row.business_due_at is not None
    assert row.business_read_at is not None
    again = EVERY_IN_REVIEW if state == BusinessState.PENDING else EVERY
    assert row.business_due_at - row.business_read_at == again


def test_a_failed_look_leaves_what_is_known_and_comes_again(twilio: DoubledTwilio, alice: Person) -> None:
    make_account(alice)
    hand_in(twilio, alice, trust.SECONDARY_BUSINESS, "twilio-approved")
    twilio.fail(kind="refuse", path="CustomerProfiles", status=403, code=20003)

    read_after(EVERY)
    assert account_of(alice).business_state == BusinessState.NONE
    read_after(EVERY + AGAIN + SLACK)

    assert account_of(alice).business_state == BusinessState.APPROVED


def test_a_closed_account_forgets_it(twilio: DoubledTwilio, alice: Person) -> None:
    make_account(alice)
    with tenant_context(alice.tenant):
        services.want_account(alice.tenant, AccountStatus.CLOSED)
    provision_due()

    row = account_of(alice)
    assert (row.business_state, row.calls_at_once, row.business_due_at) == (BusinessState.UNKNOWN, None, None)
    with tenant_context(alice.tenant):
        assert business_of(alice.tenant) is None


def test_a_suspended_account_is_not_asked(twilio: DoubledTwilio, alice: Person) -> None:
    make_account(alice)
    with tenant_context(alice.tenant):
        services.want_account(alice.tenant, AccountStatus.SUSPENDED)
    provision_due()
    before = twilio.count

    read_after(EVERY)

    assert twilio.count == before


def test_pages_tell_it_on_the_way_and_with_the_plan(twilio: DoubledTwilio, alice: Person) -> None:
    client = alice.client()
    pages = [f"/t/{alice.tenant.slug}/", f"/t/{alice.tenant.slug}/billing/"]
    assert all("Your business at Twilio" not in client.get(each).content.decode() for each in pages)

    make_account(alice)

    for each in pages:
        html = client.get(each).content.decode()
        assert "Your business at Twilio" in html, each
        assert "two calls at once" in html, each
