"""Time-ordered identifiers."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(milliseconds: int | None = None) -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562 §5.7): 48 bits of milliseconds, then random bits.

    Rows made one after another lie together in their indexes, and sort by time. `milliseconds` since 1970 are
    those of now unless given.
    """
    if milliseconds is None:
        milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (
        milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return uuid.UUID(int=value)


def uuid7_at(moment: datetime) -> uuid.UUID:
    """Return a version 7 UUID of a moment, for rows that sort by it."""
    return uuid7(_milliseconds(moment))


def first_uuid_of(moment: datetime) -> uuid.UUID:
    """Return the lowest version 7 UUID of a moment: rows from then on have this one or a higher one."""
    return uuid.UUID(int=_milliseconds(moment) << 80 | 0x7 << 76 | 0b10 << 62)


def _milliseconds(moment: datetime) -> int:
    # in whole numbers: a float of seconds may fall into the millisecond before
    return (moment - _EPOCH) // timedelta(milliseconds=1)
