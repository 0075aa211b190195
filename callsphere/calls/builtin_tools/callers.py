"""Who calls, and the numbers that callers name."""

from __future__ import annotations

import re

import phonenumbers

from callsphere.calls.enums import Direction
from callsphere.calls.models import Call

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""Twilio's numbers for no number, which spell why on a keypad: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN,
UNAVAILABLE ("Why am I getting calls from these strange numbers?")."""


def caller_number(call: Call) -> str:
    """Return the number (E.164) of whoever is at the other end; "" where it is withheld, or no number."""
    number = call.their_number
    return number if _E164.fullmatch(number) and number not in _WITHHELD else ""


def read_named_number(text: str, call: Call) -> str:
    """Return a number that a caller named, as E.164; "" for none that can be called.

    Numbers without a country are those of the caller's own, or of the number that was called.
    """
    for country in (_country_of(caller_number(call)), _country_of(call.our_number), None):
        try:
            number = phonenumbers.parse(text[:40], country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return ""


def was_placed_by_caller(call: Call) -> bool:
    """Whether they called us, and not we them."""
    return bool(call.direction == Direction.INBOUND)


def _country_of(number: str) -> str | None:
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
    return str(country) if country else None
