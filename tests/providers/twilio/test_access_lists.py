"""IP access control lists and credential lists: made once, made equal, removed."""

from ipaddress import IPv4Network

import pytest

from callsphere.providers.twilio import access_lists, sip_domains
from callsphere.providers.twilio.access_lists import SipCredential
from callsphere.providers.twilio.errors import TwilioError
from tests.twilio_double import DoubledTwilio

OFFICE, BRANCH = IPv4Network("203.0.113.10/32"), IPv4Network("198.51.100.0/24")
PASSWORD, OTHER = "Correct-Horse-7", "Battery-Staple-8"


def test_list_is_made_once(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    first = access_lists.ensure_ip_list(account, name="trunk 1")
    second = access_lists.ensure_ip_list(account, name="trunk 1")

    assert first == second
    assert access_lists.list_ip_lists(account) == [first]


def test_networks_become_those_wanted_and_new_ones_come_first(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_ip_list(account, name="trunk 1")
    access_lists.ensure_networks(account, made.sid, [OFFICE])
    since = twilio.count

    access_lists.ensure_networks(account, made.sid, [BRANCH])

    assert access_lists.list_networks(account, made.sid) == [BRANCH]
    assert [each.partition(" ")[0] for each in twilio.asked(since=since)][:3] == ["GET", "POST", "DELETE"]


def test_networks_that_are_right_are_left_alone(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_ip_list(account, name="trunk 1")
    access_lists.ensure_networks(account, made.sid, [OFFICE, BRANCH])
    since = twilio.count

    access_lists.ensure_networks(account, made.sid, [BRANCH, OFFICE])

    assert [each.partition(" ")[0] for each in twilio.asked(since=since)] == ["GET"]


def test_more_networks_than_a_list_takes(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_ip_list(account, name="trunk 1")
    many = [IPv4Network(f"198.51.100.{last}/32") for last in range(access_lists.MOST_NETWORKS + 1)]

    with pytest.raises(TwilioError) as refused:
        access_lists.ensure_networks(account, made.sid, many)

    assert (refused.value.code, refused.value.problem.name) == (21237, "sip_limit")


def test_credentials_become_those_wanted(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_credential_list(account, name="trunk 1")
    old = [SipCredential("alice", PASSWORD), SipCredential("bob", PASSWORD)]
    access_lists.ensure_credentials(account, made.sid, old, passwords_too=False)

    new = [SipCredential("alice", OTHER), SipCredential("carol", OTHER)]
    access_lists.ensure_credentials(account, made.sid, new, passwords_too=True)

    assert access_lists.list_usernames(account, made.sid) == ["alice", "carol"]
    kept = list(twilio.twilio.store.all("api/SIP/CredentialLists/{CredentialListSid}/Credentials"))
    assert {row["username"]: row["_password"] for row in kept} == {"alice": OTHER, "carol": OTHER}


def test_passwords_are_written_only_when_asked(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_credential_list(account, name="trunk 1")
    alice = [SipCredential("alice", PASSWORD)]
    access_lists.ensure_credentials(account, made.sid, alice, passwords_too=False)
    since = twilio.count

    access_lists.ensure_credentials(account, made.sid, alice, passwords_too=False)

    assert twilio.asked("POST", since=since) == []


def test_weak_password_is_refused_without_being_told(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_credential_list(account, name="trunk 1")
    weak = SipCredential("alice", "hunter2")
    told = "Password hunter2 is too short"
    twilio.fail(status=400, code=21243, message=told, method="POST", path="Credentials.json")

    with pytest.raises(TwilioError) as refused:
        access_lists.ensure_credentials(account, made.sid, [weak], passwords_too=False)

    error = refused.value
    assert (error.problem.name, error.detail) == ("password_too_weak", "Password … is too short")
    assert "hunter2" not in f"{error} {error!r} {error.detail} {weak!r}"


def test_list_in_use_is_not_deleted(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    made = access_lists.ensure_ip_list(account, name="trunk 1")
    settings = sip_domains.DomainSettings("acme-1.sip.twilio.com", "trunk 1")
    domain = sip_domains.ensure_sip_domain(account, settings)
    sip_domains.ensure_domain_lists(account, domain.sid, ip_list_sids=[made.sid])

    with pytest.raises(TwilioError) as refused:
        access_lists.delete_ip_list(account, made.sid)
    assert (refused.value.code, refused.value.problem.name) == (21236, "list_in_use")

    sip_domains.delete_sip_domain(account, domain.sid)
    access_lists.delete_ip_list(account, made.sid)
    access_lists.delete_ip_list(account, made.sid)
    assert access_lists.list_ip_lists(account) == []
