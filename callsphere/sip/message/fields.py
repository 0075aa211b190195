"""The header fields of one message: ordered, repeated, case-insensitive (RFC 3261 §7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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

MAX_NAMES = 1024
"""Header names remembered, each with its key."""
LONGEST_NAME = 64
"""Names longer than that are not remembered."""


class _Keys(dict[str, str]):
    """The keys of header names seen lately: read without a call, since nothing is asked more often."""

    def __missing__(self, name: str) -> str:
        if not TOKEN.fullmatch(name):
            raise SipParseError("A header line does not start with a header name.")
        lowered = name.lower()
        key = _COMPACT.get(lowered, lowered)
        if len(name) <= LONGEST_NAME:
            if len(self) >= MAX_NAMES:
                self.clear()
            self[name] = key
        return key


KEYS = _Keys()


def header_key(name: str) -> str:
    """The lower-case long form of a header name; raise SipParseError when it is no token."""
    return KEYS[name]


class Headers:
    """An ordered list of header fields; names match in any case and in compact form.

    Nothing with a line break gets in, so that no value can add a header of its own.
    """

    __slots__ = ("_fields", "_keys")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        # Two lists in step: names are then found by list operations, without a loop of ours.
        self._fields = [(name, _one_line(name, value)) for name, value in fields]
        self._keys = [KEYS[name] for name, _ in self._fields]

    @classmethod
    def from_parsed(cls, fields: list[tuple[str, str]]) -> Headers:
        """Take over fields (name, value) whose values are checked; raise SipParseError for a bad name."""
        headers = cls.__new__(cls)
        headers._fields = fields
        headers._keys = [KEYS[name] for name, _ in fields]
        return headers

    def add(self, name: str, value: object) -> None:
        """Append a field; raise SipParseError for a name or value that cannot stand on one line."""
        key, field = header_key(name), (name, _one_line(name, value))
        self._keys.append(key)
        self._fields.append(field)

    def insert(self, name: str, value: object) -> None:
        """Put a field before the others of its name (a Via or Route of ours), or first of all."""
        key = header_key(name)
        field = (name, _one_line(name, value))
        place = self._keys.index(key) if key in self._keys else 0
        self._keys.insert(place, key)
        self._fields.insert(place, field)

    def set(self, name: str, value: object) -> None:
        """Replace all fields of this name by one, at the place of the first, or append it."""
        key = header_key(name)
        field = (name, _one_line(name, value))
        if key not in self._keys:
            self._keys.append(key)
            self._fields.append(field)
            return
        place = self._keys.index(key)
        self._fields[place] = field
        if self._keys.count(key) > 1:
            self._drop(key, place + 1)

    def remove(self, name: str) -> None:
        """Drop all fields of this name."""
        key = header_key(name)
        if key in self._keys:
            self._drop(key, 0)

    def get(self, name: str) -> str | None:
        """The first field's value as it stands, None when absent."""
        key, keys = KEYS[name], self._keys
        return self._fields[keys.index(key)][1] if key in keys else None

    def get_all(self, name: str) -> list[str]:
        """The values of all fields of this name, one per line; right for challenges and credentials."""
        key = header_key(name)
        values: list[str] = []
        place = -1
        for _ in range(self._keys.count(key)):
            place = self._keys.index(key, place + 1)
            values.append(self._fields[place][1])
        return values

    def get_list(self, name: str) -> list[str]:
        """All values of this name, repeated lines and comma-joined ones alike (RFC 3261 §7.3.1)."""
        return [piece for value in self.get_all(name) for piece in split_list(value) if piece]

    def items(self) -> Iterator[tuple[str, str]]:
        """Name as written and value of each field, in order."""
        return iter(self._fields)

    def keys(self) -> list[str]:
        """The lower-case long name of each field, in order, repeated ones included."""
        return self._keys.copy()

    def first_of_each(self, keys: Iterable[str]) -> list[str]:
        """The first value of each of these keys; raise KeyError with the first that is missing."""
        places = self._keys
        try:
            return [self._fields[places.index(key)][1] for key in keys]
        except ValueError:
            raise KeyError(next(key for key in keys if key not in places)) from None

    def copy(self) -> Headers:
        """An independent copy."""
        headers = Headers.__new__(Headers)
        headers._fields = self._fields.copy()
        headers._keys = self._keys.copy()
        return headers

    def _drop(self, key: str, start: int) -> None:
        """Drop the fields of this key from a place on."""
        kept = [place for place, own in enumerate(self._keys) if place < start or own != key]
        self._keys = [self._keys[place] for place in kept]
        self._fields = [self._fields[place] for place in kept]

    def __contains__(self, name: str) -> bool:
        return header_key(name) in self._keys

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]  # how Python wants "not hashable" said


def _one_line(name: str, value: object) -> str:
    text = str(value)
    if "\r" in text or "\n" in text:
        raise SipParseError(f"The value of {name} must not hold line breaks.")
    return text
