"""A stricter look at a message that could be read: headers that nobody needs for routing.

Live traffic is not measured by this, since carriers with an odd Date header still work; it is for
people who want to know what is wrong with a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import TOKEN, Address, Valued, split_list
from callsphere.sip.message.messages import Request, Response
from callsphere.sip.uri import SipUri, SipUriError

_DIGITS = re.compile(r"[0-9]{1,10}")
# RFC 3261 §20.17: RFC 1123 dates, GMT only.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
_ONCE = (
    *("max-forwards", "content-type", "expires", "min-expires", "date", "session-expires", "min-se"),
    *("event", "subject", "mime-version", "organization", "retry-after", "timestamp"),
)


def lint(message: Request | Response) -> None:
    """Raise SipParseError for the first header with a known syntax that breaks it (RFC 3261 §20)."""
    keys = message.headers.keys()
    for key in _ONCE:
        if keys.count(key) > 1:
            raise SipParseError(f"The {key.title()} header is given twice.")
    if isinstance(message, Request):
        _check_uri(message.uri, "Request-URI")
    for key, (name, value) in zip(keys, message.headers.items(), strict=True):
        check = _CHECKS.get(key)
        if check is not None:
            check(name, value)


def _check_uri(text: str, where: str) -> None:
    if text.partition(":")[0].lower() in ("sip", "sips"):
        try:
            SipUri.parse(text)
        except SipUriError as error:
            raise SipParseError(f"The {where} is not readable. {error}") from error


def _addresses(name: str, value: str) -> None:
    for piece in split_list(value):
        try:
            address = Address.parse(piece)
        except SipParseError as error:
            raise SipParseError(f"The {name} header is not readable. {error.reason}") from error
        _check_uri(address.uri, f"address in the {name} header")


def _small_number(name: str, value: str) -> None:
    if not _DIGITS.fullmatch(value) or int(value) > 255:
        raise SipParseError(f"{name} must be a number from 0 to 255.")


def _seconds(name: str, value: str) -> None:
    number = value.partition(";")[0].rstrip(" \t")
    if not _DIGITS.fullmatch(number) or int(number) >= 2**32:
        raise SipParseError(f"{name} must be a number of seconds that fits 32 bits.")


def _date(name: str, value: str) -> None:
    if not _DATE.fullmatch(value):
        raise SipParseError(f"{name} must be a date in GMT, like Sat, 13 Nov 2010 23:29:00 GMT.")


def _media_type(name: str, value: str) -> None:
    main, slash, sub = Valued.parse(value).value.partition("/")
    if not slash or not TOKEN.fullmatch(main.rstrip(" \t")) or not TOKEN.fullmatch(sub.lstrip(" \t")):
        raise SipParseError(f"{name} must be a media type like application/sdp.")


_CHECKS: dict[str, Callable[[str, str], None]] = {
    **dict.fromkeys(
        ("from", "to", "contact", "route", "record-route", "reply-to", "refer-to", "referred-by"), _addresses
    ),
    **dict.fromkeys(("expires", "min-expires", "session-expires", "min-se"), _seconds),
    "max-forwards": _small_number,
    "date": _date,
    "content-type": _media_type,
}
