"""Which number a caller dialled, as a trunk of the customer's hands it over."""

from __future__ import annotations

import re
from urllib.parse import unquote

import phonenumbers

from trunks.number_format import NumberError, read_number

_USER = re.compile(r"(?:sips?:)?(?P<user>[^@;>]*)", re.IGNORECASE)


def numbers_meant(address: str, home_country: str) -> set[str]:
    """Return the numbers (E.164) that may be meant by a SIP address or by plain digits; empty for none.

    Carriers write them with and without +, and as people of the home country dial (RFC 3261 §19.1.6 leaves
    it to the two of them).
    """
    match = _USER.match(address.strip())
    user = unquote(match["user"]) if match else ""
    return {number for text in (user, f"+{user}") if (number := _e164(text, home_country))}


def _e164(text: str, home_country: str) -> str:
    try:
        number = read_number(text, home_country)
    except NumberError:
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
