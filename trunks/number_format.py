"""How phone numbers are written to a carrier: one rule for each trunk, and what comes of it.

Pure functions. Numbers are read with the phonenumbers library, so "national" means what people of that
country dial, with its trunk prefix (0 in Germany, none in the USA).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Protocol
from unicodedata import normalize

import phonenumbers
from babel import Locale
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from callsphere.sip.uri import SipUri, escape_user
from trunks.enums import NumberFormat

# Longer than any number with separators; phonenumbers refuses above 250 by itself.
_LONGEST = 40
_WRITE_E164 = "Write it with + and the country code, such as +49 30 901820."
_LENGTHS = {
    ValidationResult.TOO_SHORT: "This number is too short.",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "This number lacks its area code.",
    ValidationResult.TOO_LONG: "This number is too long.",
    ValidationResult.INVALID_LENGTH: "No number has this many digits there.",
    ValidationResult.INVALID_COUNTRY_CODE: "There is no such country code.",
}


class NumberError(ValueError):
    """A number that cannot be sent. The text says what to write instead."""


class HasNumberRule(Protocol):
    """Whatever carries a rule in its fields: a Trunk, or a NumberRule itself."""

    @property
    def dial_format(self) -> str: ...
    @property
    def caller_id_format(self) -> str: ...
    @property
    def home_country(self) -> str: ...
    @property
    def international_prefix(self) -> str: ...
    @property
    def strip_digits(self) -> int: ...
    @property
    def dial_prefix(self) -> str: ...
    @property
    def sends_asserted_identity(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class NumberRule:
    """A trunk's rule without the trunk. Fields are those of `Trunk`, with the same defaults."""

    dial_format: str = NumberFormat.E164_PLUS
    caller_id_format: str = NumberFormat.E164_PLUS
    home_country: str = ""
    international_prefix: str = ""
    strip_digits: int = 0
    dial_prefix: str = ""
    sends_asserted_identity: bool = False


RULE_FIELDS = tuple(field.name for field in dataclasses.fields(NumberRule))


@dataclass(frozen=True, slots=True)
class Preview:
    """An INVITE's addresses as they will be sent, and what to be careful about (sentences)."""

    request_uri: str
    from_: str
    to: str
    asserted_identity: str | None
    warnings: tuple[str, ...] = ()


def rule_of(source: HasNumberRule) -> NumberRule:
    """Return the rule in the fields of a trunk."""
    return NumberRule(**{name: getattr(source, name) for name in RULE_FIELDS})


def countries() -> list[tuple[str, str]]:
    """Return every country as ISO 3166 code and words such as "Germany (DE), +49", in the order of names.

    Names are those of Unicode's CLDR, as people use them: "South Korea".
    """
    names = Locale("en").territories
    known = sorted(phonenumbers.SUPPORTED_REGIONS, key=lambda code: _without_accents(names[code]))
    return [
        (code, f"{names[code]} ({code}), +{phonenumbers.country_code_for_region(code)}") for code in known
    ]


def _without_accents(name: str) -> bytes:
    """Return what a name is looked for by: Åland Islands stands with A."""
    return normalize("NFD", name).encode("ascii", "ignore")


def read_number(text: str, home_country: str | None = None) -> PhoneNumber:
    """Read a number as people write it: international, or national if a home country is given.

    None is for a number that goes with no trunk, whose country could be chosen. Raises NumberError.
    """
    text = text.strip()
    if not text:
        raise NumberError("Enter a phone number.")
    if len(text) > _LONGEST or not text.isprintable():
        raise NumberError(f"Use digits and separators, {_LONGEST} characters at most.")
    if any(character.isalpha() or character == "@" for character in text):
        raise NumberError(f"Leave out letters and anything before the number. {_WRITE_E164}")
    try:
        number = phonenumbers.parse(text, home_country or None)
    except NumberParseException as error:
        raise NumberError(_parse_advice(error, text, has_trunk=home_country is not None)) from None
    if number.extension:
        raise NumberError("Leave out the extension: it cannot be dialled in a SIP address.")
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        raise NumberError(f"{_LENGTHS[reason]} {_WRITE_E164}")
    return number


def dialled(number: PhoneNumber, rule: HasNumberRule) -> str:
    """Return what is dialled: the number in the trunk's format, less leading digits, after the fixed prefix.

    A leading + goes with the digits that are left out. Raises NumberError when too little is left.
    """
    written = _written(number, rule.dial_format, rule)
    if rule.strip_digits:
        written = written.removeprefix("+")[rule.strip_digits :]
    if not written.removeprefix("+"):
        raise NumberError(f"Leaving out {rule.strip_digits} digits leaves nothing of this number.")
    return rule.dial_prefix + written


def shown_caller(number: PhoneNumber, rule: HasNumberRule) -> str:
    """Return a caller id in the trunk's format; nothing is left out of it or put before it."""
    return _written(number, rule.caller_id_format, rule)


def request_user(trunk: HasNumberRule, number: str) -> str:
    """Return the user part of Request-URI and To for a call to `number` over this trunk, ready for the wire.

    `number` is as people write it: with + and country code, or national when the trunk has a home country.
    Characters that a SIP URI must not hold are escaped: a # becomes %23 (RFC 3261 §25.1). Raises NumberError
    with a sentence for the person who entered the number.
    """
    return escape_user(dialled(read_number(number, trunk.home_country), trunk))


def caller_user(trunk: HasNumberRule, number: str) -> str:
    """Return the user part of From and of P-Asserted-Identity for a caller id. Raises NumberError."""
    return escape_user(shown_caller(read_number(number, trunk.home_country), trunk))


def preview(rule: HasNumberRule, *, number: str, caller: str, carrier: SipUri) -> Preview:
    """Return how a call from `caller` to `number` would be addressed at a gateway of the carrier.

    Raises NumberError; call `read_number` before to tell which of the two is wrong.
    """
    called_user, shown_user = request_user(rule, number), caller_user(rule, caller)
    # The headers' addresses name the domain, not the way there (RFC 3261 §19.1.1, table 1).
    place = dataclasses.replace(carrier, port=None, params=(), headers=())
    identity = f"<{dataclasses.replace(place, user=shown_user)}>"
    return Preview(
        request_uri=str(dataclasses.replace(carrier, user=called_user)),
        from_=identity,
        to=f"<{dataclasses.replace(place, user=called_user)}>",
        asserted_identity=identity if rule.sends_asserted_identity else None,  # RFC 3325 §9.1
        warnings=tuple(_doubts(rule, number, caller)),
    )


def _written(number: PhoneNumber, form: str, rule: HasNumberRule) -> str:
    international = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if form == NumberFormat.E164_PLUS:
        return international
    digits = international.removeprefix("+")
    if form == NumberFormat.E164:
        return digits
    if form == NumberFormat.NATIONAL and number.country_code == _country_code(rule.home_country):
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        return "".join(character for character in national if character.isdigit())
    return rule.international_prefix + digits


def _country_code(country: str) -> int:
    return phonenumbers.country_code_for_region(country) if country else 0


def _parse_advice(error: NumberParseException, text: str, *, has_trunk: bool) -> str:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return f"This is no phone number. {_WRITE_E164}"
    if text.startswith("+"):
        return f"There is no such country code. {_WRITE_E164}"
    advice = f"Without a + this could be a number of any country. {_WRITE_E164}"
    choose = " Or choose the trunk's country, and national numbers are understood."
    return advice + choose if has_trunk else advice


def _doubts(rule: HasNumberRule, number: str, caller: str) -> list[str]:
    read = {
        "called number": read_number(number, rule.home_country),
        "caller id": read_number(caller, rule.home_country),
    }
    return [
        f"The {name} has a possible length, but no numbering plan knows it. The carrier may refuse it."
        for name, each in read.items()
        if not phonenumbers.is_valid_number(each)
    ]
