"""The header fields of one message: ordered, repeated, case-insensitive (RFC 3261 §7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import TOKEN, split_list

# RFC 3261 §7.3.3 and the IANA registry of compact forms.
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
_LINE_BREAKS = re.compile(r"[\r\n]")


@lru_cache(maxsize=1024)
def header_key(name: str) -> str:
    """The lower-case long form of a header name; raise SipParseError when it is no token."""
    if not TOKEN.fullmatch(name):
        raise SipParseError("A header line does not start with a header name.")
    lowered = name.lower()
    return _COMPACT.get(lowered, lowered)


USUAL_KEYS = {
    spelling: header_key(spelling)
    for name in (
        *("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Max-Forwards", "Route", "Record-Route"),
        *("Content-Type", "Content-Length", "Expires", "Allow", "Supported", "Require", "User-Agent"),
        *("Server", "Accept", "Session-Expires", "Min-SE", "WWW-Authenticate", "Proxy-Authenticate"),
        *("Authorization", "Proxy-Authorization", "Retry-After", "Reason", "Warning", "Date", *_COMPACT),
    )
    for spelling in (name, name.lower(), name.upper())
}
"""Headers that most messages have, by spelling: spares the parser a check of each name."""


class Headers:
    """An ordered list of header fields; names match in any case and in compact form.

    Nothing with a line break gets in, so that no value can add a header of its own.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: list[tuple[str, str, str]] = []
        for name, value in fields:
            self.add(name, value)

    @classmethod
    def from_parsed(cls, fields: list[tuple[str, str, str]]) -> Headers:
        """Take over fields (key, name, value) that a parser has already checked."""
        headers = cls()
        headers._fields = fields
        return headers

    def add(self, name: str, value: object) -> None:
        """Append a field; raise SipParseError for a name or value that cannot stand on one line."""
        self._fields.append((header_key(name), name, _one_line(name, value)))

    def insert(self, name: str, value: object) -> None:
        """Put a field before the others of its name (a Via or Route of ours), or first of all."""
        key = header_key(name)
        place = next((index for index, field in enumerate(self._fields) if field[0] == key), 0)
        self._fields.insert(place, (key, name, _one_line(name, value)))

    def set(self, name: str, value: object) -> None:
        """Replace all fields of this name by one, at the place of the first, or append it."""
        key = header_key(name)
        field = (key, name, _one_line(name, value))
        place = next((index for index, old in enumerate(self._fields) if old[0] == key), None)
        if place is None:
            self._fields.append(field)
            return
        kept = [old for old in self._fields[place + 1 :] if old[0] != key]
        self._fields[place:] = [field, *kept]

    def remove(self, name: str) -> None:
        """Drop all fields of this name."""
        key = header_key(name)
        self._fields = [field for field in self._fields if field[0] != key]

    def get(self, name: str) -> str | None:
        """The first field's value as it stands, None when absent."""
        key = header_key(name)
        for field in self._fields:
            if field[0] == key:
                return field[2]
        return None

    def get_all(self, name: str) -> list[str]:
        """The values of all fields of this name, one per line; right for challenges and credentials."""
        key = header_key(name)
        return [field[2] for field in self._fields if field[0] == key]

    def get_list(self, name: str) -> list[str]:
        """All values of this name, repeated lines and comma-joined ones alike (RFC 3261 §7.3.1)."""
        return [piece for value in self.get_all(name) for piece in split_list(value) if piece]

    def items(self) -> Iterator[tuple[str, str]]:
        """Name as written and value of each field, in order."""
        return ((name, value) for _, name, value in self._fields)

    def keys(self) -> list[str]:
        """The lower-case long name of each field, in order, repeated ones included."""
        return [field[0] for field in self._fields]

    def copy(self) -> Headers:
        """An independent copy."""
        return Headers.from_parsed(list(self._fields))

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]  # how Python wants "not hashable" said


def _one_line(name: str, value: object) -> str:
    text = str(value)
    if _LINE_BREAKS.search(text):
        raise SipParseError(f"The value of {name} must not hold line breaks.")
    return text
