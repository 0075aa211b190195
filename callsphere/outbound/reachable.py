"""Which numbers may be called: pure, but for what the phonenumbers library knows of the world's numbers."""

from __future__ import annotations

from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from trunks.number_format import NumberError, read_number

_COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN)


def callable_number(text: str, countries: Collection[str], home_country: str = "") -> str:
    """Return a number (E.164) that may be called.

    `countries` (ISO 3166) are those of the tenant's own numbers: calls elsewhere are what a stolen key is
    used for. A number without country code is read as one of `home_country`. Raises NumberError.
    """
    number = read_number(text, home_country)
    if not phonenumbers.is_valid_number(number):
        raise NumberError("Nobody can have this number: check its digits.")
    if phonenumbers.number_type(number) in _COSTLY:
        raise NumberError("Numbers that cost the caller extra are not called.")
    country = phonenumbers.region_code_for_number(number) or ""
    if country not in countries:
        where = ", ".join(sorted(countries)) or "none"
        raise NumberError(
            f"This number is of {country or 'no country'}. You can call the countries of your own numbers:"
            f" {where}. Ask support for others."
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
