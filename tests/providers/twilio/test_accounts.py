"""A subaccount for each tenant: found before made, opened with a key of its own, suspended and closed."""

import pytest

from callsphere.providers.twilio import accounts
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.byoc import ensure_connection_policy
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.numbers import buy_number, list_numbers
from tests.twilio_double import DoubledTwilio


def test_subaccount_is_made_once(twilio: DoubledTwilio) -> None:
    first = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")
    second = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")
    other = accounts.find_or_create_subaccount(twilio.parent, name="tenant 2")

    assert first == second
    assert (first.name, first.status) == ("tenant 1", "active")
    assert other.sid != first.sid
    assert twilio.asked("POST") == ["POST api.twilio.com/2010-04-01/Accounts.json"] * 2


def test_subaccount_whose_answer_was_lost_is_found(twilio: DoubledTwilio) -> None:
    twilio.fail(kind="lose", method="POST", path="/Accounts.json")

    found = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")

    assert found.name == "tenant 1"
    assert len(twilio.asked("POST")) == 1


def test_closed_subaccount_is_not_found_again(twilio: DoubledTwilio) -> None:
    first = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")
    accounts.close_subaccount(twilio.parent, first.sid)

    second = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")

    assert second.sid != first.sid
    with pytest.raises(TwilioError) as refused:
        accounts.activate_subaccount(twilio.parent, first.sid)
    assert (refused.value.code, refused.value.problem.name) == (21479, "account_status_refused")


def test_closing_releases_the_numbers(twilio: DoubledTwilio) -> None:
    acme, globex = twilio.tenant_account("acme"), twilio.tenant_account("globex")
    buy_number(acme, "+14155550101", label="")

    accounts.close_subaccount(twilio.parent, acme.account_sid)

    assert buy_number(globex, "+14155550101", label="").number == "+14155550101"
    with pytest.raises(TwilioError) as refused:
        list_numbers(acme)
    assert refused.value.problem.name == "account_inactive"


def test_key_opens_what_the_parent_cannot(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    ensure_connection_policy(account, name="trunk 1")

    # The parent reaches the subaccount on api.twilio.com alone: what it makes elsewhere is its own.
    as_parent = TwilioAccount(account.account_sid, twilio.parent.key_sid, twilio.parent.key_secret)
    assert list_numbers(as_parent) == []
    since = twilio.count
    ensure_connection_policy(as_parent, name="trunk 1")

    assert twilio.asked("POST", since=since) == ["POST voice.twilio.com/v1/ConnectionPolicies"]


def test_making_a_key_again_leaves_one(twilio: DoubledTwilio) -> None:
    subaccount = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")
    old = accounts.create_key(subaccount.opened_by_token(), name="callsphere")
    new = accounts.create_key(subaccount.opened_by_token(), name="callsphere")

    assert accounts.key_works(new)
    assert not accounts.key_works(old)


def test_key_does_not_manage_accounts(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    with pytest.raises(TwilioError) as refused:
        accounts.read_account(account)

    assert (refused.value.status, refused.value.problem.who) == (401, "operator")


def test_suspended_account_answers_nothing_until_it_is_active_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    accounts.suspend_subaccount(twilio.parent, account.account_sid)

    with pytest.raises(TwilioError) as refused:
        list_numbers(account)
    assert refused.value.problem.name == "account_inactive"

    accounts.activate_subaccount(twilio.parent, account.account_sid)
    assert list_numbers(account) == []


def test_setting_the_status_it_has_sends_nothing(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    accounts.suspend_subaccount(twilio.parent, account.account_sid)
    since = twilio.count

    accounts.suspend_subaccount(twilio.parent, account.account_sid)

    assert twilio.asked("POST", since=since) == []


def test_subaccounts_have_no_subaccounts(twilio: DoubledTwilio) -> None:
    subaccount = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")

    with pytest.raises(TwilioError) as refused:
        accounts.find_or_create_subaccount(subaccount.opened_by_token(), name="below")

    assert refused.value.problem.name == "subaccount_of_subaccount"


def test_nothing_shows_a_secret(twilio: DoubledTwilio) -> None:
    subaccount = accounts.find_or_create_subaccount(twilio.parent, name="tenant 1")
    account = accounts.create_key(subaccount.opened_by_token(), name="callsphere")

    shown = f"{subaccount!r} {subaccount} {account!r} {account} {[account]}"

    assert account.key_secret not in shown
    assert subaccount.auth_token not in shown
    assert account.key_sid in shown
