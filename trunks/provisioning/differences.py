"""How Twilio differs from what is wanted, in typed differences that people are shown and may choose among."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from callsphere.providers.twilio.byoc import ByocSettings, Target
from callsphere.providers.twilio.elastic_trunks import ElasticSettings, OriginationUrl
from callsphere.providers.twilio.sip_domains import DomainLists, DomainSettings
from callsphere.providers.twilio.trunk_state import AccessState, ByocState, ElasticState
from trunks.enums import DifferenceKind
from trunks.provisioning.wanted import Wanted

MISSING, EXTRA, DIFFERS = DifferenceKind.MISSING, DifferenceKind.EXTRA, DifferenceKind.DIFFERS
HIDDEN = "[hidden]"
State = ByocState | ElasticState


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which Twilio differs. `key` names it, and stays the same while it is there.

    `part` is what kind of thing at Twilio, `name` which of them, `field` which of its settings. A difference
    that is part of making another is covered when one of its `parents` is chosen.
    """

    key: str
    part: str
    kind: DifferenceKind
    name: str = ""
    field: str = ""
    ours: Any = None
    theirs: Any = None
    parents: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        """The difference as it is stored."""
        return {**asdict(self), "kind": str(self.kind), "parents": list(self.parents)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Difference:
        """Return what `as_json` stored."""
        kept = {each.name: stored[each.name] for each in fields(cls)}
        return cls(**{**kept, "kind": DifferenceKind(kept["kind"]), "parents": tuple(kept["parents"])})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which differences are chosen: those with one of these keys; without any, all."""

    keys: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether all are chosen."""
        return not self.keys

    def covers(self, difference: Difference) -> bool:
        """Whether it is chosen, or part of something that is."""
        return not self.keys or not self.keys.isdisjoint({difference.key, *difference.parents})


def fingerprint_of(differences: list[Difference]) -> str:
    """Return a name for a plan: another one when anything in it is another."""
    text = json.dumps([each.as_json for each in differences], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def compare(wanted: Wanted, seen: State, put_passwords: Mapping[str, str]) -> list[Difference]:
    """Return how what was seen differs from what is wanted, in the order in which people read it.

    `put_passwords` are hashes of the passwords that were put there last.
    """
    access = seen.access
    found = [*_on_ip_list(wanted, access), *_on_credentials(wanted, access, put_passwords)]
    if isinstance(seen, ElasticState):
        found += _on_elastic(wanted, seen)
    else:
        found += [*_on_domain(wanted, seen), *_on_policy(wanted, seen), *_on_byoc_trunk(wanted, seen)]
    found += [Difference(f"surplus/{sid}", part, EXTRA, name=sid, theirs=sid) for part, sid in seen.surplus]
    return found


def _on_ip_list(wanted: Wanted, seen: AccessState) -> Iterator[Difference]:
    ours = None if wanted.networks is None else sorted(wanted.networks)
    if ours is None or seen.ip_list is None:
        told = None if ours is None else [str(each) for each in ours]
        yield from _presence("ip_list", told, seen.ip_list and sorted(map(str, seen.networks)))
        return
    yield from _renamed("ip_list", wanted.name, seen.ip_list.name)
    for each in ours:
        if each not in seen.networks:
            yield Difference(f"ip_list/{each}", "network", MISSING, str(each), ours=str(each), parents=_IP)
    for each in sorted(seen.networks):
        if each not in ours:
            yield Difference(f"ip_list/{each}", "network", EXTRA, str(each), theirs=str(each), parents=_IP)


def _on_credentials(wanted: Wanted, seen: AccessState, put: Mapping[str, str]) -> Iterator[Difference]:
    ours = None if wanted.credentials is None else sorted(wanted.credentials)
    if ours is None or seen.credential_list is None:
        yield from _presence("credential_list", ours, seen.credential_list and sorted(seen.usernames))
        return
    yield from _renamed("credential_list", wanted.name, seen.credential_list.name)
    for name in ours:
        key = f"credential_list/{name}"
        if name not in seen.usernames:
            yield Difference(key, "credential", MISSING, name, ours=name, parents=_LOGINS)
        elif put.get(name) != wanted.password_hashes[name]:
            hidden = {"ours": HIDDEN, "theirs": HIDDEN}
            yield Difference(
                f"{key}/password", "credential", DIFFERS, name, "password", parents=_LOGINS, **hidden
            )
    for name in sorted(seen.usernames - set(ours)):
        key = f"credential_list/{name}"
        yield Difference(key, "credential", EXTRA, name, theirs=name, parents=_LOGINS)


def _on_domain(wanted: Wanted, seen: ByocState) -> Iterator[Difference]:
    there = seen.domain
    if wanted.domain is None or there is None:
        yield from _presence(
            "domain",
            wanted.domain and wanted.domain.domain_name,
            there and there.settings.domain_name,
            name=wanted.domain_name if there is None else there.settings.domain_name,
        )
        return
    yield from _fields("domain", wanted.domain, there.settings, _DOMAIN_FIELDS)
    yield from _asked_lists("domain", wanted, seen.access, seen.domain_lists)


def _on_policy(wanted: Wanted, seen: ByocState) -> Iterator[Difference]:
    if wanted.targets is None or seen.policy is None:
        told = None if wanted.targets is None else [each.uri for each in wanted.targets]
        yield from _presence("policy", told, seen.policy and [each.uri for each in seen.targets])
        return
    yield from _renamed("policy", wanted.name, seen.policy.name)
    yield from _targets("policy", "target", wanted.targets, seen.targets)


def _on_byoc_trunk(wanted: Wanted, seen: ByocState) -> Iterator[Difference]:
    there = seen.byoc_trunk
    if wanted.byoc_trunk is None or there is None:
        yield from _presence(
            "byoc_trunk", wanted.byoc_trunk and wanted.name, there and (there.settings.name or there.sid)
        )
        return
    yield from _fields("byoc_trunk", wanted.byoc_trunk, there.settings, _BYOC_FIELDS)
    for field, sid, ours, parents in (
        ("policy", there.settings.policy_sid, seen.policy, ("policy",)),
        ("from_domain", there.settings.from_domain_sid, wanted.domain and seen.domain, ("domain",)),
    ):
        if sid != (ours.sid if ours else ""):
            yield Difference(
                f"byoc_trunk/{field}",
                "byoc_trunk",
                DIFFERS,
                wanted.name,
                field,
                ours.sid if ours else "",
                sid,
                ("byoc_trunk", *parents),
            )


def _on_elastic(wanted: Wanted, seen: ElasticState) -> Iterator[Difference]:
    there = seen.trunk
    if wanted.elastic is None or there is None:
        yield from _presence(
            "trunk",
            wanted.elastic and wanted.elastic.domain_name,
            there and there.settings.domain_name,
            name=wanted.domain_name,
        )
        return
    yield from _fields("trunk", wanted.elastic, there.settings, _ELASTIC_FIELDS)
    yield from _targets("trunk", "origination_url", wanted.targets or (), seen.origination_urls)
    yield from _asked_lists("trunk", wanted, seen.access, seen.trunk_lists)
    for sid in sorted({*wanted.numbers} - seen.numbers):
        number = wanted.numbers[sid]
        yield Difference(f"trunk/{sid}", "number", MISSING, number, ours=sid, parents=("trunk",))
    for sid in sorted(seen.numbers - {*wanted.numbers}):
        yield Difference(f"trunk/{sid}", "number", EXTRA, sid, theirs=sid, parents=("trunk",))


def _presence(part: str, ours: Any, theirs: Any, *, name: str = "") -> Iterator[Difference]:
    if ours is not None and theirs is None:
        yield Difference(part, part, MISSING, name, ours=ours)
    elif ours is None and theirs is not None:
        yield Difference(part, part, EXTRA, name, theirs=theirs)


def _renamed(part: str, ours: str, theirs: str) -> Iterator[Difference]:
    if ours != theirs:
        yield Difference(f"{part}/name", part, DIFFERS, "", "name", ours, theirs, (part,))


def _fields(
    part: str,
    ours: DomainSettings | ByocSettings | ElasticSettings,
    theirs: DomainSettings | ByocSettings | ElasticSettings,
    names: tuple[str, ...],
) -> Iterator[Difference]:
    shown = getattr(theirs, "domain_name", "")
    for each in names:
        wanted, there = getattr(ours, each), getattr(theirs, each)
        if wanted != there:
            yield Difference(f"{part}/{each}", part, DIFFERS, shown, each, wanted, there, (part,))


def _targets(
    place: str, part: str, ours: tuple[Target, ...], theirs: Sequence[Target | OriginationUrl]
) -> Iterator[Difference]:
    there = {each.uri: _order(each) for each in theirs}
    for uri, order in ((each.uri, _order(each)) for each in ours):
        key = f"{place}/{uri}"
        if uri not in there:
            yield Difference(key, part, MISSING, uri, ours=order, parents=(place,))
            continue
        for field, value in order.items():
            if there[uri][field] != value:
                found = there[uri][field]
                yield Difference(f"{key}/{field}", part, DIFFERS, uri, field, value, found, (place, key))
    for uri in sorted(set(there) - {each.uri for each in ours}):
        yield Difference(f"{place}/{uri}", part, EXTRA, uri, theirs=there[uri], parents=(place,))


def _order(each: Target | OriginationUrl) -> dict[str, Any]:
    return {"priority": each.priority, "weight": each.weight, "enabled": each.enabled}


def _asked_lists(place: str, wanted: Wanted, access: AccessState, asked: DomainLists) -> Iterator[Difference]:
    """Which lists a domain or trunk asks. With a list that is not there yet, asking is part of making it."""
    for part, there, is_wanted, sids in (
        ("ip_list", access.ip_list, wanted.networks is not None, asked.ip_lists),
        ("credential_list", access.credential_list, wanted.credentials is not None, asked.credential_lists),
    ):
        own = there.sid if there else ""
        key, parents = f"{place}/{part}", (place, part)
        if is_wanted and there and own not in sids:
            yield Difference(key, "asked_list", MISSING, part, ours=own, parents=parents)
        elif own in sids and not is_wanted:
            yield Difference(key, "asked_list", EXTRA, part, theirs=own, parents=parents)
        for sid in sorted(sids - {own}):
            yield Difference(f"{place}/{sid}", "asked_list", EXTRA, sid, theirs=sid, parents=(place,))


_IP, _LOGINS = ("ip_list",), ("credential_list",)
_URLS = ("voice_url", "voice_fallback_url", "status_callback_url")
_DOMAIN_FIELDS = ("domain_name", "name", *_URLS, "secure", "byoc_trunk_sid")
_BYOC_FIELDS = ("name", *_URLS)
_ELASTIC_FIELDS = ("domain_name", "name", "secure", "transfer_mode")
