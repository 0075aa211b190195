"""The database's clock: what leases are lent and compared by.

The clocks of two machines differ, and each may step. A worker whose clock is fast would take what others
hold, and keep what it holds from them; so nothing that others compare is read from a worker's own clock.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection


class DatabaseClock:
    """Tells the database's time: read once, when it is made, and followed from there without steps."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (self._read,) = cursor.fetchone()
        self._read_at = time.monotonic()

    def __call__(self) -> datetime:
        """The time now, aware."""
        now: datetime = self._read + timedelta(seconds=time.monotonic() - self._read_at)
        return now


def database_now() -> datetime:
    """Return the database's time, with one query."""
    return DatabaseClock()()
