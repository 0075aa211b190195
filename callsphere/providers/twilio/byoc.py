"""Calls out through the customer's own carrier: BYOC trunks, connection policies and their targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import (
    asked_by_post,
    find_or_create,
    make_equal,
    remove,
    to_change,
    to_create,
)
from callsphere.providers.twilio.lists import EVERYTHING

MOST_TARGETS = 10
"""Targets that one connection policy takes."""


@dataclass(frozen=True, slots=True)
class ConnectionPolicy:
    """A list of targets that calls are sent to, in order. `name` is our own id for it."""

    sid: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """One gateway of the carrier: a `sip:` URI. Low `priority` first, shares by `weight` (1 to 65535)."""

    uri: str
    priority: int = 10
    weight: int = 10
    enabled: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class ByocSettings:
    """What a BYOC trunk is to be. Addresses are asked by POST; empty for nothing.

    `from_domain_sid` names the SIP domain whose name stands in From.
    """

    name: str
    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback_url: str = ""
    policy_sid: str = ""
    from_domain_sid: str = ""


@dataclass(frozen=True, slots=True)
class ByocTrunk:
    """A BYOC trunk as Twilio has it."""

    sid: str
    settings: ByocSettings

    @property
    def name(self) -> str:
        """Our own id for it, or what somebody called it."""
        return self.settings.name


def list_connection_policies(account: TwilioAccount) -> list[ConnectionPolicy]:
    """Return the account's connection policies."""
    rows = _voice(account).connection_policies.list(page_size=EVERYTHING)
    return [ConnectionPolicy(row.sid, row.friendly_name or "") for row in rows]


def ensure_connection_policy(account: TwilioAccount, *, name: str) -> ConnectionPolicy:
    """Return the policy of that name, made when there is none."""

    def create() -> ConnectionPolicy:
        row = _voice(account).connection_policies.create(friendly_name=name)
        return ConnectionPolicy(row.sid, row.friendly_name)

    return find_or_create(
        lambda: next((each for each in list_connection_policies(account) if each.name == name), None), create
    )


def rename_connection_policy(account: TwilioAccount, policy_sid: str, name: str) -> None:
    """Give a policy our name again. Raises TwilioError."""
    _voice(account).connection_policies(policy_sid).update(friendly_name=name)


def delete_connection_policy(account: TwilioAccount, policy_sid: str) -> None:
    """Delete a policy with its targets; one that is gone already counts as deleted."""
    remove(_voice(account).connection_policies(policy_sid).delete)


def list_targets(account: TwilioAccount, policy_sid: str) -> list[Target]:
    """Return a policy's targets."""
    return [_target(row) for row in _target_rows(account, policy_sid)]


def ensure_targets(account: TwilioAccount, policy_sid: str, targets: Iterable[Target]) -> None:
    """Make a policy's targets equal to these; each URI occurs once. New ones come before old ones go."""
    rows = _voice(account).connection_policies(policy_sid).targets

    def change(row: Any, target: Target) -> None:
        if _target(row) != target:
            rows(row.sid).update(target=target.uri, **_target_fields(target))

    make_equal(
        {target.uri: target for target in targets},
        {row.target: row for row in _target_rows(account, policy_sid)},
        add=lambda target: rows.create(target=target.uri, **to_create(_target_fields(target))),
        change=change,
        remove=lambda row: remove(rows(row.sid).delete),
    )


def list_byoc_trunks(account: TwilioAccount) -> list[ByocTrunk]:
    """Return the account's BYOC trunks."""
    return [_trunk(row) for row in _voice(account).byoc_trunks.list(page_size=EVERYTHING)]


def ensure_byoc_trunk(account: TwilioAccount, settings: ByocSettings) -> ByocTrunk:
    """Return the BYOC trunk of that name, made or changed to be as the settings say."""
    trunks = _voice(account).byoc_trunks

    def find() -> ByocTrunk | None:
        return next((each for each in list_byoc_trunks(account) if each.settings.name == settings.name), None)

    fields = _trunk_fields(settings)
    there = find_or_create(find, lambda: _trunk(trunks.create(**to_create(fields))))
    return change_byoc_trunk(account, there, settings)


def change_byoc_trunk(account: TwilioAccount, there: ByocTrunk, settings: ByocSettings) -> ByocTrunk:
    """Return a trunk that is there, changed to be as the settings say. Raises TwilioError."""
    if there.settings == settings:
        return there
    changes = to_change(_trunk_fields(settings), _trunk_fields(there.settings))
    return _trunk(_voice(account).byoc_trunks(there.sid).update(**changes))


def delete_byoc_trunk(account: TwilioAccount, trunk_sid: str) -> None:
    """Delete a BYOC trunk; one that is gone already counts as deleted."""
    remove(_voice(account).byoc_trunks(trunk_sid).delete)


def _voice(account: TwilioAccount) -> Any:
    return open_client(account).voice.v1


def _target_rows(account: TwilioAccount, policy_sid: str) -> list[Any]:
    return list(_voice(account).connection_policies(policy_sid).targets.list(page_size=EVERYTHING))


def _target(row: Any) -> Target:
    return Target(row.target, row.priority, row.weight, row.enabled, row.friendly_name or "")


def _target_fields(target: Target) -> dict[str, object]:
    return {
        "priority": target.priority,
        "weight": target.weight,
        "enabled": target.enabled,
        "friendly_name": target.name,
    }


def _trunk(row: Any) -> ByocTrunk:
    settings = ByocSettings(
        name=row.friendly_name or "",
        voice_url=asked_by_post(row.voice_url, row.voice_method),
        voice_fallback_url=asked_by_post(row.voice_fallback_url, row.voice_fallback_method),
        status_callback_url=asked_by_post(row.status_callback_url, row.status_callback_method),
        policy_sid=row.connection_policy_sid or "",
        from_domain_sid=row.from_domain_sid or "",
    )
    return ByocTrunk(row.sid, settings)


def _trunk_fields(settings: ByocSettings) -> dict[str, object]:
    return {
        "friendly_name": settings.name,
        "voice_url": settings.voice_url,
        "voice_method": "POST",
        "voice_fallback_url": settings.voice_fallback_url,
        "voice_fallback_method": "POST",
        "status_callback_url": settings.status_callback_url,
        "status_callback_method": "POST",
        "connection_policy_sid": settings.policy_sid,
        "from_domain_sid": settings.from_domain_sid,
    }
