"""Who is at the other end of a call."""

from __future__ import annotations

from callsphere.calls.models import Call
from callsphere.lib.e164 import is_e164

_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""Twilio's numbers for no number, which spell why on a keypad: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN,
UNAVAILABLE ("Why am I getting calls from these strange numbers?")."""


def caller_number(call: Call) -> str:
    """Return the number (E.164) of whoever is at the other end; "" where it is withheld, or no number."""
    number = call.their_number
    return number if is_e164(number) and number not in _WITHHELD else ""
