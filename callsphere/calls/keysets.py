"""Pages of a list that are found by a key, so that the thousandth costs what the first does."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

PAGE_SIZE = 50
Row = TypeVar("Row")
_BEFORE, _AFTER = b"b", b"a"
_OPEN, _DONE = b"o", b"d"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in a list whose open rows come first, each half with the greatest key first."""

    is_open: bool
    key: uuid.UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: the first, with `place` None, or the one after or before a place."""

    place: Place | None = None
    before: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursors of the pages beside; an empty one leads nowhere."""

    rows: list[Row] = field(default_factory=list)
    previous: str = ""
    next: str = ""


def read_cursor(text: str) -> Wanted:
    """Return the page that a cursor of `cut` is about; one that cannot be read means the first."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return Wanted()
    side, half, key = data[:1], data[1:2], data[2:]
    if len(key) != 16 or side not in (_BEFORE, _AFTER) or half not in (_OPEN, _DONE):
        return Wanted()
    return Wanted(Place(half == _OPEN, uuid.UUID(bytes=key)), before=side == _BEFORE)


def cut(
    found: list[Row], wanted: Wanted, place_of: Callable[[Row], Place], size: int = PAGE_SIZE
) -> Page[Row]:
    """Return a page of what was found beyond a place, the nearest first: `size` rows and one more, if any."""
    has_more, rows = len(found) > size, found[:size]
    if wanted.before:
        rows = rows[::-1]
    if not rows:
        return Page()
    has_previous = has_more if wanted.before else wanted.place is not None
    has_next = wanted.before or has_more
    return Page(
        rows,
        previous=_cursor(_BEFORE, place_of(rows[0])) if has_previous else "",
        next=_cursor(_AFTER, place_of(rows[-1])) if has_next else "",
    )


def _cursor(side: bytes, place: Place) -> str:
    data = side + (_OPEN if place.is_open else _DONE) + place.key.bytes
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
