"""Telephone numbers as ITU-T E.164 writes them: a plus, the country code, 15 digits at most."""

from __future__ import annotations

import re

import phonenumbers

PATTERN = r"\+[1-9][0-9]{6,14}"
WHOLE_E164 = rf"^{PATTERN}$"
"""For constraints of the database."""
WHOLE_E164_OR_EMPTY = rf"^({PATTERN})?$"
_READ = re.compile(PATTERN)


def as_written(text: str, form: int = phonenumbers.PhoneNumberFormat.INTERNATIONAL) -> str:
    """Return a number as people write it, "+1 415-555-0100"; anything else as it came."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    return str(phonenumbers.format_number(number, form))


def is_e164(text: str) -> bool:
    """Whether a text is such a number and nothing else; whether somebody has it is another question."""
    return _READ.fullmatch(text) is not None
