"""Elastic SIP trunks, for customers who want plain SIP in and out without our voice addresses.

Numbers on such a trunk ignore their voice addresses, and its calls send no status callbacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import (
    ensure_assigned,
    find_or_create,
    make_equal,
    remove,
    sids_of,
    to_change,
    to_create,
)
from callsphere.providers.twilio.lists import EVERYTHING

TransferMode = Literal["disable-all", "enable-all", "sip-only"]
MOST_ORIGINATION_URLS = 10


@dataclass(frozen=True, slots=True)
class ElasticSettings:
    """What a trunk is to be.

    `domain_name` ends with `.pstn.twilio.com` and is unique in all of Twilio; calls out go there. `secure`
    takes and offers only TLS with SRTP. `disaster_recovery_url` is asked by POST when no origination URL
    answers.
    """

    name: str
    domain_name: str = ""
    secure: bool = False
    transfer_mode: TransferMode = "disable-all"
    cnam_lookup: bool = False
    disaster_recovery_url: str = ""


@dataclass(frozen=True, slots=True)
class ElasticTrunk:
    """A trunk as Twilio has it."""

    sid: str
    settings: ElasticSettings

    @property
    def name(self) -> str:
        """Our own id for it, or what somebody called it."""
        return self.settings.name


@dataclass(frozen=True, slots=True)
class OriginationUrl:
    """Where calls in are sent: a `sip:` URI, without user part for the number that was dialled.

    Low `priority` first (0 to 65535), shares by `weight` (1 to 65535).
    """

    uri: str
    priority: int = 10
    weight: int = 10
    enabled: bool = True
    name: str = ""


def list_elastic_trunks(account: TwilioAccount) -> list[ElasticTrunk]:
    """Return the account's trunks."""
    return [_trunk(row) for row in _trunks(account).list(page_size=EVERYTHING)]


def ensure_elastic_trunk(account: TwilioAccount, settings: ElasticSettings) -> ElasticTrunk:
    """Return the trunk of that name, made or changed to be as the settings say.

    Raises TwilioError: `domain_taken` when another account has the domain name.
    """

    def find() -> ElasticTrunk | None:
        return next(
            (each for each in list_elastic_trunks(account) if each.settings.name == settings.name), None
        )

    fields = _fields(settings)
    there = find_or_create(find, lambda: _trunk(_trunks(account).create(**to_create(fields))))
    return change_elastic_trunk(account, there, settings)


def change_elastic_trunk(
    account: TwilioAccount, there: ElasticTrunk, settings: ElasticSettings
) -> ElasticTrunk:
    """Return a trunk that is there, changed to be as the settings say. Raises TwilioError."""
    if there.settings == settings:
        return there
    changes = to_change(_fields(settings), _fields(there.settings))
    return _trunk(_trunks(account)(there.sid).update(**changes))


def delete_elastic_trunk(account: TwilioAccount, trunk_sid: str) -> None:
    """Delete a trunk; its numbers stay, off any trunk. One that is gone already counts as deleted."""
    remove(_trunks(account)(trunk_sid).delete)


def list_origination_urls(account: TwilioAccount, trunk_sid: str) -> list[OriginationUrl]:
    """Return where a trunk's calls in are sent."""
    rows = _trunks(account)(trunk_sid).origination_urls.list(page_size=EVERYTHING)
    return [_origination_url(row) for row in rows]


def ensure_origination_urls(account: TwilioAccount, trunk_sid: str, urls: Iterable[OriginationUrl]) -> None:
    """Make a trunk's origination URLs equal to these; each URI occurs once."""
    rows = _trunks(account)(trunk_sid).origination_urls

    def change(row: Any, url: OriginationUrl) -> None:
        if _origination_url(row) != url:
            rows(row.sid).update(**_origination_fields(url))

    make_equal(
        {url.uri: url for url in urls},
        {row.sip_url: row for row in rows.list(page_size=EVERYTHING)},
        add=lambda url: rows.create(**_origination_fields(url)),
        change=change,
        remove=lambda row: remove(rows(row.sid).delete),
    )


def ensure_trunk_lists(
    account: TwilioAccount,
    trunk_sid: str,
    *,
    ip_list_sids: Collection[str] = (),
    credential_list_sids: Collection[str] = (),
) -> None:
    """Have a trunk ask exactly these lists for calls out; with both kinds, callers must satisfy both."""
    trunk = _trunks(account)(trunk_sid)
    ensure_assigned(trunk.ip_access_control_lists, "ip_access_control_list_sid", ip_list_sids)
    ensure_assigned(trunk.credentials_lists, "credential_list_sid", credential_list_sids)


def read_trunk_lists(account: TwilioAccount, trunk_sid: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of a trunk's IP access control lists and of its credential lists."""
    trunk = _trunks(account)(trunk_sid)
    return sids_of(trunk.ip_access_control_lists), sids_of(trunk.credentials_lists)


def list_trunk_numbers(account: TwilioAccount, trunk_sid: str) -> list[str]:
    """Return the ids of the phone numbers on a trunk."""
    return [row.sid for row in _trunks(account)(trunk_sid).phone_numbers.list(page_size=EVERYTHING)]


def ensure_trunk_numbers(account: TwilioAccount, trunk_sid: str, number_sids: Collection[str]) -> None:
    """Have exactly these numbers on a trunk; those taken off ask their own addresses again."""
    ensure_assigned(_trunks(account)(trunk_sid).phone_numbers, "phone_number_sid", number_sids)


def _trunks(account: TwilioAccount) -> Any:
    return open_client(account).trunking.v1.trunks


def _trunk(row: Any) -> ElasticTrunk:
    settings = ElasticSettings(
        name=row.friendly_name or "",
        domain_name=row.domain_name or "",
        secure=bool(row.secure),
        transfer_mode=row.transfer_mode,
        cnam_lookup=bool(row.cnam_lookup_enabled),
        disaster_recovery_url=row.disaster_recovery_url or "",
    )
    return ElasticTrunk(row.sid, settings)


def _fields(settings: ElasticSettings) -> dict[str, object]:
    return {
        "friendly_name": settings.name,
        "domain_name": settings.domain_name,
        "secure": settings.secure,
        "transfer_mode": settings.transfer_mode,
        "cnam_lookup_enabled": settings.cnam_lookup,
        "disaster_recovery_url": settings.disaster_recovery_url,
        "disaster_recovery_method": "POST",
    }


def _origination_url(row: Any) -> OriginationUrl:
    name = row.friendly_name or ""
    own = "" if name == _name_for(row.sip_url) else name
    return OriginationUrl(row.sip_url, row.priority, row.weight, row.enabled, own)


def _name_for(uri: str) -> str:
    """Twilio wants a name for each, 64 characters at most."""
    return uri[:64]


def _origination_fields(url: OriginationUrl) -> dict[str, object]:
    return {
        "sip_url": url.uri,
        "priority": url.priority,
        "weight": url.weight,
        "enabled": url.enabled,
        "friendly_name": url.name or _name_for(url.uri),
    }
