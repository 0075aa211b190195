"""What Twilio has of one trunk of ours, read in few requests, for finding drift.

Ours is what carries our name, or an id that was remembered: people rename things in Twilio's console.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol, TypeVar

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
    list_trunk_numbers,
    read_trunk_lists,
)
from callsphere.providers.twilio.sip_domains import (
    DomainLists,
    SipDomain,
    list_sip_domains,
    read_domain_lists,
)


class _Named(Protocol):
    @property
    def sid(self) -> str: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True)
class Owner:
    """Which things are ours: those of this name, and those with these ids."""

    name: str
    sids: Collection[str] = ()

    def of(self, found: Iterable[N]) -> list[N]:
        """Return ours, those with a remembered id first."""
        ours = [each for each in found if each.sid in self.sids or each.name == self.name]
        return sorted(ours, key=lambda each: each.sid not in self.sids)


@dataclass(frozen=True, slots=True)
class AccessState:
    """Our lists of who may call; None for one that is not there."""

    ip_list: AccessList | None = None
    networks: frozenset[IPv4Network] = frozenset()
    credential_list: AccessList | None = None
    usernames: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ByocState:
    """What belongs to a trunk that goes through the customer's own carrier; None for what is not there.

    `surplus` holds what is ours twice, by part: an answer was lost once. `is_name_taken`: the account has a
    SIP domain of the wanted name that is none of ours.
    """

    access: AccessState = field(default_factory=AccessState)
    domain: SipDomain | None = None
    domain_lists: DomainLists = field(default_factory=DomainLists)
    byoc_trunk: ByocTrunk | None = None
    policy: ConnectionPolicy | None = None
    targets: tuple[Target, ...] = ()
    surplus: tuple[tuple[str, str], ...] = ()
    is_name_taken: bool = False


@dataclass(frozen=True, slots=True)
class ElasticState:
    """What belongs to an elastic trunk; None for what is not there. `numbers` are ids of phone numbers.

    `surplus` and `is_name_taken` as in ByocState.
    """

    access: AccessState = field(default_factory=AccessState)
    trunk: ElasticTrunk | None = None
    origination_urls: tuple[OriginationUrl, ...] = ()
    trunk_lists: DomainLists = field(default_factory=DomainLists)
    numbers: frozenset[str] = frozenset()
    surplus: tuple[tuple[str, str], ...] = ()
    is_name_taken: bool = False


def read_trunk_state(account: TwilioAccount, owner: Owner, *, domain_name: str = "") -> ByocState:
    """Return all that is ours: five lists, and five more for what is in them.

    Raises TwilioError when any of it cannot be read: half a picture would be taken for drift.
    """
    domains = list_sip_domains(account)
    ours = owner.of(domains)
    policies = owner.of(list_connection_policies(account))
    trunks = owner.of(list_byoc_trunks(account))
    domain = next(iter(ours), None)
    policy = next(iter(policies), None)
    targets = list_targets(account, policy.sid) if policy else []
    surplus = [
        *(("domain", each.sid) for each in ours[1:]),
        *(("byoc_trunk", each.sid) for each in trunks[1:]),
        *(("policy", each.sid) for each in policies[1:]),
    ]
    others = {each.settings.domain_name for each in domains if each not in ours}
    return ByocState(
        access=_read_access(account, owner),
        domain=domain,
        domain_lists=read_domain_lists(account, domain.sid) if domain else DomainLists(),
        byoc_trunk=next(iter(trunks), None),
        policy=policy,
        targets=tuple(sorted(targets, key=lambda target: (target.priority, target.uri))),
        surplus=tuple(surplus),
        is_name_taken=domain_name.lower() in others,
    )


def read_elastic_state(account: TwilioAccount, owner: Owner, *, domain_name: str = "") -> ElasticState:
    """Return the elastic trunk that is ours with all that is on it, in nine requests. Raises TwilioError."""
    trunks = list_elastic_trunks(account)
    ours = owner.of(trunks)
    access = _read_access(account, owner)
    others = {each.settings.domain_name for each in trunks if each not in ours} - {""}
    is_name_taken = domain_name in others
    if not ours:
        return ElasticState(access, is_name_taken=is_name_taken)
    trunk = ours[0]
    urls = list_origination_urls(account, trunk.sid)
    return ElasticState(
        access=access,
        trunk=trunk,
        origination_urls=tuple(sorted(urls, key=lambda url: (url.priority, url.uri))),
        trunk_lists=DomainLists(*read_trunk_lists(account, trunk.sid)),
        numbers=frozenset(list_trunk_numbers(account, trunk.sid)),
        surplus=tuple(("trunk", each.sid) for each in ours[1:]),
        is_name_taken=is_name_taken,
    )


def _read_access(account: TwilioAccount, owner: Owner) -> AccessState:
    ip_list = next(iter(owner.of(list_ip_lists(account))), None)
    credential_list = next(iter(owner.of(list_credential_lists(account))), None)
    return AccessState(
        ip_list=ip_list,
        networks=frozenset(list_networks(account, ip_list.sid)) if ip_list else frozenset(),
        credential_list=credential_list,
        usernames=frozenset(list_usernames(account, credential_list.sid)) if credential_list else frozenset(),
    )
