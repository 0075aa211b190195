"""Lists that are asked for by time: `StartTime>=2026-01-31` and its like."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime

_DAY = len("2026-01-31")


def is_in_time(written: str | None, name: str, value: str) -> bool:
    """Whether a time (RFC 2822) is what a field of a query asks for; what has no time yet never is.

    A name that ends in < asks for times up to the value's, > for those from it on. A day without a time means
    all of it.
    """
    if not written:
        return False
    moment = parsedate_to_datetime(written)
    if len(value) == _DAY:
        day = date.fromisoformat(value)
        first, last = (datetime.combine(day, edge, UTC) for edge in (time.min, time.max))
    else:
        first = last = datetime.fromisoformat(value).astimezone(UTC)
    if name.endswith("<"):
        return moment <= last
    return moment >= first if name.endswith(">") else first <= moment <= last
