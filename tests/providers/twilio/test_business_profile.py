"""A customer's business profile: made once with all its parts, handed in, mended after a rejection."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from callsphere.local.doubles.twilio.reviews import review
from callsphere.local.doubles.twilio.trust import END_USERS, PROFILE_PARTS
from callsphere.providers.twilio import trust
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.business_profile import Business, Person, ensure_business_profile
from callsphere.providers.twilio.errors import TwilioError
from tests.twilio_double import DoubledTwilio

PRIMARY, ADDRESS = "BU" + "1" * 32, "AD" + "1" * 32
ACME = Business(
    "Acme Dental LLC", "LLC", "HEALTHCARE", "EIN", "12-3456789", "USA_AND_CANADA", "https://acme.example"
)
ALICE = Person("Alice", "Ames", "alice@example.com", "+14155550101", "Owner", "CEO")


def ensure(account: TwilioAccount, **changes: Any) -> trust.Profile:
    given = {"business": ACME, "representative": ALICE, "address_sid": ADDRESS, **changes}
    return ensure_business_profile(
        account, name="tenant 1", email="ops@example.com", primary_sid=PRIMARY, **given
    )


def parts(twilio: DoubledTwilio) -> list[str]:
    """The kinds of what the profile was made of."""
    return [row["object_sid"][:2] for row in twilio.twilio.store.all(PROFILE_PARTS)]


def test_profile_is_made_with_its_parts_and_handed_in(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    profile = ensure(account)

    assert (profile.status, profile.policy_sid) == (trust.PENDING, trust.SECONDARY_BUSINESS)
    assert parts(twilio) == ["BU", "RD", "IT", "IT"]
    assert trust.read_trust_state(account).business == profile


@pytest.mark.parametrize("status", ["pending-review", "in-review", "twilio-approved"])
def test_profile_in_review_is_left_as_it_is(twilio: DoubledTwilio, status: str) -> None:
    account = twilio.tenant_account()
    review(twilio.twilio.store, ensure(account).sid, status)
    since = twilio.count

    assert ensure(account).status == status
    assert twilio.asked("POST", since=since) == []


@pytest.mark.parametrize(
    "path", ["/CustomerProfiles", "SupportingDocuments", "EndUsers", "EntityAssignments"]
)
@pytest.mark.parametrize("kind", ["lose", "drop"])
def test_profile_that_broke_off_is_finished_once(twilio: DoubledTwilio, path: str, kind: str) -> None:
    account = twilio.tenant_account()
    twilio.fail(kind=kind, method="POST", path=path)
    with suppress(TwilioError):
        ensure(account)

    assert ensure(account).status == trust.PENDING
    assert parts(twilio) == ["BU", "RD", "IT", "IT"]


def test_rejected_profile_is_mended_and_handed_in_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    first = ensure(account)
    review(twilio.twilio.store, first.sid, "twilio-rejected")

    again = ensure(account, business=replace(ACME, legal_name="Acme Dental Inc"))

    assert (again.sid, again.status) == (first.sid, trust.PENDING)
    assert parts(twilio) == ["BU", "RD", "IT", "IT"]
    assert "Acme Dental Inc" in next(twilio.twilio.store.all(END_USERS))["attributes"]
