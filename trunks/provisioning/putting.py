"""Puts chosen differences right at Twilio, in an order in which nobody is shut out.

Every act looks before it acts, and is announced to `note` before it is sent and yielded when it lasts: a
worker may die at any of these points, and whoever takes over begins at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from callsphere.providers.twilio import access_lists, byoc, elastic_trunks, sip_domains
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.byoc import Target
from callsphere.providers.twilio.elastic_trunks import OriginationUrl
from callsphere.providers.twilio.sip_domains import DomainLists
from callsphere.providers.twilio.trunk_state import AccessState, ByocState, ElasticState
from trunks.enums import DifferenceKind
from trunks.provisioning.differences import Choice, Difference, State
from trunks.provisioning.wanted import Wanted

T = TypeVar("T")
Steps = Generator[str, None, T]
_DELETES: dict[str, Callable[[TwilioAccount, str], None]] = {
    "domain": sip_domains.delete_sip_domain,
    "byoc_trunk": byoc.delete_byoc_trunk,
    "policy": byoc.delete_connection_policy,
    "trunk": elastic_trunks.delete_elastic_trunk,
}


class NameTaken(Exception):
    """The wanted domain name belongs to something else in the account, which is not ours to change."""

    code = "domain_taken"

    def __init__(self) -> None:
        super().__init__("Something else in your Twilio account has this domain name. Choose another name.")


@dataclass(frozen=True)
class Put:
    """What is put where. `picked` are the differences to put right, by key."""

    account: TwilioAccount
    wanted: Wanted
    picked: Mapping[str, Difference]
    note: Callable[[], None]

    def act(self, words: str, do: Callable[[], T]) -> Steps[T]:
        """Do one thing that lasts."""
        self.note()
        done = do()
        yield words
        return done

    def fields(self, part: str, names: Collection[str]) -> dict[str, Any]:
        """Return what is picked of a part's settings, as they are to be."""
        picked = (self.picked.get(f"{part}/{name}") for name in names)
        return {each.field: each.ours for each in picked if each}

    def is_picked(self, key: str, kind: DifferenceKind | None = None) -> bool:
        """Whether a difference is to be put right, of that kind if one is named."""
        found = self.picked.get(key)
        return found is not None and kind in (None, found.kind)


def put_right(
    account: TwilioAccount,
    wanted: Wanted,
    seen: State,
    found: list[Difference],
    choice: Choice,
    note: Callable[[], None],
) -> Iterator[str]:
    """Put what is chosen of the differences found right. Yields after each act that lasts.

    Raises TwilioError, NameTaken, and what `note` raises when somebody else has the work by now.
    """
    picked = {each.key: each for each in found if choice.covers(each)}
    put = Put(account, wanted, picked, note)
    main = "trunk" if isinstance(seen, ElasticState) else "domain"
    if seen.is_name_taken and (put.is_picked(main) or put.is_picked(f"{main}/domain_name")):
        raise NameTaken
    ip_list, logins = yield from _put_access(put, seen.access)
    if isinstance(seen, ElasticState):
        yield from _put_elastic(put, seen, ip_list, logins)
    else:
        yield from _put_byoc(put, seen, ip_list, logins)
    for part, sid in seen.surplus:
        if put.is_picked(f"surplus/{sid}"):
            yield from put.act("surplus removed", partial(_DELETES[part], account, sid))
    yield from _drop_access(put, seen.access)


def _put_access(put: Put, seen: AccessState) -> Steps[tuple[str, str]]:
    """Put the lists of who may call; return the ids of those that there are, empty for none."""
    ip_list = seen.ip_list.sid if seen.ip_list else ""
    logins = seen.credential_list.sid if seen.credential_list else ""
    if put.wanted.networks is not None:
        ip_list = yield from _put_ip_list(put, seen, ip_list)
    if put.wanted.credentials is not None:
        logins = yield from _put_credentials(put, seen, logins)
    return ip_list, logins


def _put_ip_list(put: Put, seen: AccessState, sid: str) -> Steps[str]:
    account, name = put.account, put.wanted.name
    if not sid and put.is_picked("ip_list"):
        made = yield from put.act("IP list made", lambda: access_lists.ensure_ip_list(account, name=name))
        sid = made.sid
    elif not sid:
        return sid
    if put.is_picked("ip_list/name"):
        yield from put.act("IP list renamed", lambda: access_lists.rename_ip_list(account, sid, name))
    target = _mix(put, "ip_list", put.wanted.networks or frozenset(), seen.networks)
    if target != seen.networks:
        yield from put.act("networks put", lambda: access_lists.ensure_networks(account, sid, target))
    return sid


def _put_credentials(put: Put, seen: AccessState, sid: str) -> Steps[str]:
    account, name, wanted = put.account, put.wanted.name, put.wanted.credentials or {}
    if not sid and put.is_picked("credential_list"):
        made = yield from put.act(
            "credential list made", lambda: access_lists.ensure_credential_list(account, name=name)
        )
        sid = made.sid
    elif not sid:
        return sid
    if put.is_picked("credential_list/name"):
        yield from put.act(
            "credential list renamed", lambda: access_lists.rename_credential_list(account, sid, name)
        )
    target = _mix(put, "credential_list", frozenset(wanted), seen.usernames)
    # One that is there from an attempt whose end nobody saw may have another password.
    passwords = {each for each in wanted if put.is_picked(f"credential_list/{each}/password")}
    again = passwords | (target & frozenset(wanted)) - seen.usernames
    if target != seen.usernames or passwords:
        yield from put.act(
            "credentials put",
            lambda: access_lists.ensure_credentials(
                account,
                sid,
                [wanted[each] for each in sorted(target & frozenset(wanted))],
                passwords_too=again,
                keep=target - frozenset(wanted),
            ),
        )
    return sid


def _drop_access(put: Put, seen: AccessState) -> Iterator[str]:
    account = put.account
    if seen.ip_list and put.is_picked("ip_list", DifferenceKind.EXTRA):
        sid = seen.ip_list.sid
        yield from put.act("IP list removed", lambda: access_lists.delete_ip_list(account, sid))
    if seen.credential_list and put.is_picked("credential_list", DifferenceKind.EXTRA):
        logins = seen.credential_list.sid
        yield from put.act(
            "credential list removed", lambda: access_lists.delete_credential_list(account, logins)
        )


def _put_byoc(put: Put, seen: ByocState, ip_list: str, logins: str) -> Iterator[str]:
    policy = yield from _put_policy(put, seen)
    domain = yield from _put_domain(put, seen, ip_list, logins)
    keeps_domain = "" if put.is_picked("domain", DifferenceKind.EXTRA) else domain
    yield from _put_byoc_trunk(put, seen, policy, keeps_domain)
    account = put.account
    for part, there in (("byoc_trunk", seen.byoc_trunk), ("policy", seen.policy), ("domain", seen.domain)):
        if there and put.is_picked(part, DifferenceKind.EXTRA):
            yield from put.act(f"{part} removed", partial(_DELETES[part], account, there.sid))


def _put_policy(put: Put, seen: ByocState) -> Steps[str]:
    account, name = put.account, put.wanted.name
    sid = seen.policy.sid if seen.policy else ""
    if put.wanted.targets is None:
        return sid
    if not sid and put.is_picked("policy"):
        made = yield from put.act("policy made", lambda: byoc.ensure_connection_policy(account, name=name))
        sid = made.sid
    elif not sid:
        return sid
    if put.is_picked("policy/name"):
        yield from put.act("policy renamed", lambda: byoc.rename_connection_policy(account, sid, name))
    target = _mix_targets(put, "policy", seen.targets)
    if set(target) != set(seen.targets):
        yield from put.act("targets put", lambda: byoc.ensure_targets(account, sid, target))
    return sid


def _put_domain(put: Put, seen: ByocState, ip_list: str, logins: str) -> Steps[str]:
    account, settings, there = put.account, put.wanted.domain, seen.domain
    if settings is None:
        return there.sid if there else ""
    asked = seen.domain_lists
    if there is None:
        if not put.is_picked("domain"):
            return ""
        there = yield from put.act("domain made", lambda: sip_domains.ensure_sip_domain(account, settings))
    else:
        changed = replace(there.settings, **put.fields("domain", _names_of(settings)))
        if changed != there.settings:
            was = there
            yield from put.act("domain changed", lambda: sip_domains.change_sip_domain(account, was, changed))
    target = _asked(put, "domain", asked, ip_list, logins)
    if target != asked:
        sid = there.sid
        yield from put.act(
            "domain asks lists",
            lambda: sip_domains.ensure_domain_lists(
                account, sid, ip_list_sids=target.ip_lists, credential_list_sids=target.credential_lists
            ),
        )
    return there.sid


def _put_byoc_trunk(put: Put, seen: ByocState, policy: str, domain: str) -> Iterator[str]:
    account, settings, there = put.account, put.wanted.byoc_trunk, seen.byoc_trunk
    if settings is None:
        return
    if there is None:
        if put.is_picked("byoc_trunk"):
            whole = replace(settings, policy_sid=policy, from_domain_sid=domain)
            yield from put.act("BYOC trunk made", lambda: byoc.ensure_byoc_trunk(account, whole))
        return
    changed = replace(there.settings, **put.fields("byoc_trunk", _names_of(settings)))
    if put.is_picked("policy", DifferenceKind.MISSING) or put.is_picked("byoc_trunk/policy"):
        changed = replace(changed, policy_sid=policy)
    if put.is_picked("domain") or put.is_picked("byoc_trunk/from_domain"):
        changed = replace(changed, from_domain_sid=domain)
    if changed != there.settings:
        yield from put.act("BYOC trunk changed", lambda: byoc.change_byoc_trunk(account, there, changed))


def _put_elastic(put: Put, seen: ElasticState, ip_list: str, logins: str) -> Iterator[str]:
    account, settings, there = put.account, put.wanted.elastic, seen.trunk
    if settings is None:
        return
    if there is None:
        if not put.is_picked("trunk"):
            return
        there = yield from put.act(
            "trunk made", lambda: elastic_trunks.ensure_elastic_trunk(account, settings)
        )
    else:
        changed = replace(there.settings, **put.fields("trunk", _names_of(settings)))
        if changed != there.settings:
            was = there
            yield from put.act(
                "trunk changed", lambda: elastic_trunks.change_elastic_trunk(account, was, changed)
            )
    sid = there.sid
    urls = [OriginationUrl(*_parts(each)) for each in _mix_targets(put, "trunk", seen.origination_urls)]
    if set(urls) != set(seen.origination_urls):
        yield from put.act(
            "origination URLs put", lambda: elastic_trunks.ensure_origination_urls(account, sid, urls)
        )
    lists = _asked(put, "trunk", seen.trunk_lists, ip_list, logins)
    if lists != seen.trunk_lists:
        yield from put.act(
            "trunk asks lists",
            lambda: elastic_trunks.ensure_trunk_lists(
                account, sid, ip_list_sids=lists.ip_lists, credential_list_sids=lists.credential_lists
            ),
        )
    numbers = _mix(put, "trunk", frozenset(put.wanted.numbers), seen.numbers)
    if numbers != seen.numbers:
        yield from put.act("numbers put", lambda: elastic_trunks.ensure_trunk_numbers(account, sid, numbers))


def _names_of(settings: Any) -> tuple[str, ...]:
    return tuple(settings.__dataclass_fields__)


def _mix(put: Put, place: str, ours: frozenset[T], theirs: frozenset[T]) -> frozenset[T]:
    """Return theirs with what is picked made ours. With the place itself, all in it is picked."""
    is_new = put.is_picked(place, DifferenceKind.MISSING)
    picked = {each for each in ours ^ theirs if is_new or put.is_picked(f"{place}/{each}")}
    return (theirs - picked) | (ours & picked)


def _mix_targets(
    put: Put, place: str, theirs: tuple[Target, ...] | tuple[OriginationUrl, ...]
) -> list[Target]:
    """Return theirs with what is picked made ours. Names there are theirs to choose."""
    ours = {each.uri: each for each in put.wanted.targets or ()}
    there = {each.uri: Target(*_parts(each)) for each in theirs}
    result = []
    for uri in _mix(put, place, frozenset(ours), frozenset(there)):
        if uri not in there:
            result.append(ours[uri])
        else:
            changes = put.fields(f"{place}/{uri}", ("priority", "weight", "enabled"))
            result.append(replace(there[uri], **changes))
    return sorted(result, key=lambda each: (each.priority, each.uri))


def _parts(each: Target | OriginationUrl) -> tuple[str, int, int, bool, str]:
    return each.uri, each.priority, each.weight, each.enabled, each.name


def _asked(put: Put, place: str, asked: DomainLists, ip_list: str, logins: str) -> DomainLists:
    return DomainLists(
        _asked_of_one(put, place, "ip_list", asked.ip_lists, ip_list),
        _asked_of_one(put, place, "credential_list", asked.credential_lists, logins),
    )


def _asked_of_one(put: Put, place: str, part: str, asked: frozenset[str], own: str) -> frozenset[str]:
    """Return which lists of one kind are to be asked. A list or a place that is new goes with the other."""
    is_wanted = (put.wanted.networks if part == "ip_list" else put.wanted.credentials) is not None
    kept = {each for each in asked if each == own or not put.is_picked(f"{place}/{each}")}
    keys = (f"{place}/{part}", part, place)
    if own and is_wanted and any(put.is_picked(key, DifferenceKind.MISSING) for key in keys):
        kept.add(own)
    elif own and not is_wanted and any(put.is_picked(key) for key in keys):
        kept.discard(own)
    return frozenset(kept)
