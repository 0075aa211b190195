"""Addresses that the law asks for with numbers, and that emergency calls are sent to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import find_or_create, remove, to_create
from callsphere.providers.twilio.lists import EVERYTHING


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. `label` is our own id for it, `country` ISO 3166 alpha-2.

    `emergency` has Twilio check it and lets numbers register it for emergency calls. `sid` is empty until
    made.
    """

    label: str
    customer_name: str
    street: str
    city: str
    region: str
    postal_code: str
    country: str
    street_more: str = ""
    emergency: bool = False
    sid: str = ""


def list_addresses(account: TwilioAccount) -> list[Address]:
    """Return the account's addresses."""
    return [_address(row) for row in _addresses(account).list(page_size=EVERYTHING)]


def ensure_address(account: TwilioAccount, address: Address) -> Address:
    """Return the address of that label, made or changed to be as given.

    Raises TwilioError: `address_invalid` when Twilio finds no such address.
    """
    fields = _fields(address)

    def find() -> Address | None:
        return next((each for each in list_addresses(account) if each.label == address.label), None)

    def create() -> Address:
        return _address(_addresses(account).create(iso_country=address.country, **to_create(fields)))

    there = find_or_create(find, create)
    if replace(there, sid="") == replace(address, sid=""):
        return there
    return _address(_addresses(account)(there.sid).update(**fields))


def delete_address(account: TwilioAccount, address_sid: str) -> None:
    """Delete an address that no number uses; one that is gone already counts as deleted."""
    remove(_addresses(account)(address_sid).delete)


def _addresses(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).addresses


def _address(row: Any) -> Address:
    return Address(
        label=row.friendly_name or "",
        customer_name=row.customer_name,
        street=row.street,
        city=row.city,
        region=row.region,
        postal_code=row.postal_code,
        country=row.iso_country,
        street_more=row.street_secondary or "",
        emergency=bool(row.emergency_enabled),
        sid=row.sid,
    )


def _fields(address: Address) -> dict[str, object]:
    return {
        "friendly_name": address.label,
        "customer_name": address.customer_name,
        "street": address.street,
        "street_secondary": address.street_more,
        "city": address.city,
        "region": address.region,
        "postal_code": address.postal_code,
        "emergency_enabled": address.emergency,
        # Twilio otherwise corrects the spelling, and it would look changed for ever.
        "auto_correct_address": False,
    }
