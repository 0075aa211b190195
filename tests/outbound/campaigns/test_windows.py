"""Nobody is called at hours that they may be asleep, wherever they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsphere.outbound.campaigns.windows import next_open, zones_of

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = [{"day": day, "opens": "09:00", "closes": "17:00"} for day in WEEK]
NEW_YORK, LOS_ANGELES, TOKYO = "America/New_York", "America/Los_Angeles", "Asia/Tokyo"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 (UTC); the 2nd is a Monday, and no clock changes any more."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zones", "now", "opens"),
    [
        ([NEW_YORK], at(2, 14), at(2, 14)),
        ([NEW_YORK], at(2, 13, 59), at(2, 14)),
        ([NEW_YORK], at(2, 22), at(3, 14)),
        ([NEW_YORK], at(6, 22), at(9, 14)),
        # allowed in both at once: from nine in Los Angeles to five in New York
        ([NEW_YORK, LOS_ANGELES], at(2, 14), at(2, 17)),
        ([NEW_YORK, LOS_ANGELES], at(2, 21, 59), at(2, 21, 59)),
        ([NEW_YORK, LOS_ANGELES], at(2, 22), at(3, 17)),
        ([NEW_YORK, TOKYO], at(2, 14), None),
    ],
)
def test_the_next_moment_that_is_allowed_in_all_zones(
    zones: list[str], now: datetime, opens: datetime | None
) -> None:
    assert next_open(OFFICE, zones, now) == opens


def test_without_windows_nobody_is_called() -> None:
    assert next_open([], [NEW_YORK], at(2, 14)) is None


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12125550100", ["America/New_York"]),
        ("+13105550100", ["America/Los_Angeles"]),
        ("+4930901820", ["Europe/Berlin"]),
    ],
)
def test_a_number_tells_where_it_may_be(number: str, zones: list[str]) -> None:
    assert zones_of(number) == zones


def test_a_number_of_no_place_may_be_anywhere_in_its_country() -> None:
    assert {NEW_YORK, LOS_ANGELES} < set(zones_of("+18005550100"))
