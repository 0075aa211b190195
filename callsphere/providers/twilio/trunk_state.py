"""What Twilio has of one trunk of ours, read in few requests, for finding drift."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from callsphere.providers.twilio.access_lists import (
    AccessList,
    list_credential_lists,
    list_ip_lists,
    list_networks,
    list_usernames,
)
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.byoc import (
    ByocTrunk,
    ConnectionPolicy,
    Target,
    list_byoc_trunks,
    list_connection_policies,
    list_targets,
)
from callsphere.providers.twilio.elastic_trunks import (
    ElasticTrunk,
    OriginationUrl,
    list_elastic_trunks,
    list_origination_urls,
    read_trunk_lists,
)
from callsphere.providers.twilio.sip_domains import (
    DomainLists,
    SipDomain,
    list_sip_domains,
    read_domain_lists,
)


@dataclass(frozen=True, slots=True)
class ByocState:
    """What belongs to a trunk that goes through the customer's own carrier; None for what is not there."""

    domain: SipDomain | None
    domain_lists: DomainLists
    ip_list: AccessList | None
    networks: frozenset[IPv4Network]
    credential_list: AccessList | None
    usernames: frozenset[str]
    byoc_trunk: ByocTrunk | None
    policy: ConnectionPolicy | None
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class ElasticState:
    """What belongs to an elastic trunk; None for what is not there."""

    trunk: ElasticTrunk | None
    origination_urls: tuple[OriginationUrl, ...]
    ip_lists: frozenset[str]
    credential_lists: frozenset[str]


def read_trunk_state(account: TwilioAccount, *, name: str, domain_name: str) -> ByocState:
    """Return all that carries our `name`, and the SIP domain: five lists, and five more for what is in them.

    Raises TwilioError when any of it cannot be read: half a picture would be taken for drift.
    """
    domain = next(
        (each for each in list_sip_domains(account) if each.settings.domain_name == domain_name.lower()), None
    )
    ip_list = next((each for each in list_ip_lists(account) if each.name == name), None)
    credential_list = next((each for each in list_credential_lists(account) if each.name == name), None)
    policy = next((each for each in list_connection_policies(account) if each.name == name), None)
    byoc_trunk = next((each for each in list_byoc_trunks(account) if each.settings.name == name), None)
    targets = list_targets(account, policy.sid) if policy else []
    return ByocState(
        domain=domain,
        domain_lists=read_domain_lists(account, domain.sid) if domain else DomainLists(),
        ip_list=ip_list,
        networks=frozenset(list_networks(account, ip_list.sid)) if ip_list else frozenset(),
        credential_list=credential_list,
        usernames=frozenset(list_usernames(account, credential_list.sid)) if credential_list else frozenset(),
        byoc_trunk=byoc_trunk,
        policy=policy,
        targets=tuple(sorted(targets, key=lambda target: (target.priority, target.uri))),
    )


def read_elastic_state(account: TwilioAccount, *, name: str) -> ElasticState:
    """Return the elastic trunk of that name with all that is on it, in four requests."""
    trunk = next((each for each in list_elastic_trunks(account) if each.settings.name == name), None)
    if trunk is None:
        return ElasticState(None, (), frozenset(), frozenset())
    urls = list_origination_urls(account, trunk.sid)
    ip_lists, credential_lists = read_trunk_lists(account, trunk.sid)
    return ElasticState(
        trunk, tuple(sorted(urls, key=lambda url: (url.priority, url.uri))), ip_lists, credential_lists
    )
