"""Phone numbers: searching, buying, pointing and releasing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import find_or_create, remove
from callsphere.providers.twilio.lists import EVERYTHING

NumberKind = Literal["local", "toll_free", "mobile", "national"]
LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True)
class Country:
    """A country whose numbers Twilio sells, and the kinds of them."""

    code: str
    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberSearch:
    """What to look for. `country` is ISO 3166 alpha-2; `contains` takes digits, letters and `*`, 2 at least.

    `area_code` is for the US and Canada. `without_address` leaves out numbers that ask for one.
    """

    country: str
    kind: NumberKind = "local"
    area_code: int | None = None
    contains: str = ""
    region: str = ""
    locality: str = ""
    voice: bool = True
    sms: bool = False
    mms: bool = False
    without_address: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True)
class AvailableNumber:
    """A number for sale. `address` says which address the law asks for: none, any, local or foreign."""

    number: str
    country: str
    kind: NumberKind
    locality: str
    region: str
    address: str
    voice: bool
    sms: bool
    mms: bool


@dataclass(frozen=True, slots=True)
class NumberUrls:
    """What Twilio asks by POST when the number is called or gets a message; empty for nothing.

    Ignored by Twilio while the number is on an elastic trunk.
    """

    voice: str = ""
    voice_fallback: str = ""
    status_callback: str = ""
    sms: str = ""


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number of the account, as Twilio has it."""

    sid: str
    number: str
    label: str
    urls: NumberUrls
    trunk_sid: str
    voice: bool
    sms: bool
    mms: bool
    address: str
    address_sid: str
    bundle_sid: str
    emergency_active: bool
    emergency_address_sid: str
    emergency_address_status: str
    bought_at: datetime | None


def list_countries(account: TwilioAccount) -> list[Country]:
    """Return the countries whose numbers are sold to this account."""
    rows = _own(account).available_phone_numbers.list(page_size=EVERYTHING)
    return [Country(row.country_code, row.country, tuple(row.subresource_uris)) for row in rows]


def search_numbers(account: TwilioAccount, search: NumberSearch) -> list[AvailableNumber]:
    """Return numbers for sale, none when the country is not sold at all is a TwilioError of status 404."""
    shelf = getattr(_own(account).available_phone_numbers(search.country), search.kind)
    rows = shelf.list(limit=search.limit, page_size=search.limit, **dict(_search_fields(search)))
    return [_available(row, search.kind) for row in rows]


def find_number(account: TwilioAccount, number: str) -> OwnedNumber | None:
    """Return the account's number, or None. Twilio's own search also finds parts of numbers."""
    rows = _own(account).incoming_phone_numbers.list(phone_number=number, page_size=EVERYTHING)
    return next((_owned(row) for row in rows if row.phone_number == number), None)


def list_numbers(account: TwilioAccount) -> list[OwnedNumber]:
    """Return every number of the account."""
    return [_owned(row) for row in _own(account).incoming_phone_numbers.list(page_size=EVERYTHING)]


def buy_number(
    account: TwilioAccount,
    number: str,
    *,
    label: str,
    urls: NumberUrls | None = None,
    trunk_sid: str = "",
    address_sid: str = "",
    bundle_sid: str = "",
) -> OwnedNumber:
    """Buy a number (E.164), unless the account has it already.

    Raises TwilioError: `number_gone` when somebody else was quicker, `address_required` and
    `bundle_required` when the law asks for papers; with `outcome_unknown` it may have been bought, so find
    it before another try.
    """
    chosen = {"trunk_sid": trunk_sid, "address_sid": address_sid, "bundle_sid": bundle_sid}
    fields = {name: value for name, value in chosen.items() if value} | _url_fields(urls or NumberUrls())
    return find_or_create(
        lambda: find_number(account, number),
        lambda: _owned(
            _own(account).incoming_phone_numbers.create(phone_number=number, friendly_name=label, **fields)
        ),
    )


def label_number(account: TwilioAccount, number_sid: str, label: str) -> OwnedNumber:
    """Give a number another label, at most 64 characters."""
    return _update(account, number_sid, friendly_name=label)


def set_number_urls(account: TwilioAccount, number_sid: str, urls: NumberUrls) -> OwnedNumber:
    """Say whom Twilio asks about calls and messages; takes the number off a trunk, which would ignore it."""
    return _update(account, number_sid, trunk_sid="", **_url_fields(urls, empty_too=True))


def set_number_trunk(account: TwilioAccount, number_sid: str, trunk_sid: str) -> OwnedNumber:
    """Put a number on an elastic trunk; an empty id takes it off."""
    return _update(account, number_sid, trunk_sid=trunk_sid)


def set_emergency_address(account: TwilioAccount, number_sid: str, address_sid: str) -> OwnedNumber:
    """Register the address that emergency calls from the number are sent to; an empty id ends that."""
    status = "Active" if address_sid else "Inactive"
    return _update(account, number_sid, emergency_status=status, emergency_address_sid=address_sid)


def release_number(account: TwilioAccount, number_sid: str) -> None:
    """Give a number back. One that is gone already counts as released."""
    remove(_own(account).incoming_phone_numbers(number_sid).delete)


def _own(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid)


def _update(account: TwilioAccount, number_sid: str, **fields: object) -> OwnedNumber:
    return _owned(_own(account).incoming_phone_numbers(number_sid).update(**fields))


def _search_fields(search: NumberSearch) -> Iterator[tuple[str, object]]:
    for name in ("area_code", "contains"):
        if getattr(search, name):
            yield name, getattr(search, name)
    for name in ("region", "locality"):
        if getattr(search, name):
            yield f"in_{name}", getattr(search, name)
    for name in ("voice", "sms", "mms"):
        if getattr(search, name):
            yield f"{name}_enabled", True
    if search.without_address:
        yield "exclude_all_address_required", True


def _url_fields(urls: NumberUrls, *, empty_too: bool = False) -> dict[str, object]:
    chosen = {
        "voice": urls.voice,
        "voice_fallback": urls.voice_fallback,
        "status_callback": urls.status_callback,
        "sms": urls.sms,
    }
    fields: dict[str, object] = {}
    for name, url in chosen.items():
        if url or empty_too:
            fields["status_callback" if name == "status_callback" else f"{name}_url"] = url
        if url:
            fields[f"{name}_method"] = "POST"
    return fields


def _available(row: Any, kind: NumberKind) -> AvailableNumber:
    can = _capabilities(row)
    return AvailableNumber(
        number=row.phone_number,
        country=row.iso_country,
        kind=kind,
        locality=row.locality or "",
        region=row.region or "",
        address=row.address_requirements or "none",
        voice=can["voice"],
        sms=can["sms"],
        mms=can["mms"],
    )


def _owned(row: Any) -> OwnedNumber:
    can = _capabilities(row)
    return OwnedNumber(
        sid=row.sid,
        number=row.phone_number,
        label=row.friendly_name or "",
        urls=NumberUrls(
            row.voice_url or "", row.voice_fallback_url or "", row.status_callback or "", row.sms_url or ""
        ),
        trunk_sid=row.trunk_sid or "",
        voice=can["voice"],
        sms=can["sms"],
        mms=can["mms"],
        address=str(row.address_requirements or "none"),
        address_sid=row.address_sid or "",
        bundle_sid=row.bundle_sid or "",
        emergency_active=str(row.emergency_status) == "Active",
        emergency_address_sid=row.emergency_address_sid or "",
        emergency_address_status=str(row.emergency_address_status or ""),
        bought_at=row.date_created,
    )


def _capabilities(row: Any) -> dict[str, bool]:
    """A number for sale names SMS and MMS in capitals, one that was bought does not."""
    can = {name.lower(): bool(value) for name, value in (row.capabilities or {}).items()}
    return {name: can.get(name, False) for name in ("voice", "sms", "mms")}
