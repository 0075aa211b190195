"""Months as Stripe counts them: the same day and time, or the month's last day."""

import calendar
from datetime import UTC, datetime

DAY = 86_400


def month_after(moment: int, anchor: int) -> int:
    """Return the moment a month after `moment`, on the day of the month that `anchor` has (Unix times)."""
    start, wanted = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(anchor, UTC)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    day = min(wanted.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())
