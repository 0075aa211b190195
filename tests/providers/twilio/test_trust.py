"""Business profiles, and numbers that sign their calls."""

import pytest

from callsphere.local.doubles.twilio.reviews import review
from callsphere.providers.twilio import numbers, trust
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.errors import TwilioError
from tests.twilio_double import DoubledTwilio

NUMBER = "+14155550101"


def make_profile(account: TwilioAccount, policy_sid: str = trust.SECONDARY_BUSINESS) -> str:
    """Make a profile as a person does in the Console, and return its id."""
    profiles = open_client(account).trusthub.v1.customer_profiles
    return profiles.create(friendly_name="Acme", email="a@example.com", policy_sid=policy_sid).sid


def make_product(account: TwilioAccount, profile_sid: str) -> trust.Profile:
    return trust.ensure_shaken_product(account, name="shaken", email="a@example.com", profile_sid=profile_sid)


def test_state_before_anything_was_handed_in(twilio: DoubledTwilio) -> None:
    state = trust.read_trust_state(twilio.tenant_account())

    assert (state.business, state.shaken, state.calls_at_once) == (None, None, 2)


@pytest.mark.parametrize(
    ("status", "calls_at_once"), [("in-review", 2), ("twilio-rejected", 2), ("twilio-approved", None)]
)
def test_approved_business_ends_the_limit_of_calls(
    twilio: DoubledTwilio, status: str, calls_at_once: int | None
) -> None:
    account = twilio.tenant_account()
    profile_sid = make_profile(account)
    review(twilio.twilio.store, profile_sid, status)

    state = trust.read_trust_state(account)

    assert state.business
    assert (state.business.sid, state.business.status) == (profile_sid, status)
    assert state.calls_at_once == calls_at_once


def test_individual_has_three_calls(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    review(twilio.twilio.store, make_profile(account, f"RN{'1' * 32}"), "twilio-approved")

    state = trust.read_trust_state(account)

    assert (state.business, state.calls_at_once) == (None, 3)


def test_product_is_made_once_and_handed_in(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    profile_sid = make_profile(account)

    first = make_product(account, profile_sid)
    since = twilio.count
    second = make_product(account, profile_sid)

    assert (first, first.status, first.policy_sid) == (second, trust.PENDING, trust.SHAKEN)
    assert twilio.asked("POST", since=since) == []


def test_product_whose_answer_was_lost_half_way_is_finished(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    profile_sid = make_profile(account)
    twilio.fail(status=503, method="POST", path="EntityAssignments")
    with pytest.raises(TwilioError):
        make_product(account, profile_sid)

    product = make_product(account, profile_sid)

    assert product.status == trust.PENDING
    assert [each.sid for each in trust.read_trust_state(account).products] == [product.sid]


def test_number_is_assigned_to_both_once_and_taken_off(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    profile_sid = make_profile(account)
    product_sid = make_product(account, profile_sid).sid
    number_sid = numbers.buy_number(account, NUMBER, label="").sid
    for _ in range(2):
        trust.assign_number_to_profile(account, profile_sid, number_sid)
        trust.assign_number_to_product(account, product_sid, number_sid)

    assert trust.list_profile_numbers(account, profile_sid) == {number_sid}
    assert trust.list_product_numbers(account, product_sid) == {number_sid}

    for _ in range(2):
        trust.remove_number_from_product(account, product_sid, number_sid)
        trust.remove_number_from_profile(account, profile_sid, number_sid)
    assert trust.list_product_numbers(account, product_sid) == set()
    assert trust.list_profile_numbers(account, profile_sid) == set()


def test_product_takes_no_number_that_the_profile_has_not(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    product_sid = make_product(account, make_profile(account)).sid
    number_sid = numbers.buy_number(account, NUMBER, label="").sid

    with pytest.raises(TwilioError) as refused:
        trust.assign_number_to_product(account, product_sid, number_sid)

    assert refused.value.status == 400


def test_assignment_that_somebody_else_made_meanwhile_is_done(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    twilio.fail(status=409, code=20409, method="POST", path="ChannelEndpointAssignments")
    number_sid = numbers.buy_number(account, NUMBER, label="").sid

    trust.assign_number_to_profile(account, make_profile(account), number_sid)

    assert twilio.asked("POST")[-1].endswith("/ChannelEndpointAssignments")
