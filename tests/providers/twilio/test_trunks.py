"""What a trunk means at Twilio: SIP domain in, BYOC trunk out, or an elastic trunk; and it is read back."""

from ipaddress import IPv4Network

import pytest

from callsphere.providers.twilio import access_lists, byoc, elastic_trunks, numbers, sip_domains, trunk_state
from callsphere.providers.twilio.access_lists import SipCredential
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.byoc import ByocSettings, Target
from callsphere.providers.twilio.elastic_trunks import ElasticSettings, OriginationUrl
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.sip_domains import DomainLists, DomainSettings
from tests.twilio_double import DoubledTwilio

NAME, DOMAIN = "trunk 1", "acme-1.sip.twilio.com"
OURS = trunk_state.Owner(NAME)
VOICE, STATUS = "https://callsphere.example/tw/voice", "https://callsphere.example/tw/status"
TARGETS = [
    Target("sip:gw1.carrier.example:5060", priority=1, weight=70, name="first"),
    Target("sip:gw2.carrier.example;transport=tls", priority=2, weight=30, name="second"),
]


def make_whole_trunk(account: TwilioAccount) -> trunk_state.ByocState:
    """Make everything that a trunk through the customer's carrier needs, twice over, and read it."""
    for _ in range(2):
        policy = byoc.ensure_connection_policy(account, name=NAME)
        byoc.ensure_targets(account, policy.sid, TARGETS)
        trunk = byoc.ensure_byoc_trunk(account, ByocSettings(NAME, VOICE, "", STATUS, policy.sid))
        settings = DomainSettings(DOMAIN, NAME, VOICE, "", STATUS, secure=True, byoc_trunk_sid=trunk.sid)
        domain = sip_domains.ensure_sip_domain(account, settings)
        ip_list = access_lists.ensure_ip_list(account, name=NAME)
        access_lists.ensure_networks(account, ip_list.sid, [IPv4Network("203.0.113.10/32")])
        users = access_lists.ensure_credential_list(account, name=NAME)
        credentials = [SipCredential("alice", "Correct-Horse-7")]
        access_lists.ensure_credentials(account, users.sid, credentials, passwords_too=False)
        sip_domains.ensure_domain_lists(
            account, domain.sid, ip_list_sids=[ip_list.sid], credential_list_sids=[users.sid]
        )
    return trunk_state.read_trunk_state(account, OURS)


def test_whole_trunk_is_made_once_and_read_back(twilio: DoubledTwilio) -> None:
    state = make_whole_trunk(twilio.tenant_account())

    assert state.domain
    assert state.byoc_trunk
    assert state.policy
    assert state.access.ip_list
    assert state.access.credential_list
    assert state.domain.settings == DomainSettings(
        DOMAIN, NAME, VOICE, "", STATUS, secure=True, byoc_trunk_sid=state.byoc_trunk.sid
    )
    assert state.domain_lists == DomainLists(
        frozenset({state.access.ip_list.sid}), frozenset({state.access.credential_list.sid})
    )
    assert state.access.networks == {IPv4Network("203.0.113.10/32")}
    assert state.access.usernames == {"alice"}
    assert state.byoc_trunk.settings.policy_sid == state.policy.sid
    assert state.targets == tuple(TARGETS)


def test_second_making_sends_no_change(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    make_whole_trunk(account)
    since = twilio.count

    make_whole_trunk(account)

    assert {each.partition(" ")[0] for each in twilio.asked(since=since)} == {"GET"}


def test_reading_takes_ten_requests(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    trunk_state.read_trunk_state(account, OURS)
    make_whole_trunk(account)
    since = twilio.count

    trunk_state.read_trunk_state(account, OURS)

    assert twilio.count - since == 10


def test_trunk_that_is_not_there_reads_as_nothing(twilio: DoubledTwilio) -> None:
    state = trunk_state.read_trunk_state(twilio.tenant_account(), OURS)

    assert (state.domain, state.byoc_trunk, state.policy, state.access.ip_list) == (None, None, None, None)
    assert (state.access.networks, state.targets) == (frozenset(), ())


def test_half_a_picture_is_an_error(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    make_whole_trunk(account)
    twilio.fail(status=500, path="/Targets", times=3)

    with pytest.raises(TwilioError) as failed:
        trunk_state.read_trunk_state(account, OURS)

    assert failed.value.problem.name == "twilio_down"


def test_changed_settings_are_written_once(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    state = make_whole_trunk(account)
    assert state.domain
    since = twilio.count

    settings = DomainSettings(DOMAIN, NAME, "https://callsphere.example/other")
    changed = sip_domains.ensure_sip_domain(account, settings)

    assert changed == sip_domains.SipDomain(state.domain.sid, settings)
    assert len(twilio.asked("POST", since=since)) == 1


def test_only_what_differs_is_written(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    byoc.ensure_byoc_trunk(account, ByocSettings(NAME, VOICE, status_callback_url=STATUS))

    changed = byoc.ensure_byoc_trunk(account, ByocSettings(NAME, VOICE))

    assert changed.settings == ByocSettings(NAME, VOICE)
    request = twilio.twilio.exchanges[-1].request
    assert request.form == {"StatusCallbackUrl": [""], "VoiceMethod": ["POST"]}


def test_targets_change_in_place_and_old_ones_go(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    policy = byoc.ensure_connection_policy(account, name=NAME)
    byoc.ensure_targets(account, policy.sid, TARGETS)
    changed = [Target(TARGETS[0].uri, priority=5, enabled=False), Target("sip:gw3.carrier.example")]

    byoc.ensure_targets(account, policy.sid, changed)

    assert byoc.list_targets(account, policy.sid) == changed


def test_target_that_is_no_sip_address(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    policy = byoc.ensure_connection_policy(account, name=NAME)

    with pytest.raises(TwilioError) as refused:
        byoc.ensure_targets(account, policy.sid, [Target("sips:gw1.carrier.example")])

    assert (refused.value.status, refused.value.problem.name) == (400, "request_refused")


def test_domain_name_of_another_customer(twilio: DoubledTwilio) -> None:
    sip_domains.ensure_sip_domain(twilio.tenant_account("acme"), DomainSettings(DOMAIN, NAME))

    with pytest.raises(TwilioError) as refused:
        sip_domains.ensure_sip_domain(twilio.tenant_account("globex"), DomainSettings(DOMAIN, NAME))

    assert refused.value.problem.name == "domain_taken"


def test_policy_in_use_goes_after_its_trunk(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    policy = byoc.ensure_connection_policy(account, name=NAME)
    trunk = byoc.ensure_byoc_trunk(account, ByocSettings(NAME, policy_sid=policy.sid))

    with pytest.raises(TwilioError):
        byoc.delete_connection_policy(account, policy.sid)
    byoc.delete_byoc_trunk(account, trunk.sid)
    byoc.delete_connection_policy(account, policy.sid)
    byoc.delete_connection_policy(account, policy.sid)

    assert byoc.list_connection_policies(account) == []


def test_elastic_trunk_is_made_changed_and_read_back(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    settings = ElasticSettings(NAME, "acme-1.pstn.twilio.com", secure=True, transfer_mode="sip-only")
    urls = [OriginationUrl("sip:pbx.acme.example;transport=tls", priority=1, name="pbx")]
    ip_list = access_lists.ensure_ip_list(account, name=NAME)
    for _ in range(2):
        trunk = elastic_trunks.ensure_elastic_trunk(account, settings)
        elastic_trunks.ensure_origination_urls(account, trunk.sid, urls)
        elastic_trunks.ensure_trunk_lists(account, trunk.sid, ip_list_sids=[ip_list.sid])

    state = trunk_state.read_elastic_state(account, OURS)

    assert state == trunk_state.ElasticState(
        trunk_state.AccessState(ip_list),
        elastic_trunks.ElasticTrunk(trunk.sid, settings),
        tuple(urls),
        DomainLists(frozenset({ip_list.sid})),
    )


def test_elastic_trunk_domain_of_another_customer(twilio: DoubledTwilio) -> None:
    settings = ElasticSettings(NAME, "acme-1.pstn.twilio.com")
    elastic_trunks.ensure_elastic_trunk(twilio.tenant_account("acme"), settings)

    with pytest.raises(TwilioError) as refused:
        elastic_trunks.ensure_elastic_trunk(twilio.tenant_account("globex"), settings)

    assert (refused.value.code, refused.value.problem.name) == (21248, "domain_taken")


def test_more_origination_urls_than_a_trunk_takes(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    trunk = elastic_trunks.ensure_elastic_trunk(account, ElasticSettings(NAME))
    many = [OriginationUrl(f"sip:gw{index}.acme.example") for index in range(11)]

    with pytest.raises(TwilioError) as refused:
        elastic_trunks.ensure_origination_urls(account, trunk.sid, many)

    assert (refused.value.code, refused.value.problem.name) == (21249, "sip_limit")


def test_number_goes_onto_a_trunk_and_off_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    trunk = elastic_trunks.ensure_elastic_trunk(account, ElasticSettings(NAME))
    bought = numbers.buy_number(account, "+14155550101", label="", trunk_sid=trunk.sid)

    pointed = numbers.set_number_urls(account, bought.sid, numbers.NumberUrls(voice=VOICE))
    back = numbers.set_number_trunk(account, bought.sid, trunk.sid)
    elastic_trunks.delete_elastic_trunk(account, trunk.sid)

    assert (bought.trunk_sid, pointed.trunk_sid, back.trunk_sid) == (trunk.sid, "", trunk.sid)
    assert numbers.list_numbers(account)[0].trunk_sid == ""
