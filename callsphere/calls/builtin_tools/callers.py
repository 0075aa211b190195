"""Who calls, and the numbers that callers name."""

from __future__ import annotations

import phonenumbers

from callsphere.calls.enums import Direction
from callsphere.calls.models import Call
from callsphere.calls.parties import caller_number


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
