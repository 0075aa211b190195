"""Differences in words: what it is, what Twilio has, what putting ours and taking theirs would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunks.enums import DifferenceKind, TransferMode
from trunks.provisioning.differences import HIDDEN, Difference
from trunks.provisioning.taking import why_not_taken

_PARTS = {
    "ip_list": "IP access control list",
    "network": "Network",
    "credential_list": "Credential list",
    "credential": "User name",
    "domain": "SIP domain",
    "asked_list": "List of callers",
    "policy": "Connection policy",
    "target": "Target",
    "byoc_trunk": "BYOC trunk",
    "trunk": "Elastic SIP trunk",
    "origination_url": "Origination URL",
    "number": "Phone number",
}
_FIELDS = {
    "name": "name",
    "domain_name": "domain name",
    "voice_url": "address asked about calls",
    "voice_fallback_url": "address asked when the first fails",
    "status_callback_url": "address told how calls went",
    "secure": "TLS with SRTP alone",
    "byoc_trunk_sid": "BYOC trunk asked instead",
    "transfer_mode": "transfers",
    "password": "password",
    "priority": "priority",
    "weight": "weight",
    "enabled": "enabled",
    "policy": "connection policy",
    "from_domain": "SIP domain in From",
}
_LISTS = {"ip_list": "IP access control list", "credential_list": "credential list"}
_PUTS = {
    DifferenceKind.MISSING: "It is made at Twilio.",
    DifferenceKind.EXTRA: "It is taken away at Twilio.",
    DifferenceKind.DIFFERS: "Ours is written there.",
}
_NUMBER_PUTS = {
    DifferenceKind.MISSING: "It is put on the trunk at Twilio.",
    DifferenceKind.EXTRA: "It is taken off the trunk at Twilio.",
}


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """A difference for people. `ours` and `theirs` are "" for nothing; `cannot_take` says why, or is ""."""

    key: str
    part: str
    kind: str
    title: str
    ours: str
    theirs: str
    put: str
    take: str
    cannot_take: str

    @property
    def can_take(self) -> bool:
        """Whether theirs can be taken over."""
        return not self.cannot_take


def shown(difference: Difference) -> ShownDifference:
    """Say a difference in words."""
    cannot = why_not_taken(difference)
    return ShownDifference(
        key=difference.key,
        part=difference.part,
        kind=str(difference.kind),
        title=_title(difference),
        ours=_shown_value(difference, difference.ours),
        theirs=_shown_value(difference, difference.theirs),
        put=(_NUMBER_PUTS if difference.part == "number" else _PUTS)[difference.kind],
        take="" if cannot else _take(difference),
        cannot_take=cannot,
    )


def _title(difference: Difference) -> str:
    part = _PARTS.get(difference.part, difference.part)
    name = _LISTS.get(difference.name, difference.name)
    what = f"{part} {name}".strip()
    if difference.part == "asked_list":
        what = f"The {name}" if difference.name in _LISTS else f"List {name}"
        return f"{what} is not asked" if difference.kind == DifferenceKind.MISSING else f"{what} is asked too"
    if difference.key.startswith("surplus/"):
        return f"{part} {name} is there twice"
    if difference.part == "number":
        there = "is not on the trunk" if difference.kind == DifferenceKind.MISSING else "is on the trunk"
        return f"{what} {there}"
    if difference.kind == DifferenceKind.MISSING:
        return f"{what} is not there"
    if difference.kind == DifferenceKind.EXTRA:
        return f"{what} is there and not wanted"
    if difference.field == "password":
        return f"{what}: the password was changed here"
    return f"{what}: {_FIELDS.get(difference.field, difference.field)}"


def _take(difference: Difference) -> str:
    kind, part = difference.kind, difference.part
    if part in ("target", "origination_url"):
        return {
            DifferenceKind.EXTRA: "A gateway is added here.",
            DifferenceKind.MISSING: "The gateway is switched off here.",
            DifferenceKind.DIFFERS: "The gateway is changed here.",
        }[kind]
    if part == "network":
        added = kind == DifferenceKind.EXTRA
        return "It is added to the allowlist." if added else "It is taken off the allowlist."
    if part == "number":
        return "It is put on the trunk here." if kind == DifferenceKind.EXTRA else "It is taken off here."
    return "The setting is changed here."


def _shown_value(difference: Difference, value: Any) -> str:
    """Numbers are known by ids of Twilio's own, which tell nobody anything."""
    return "on the trunk" if difference.part == "number" and value else _value(value)


def _value(value: Any) -> str:
    if value is None or value == HIDDEN:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, dict):
        off = "" if value.get("enabled", True) else ", switched off"
        return f"priority {value['priority']}, weight {value['weight']}{off}"
    if value in TransferMode.values:
        return str(TransferMode(value).label)
    return str(value)
