"""Days and times as callers say them. Models do not know what day it is: they name it as the caller did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as zones_of_numbers

from agents.hours import DAYS, EARLIEST, LATEST
from agents.models import BusinessHours
from agents.queries import routes_of
from callsphere.calls.models import Call

DAY = {
    "type": "string",
    "maxLength": 20,
    "description": "today, tomorrow, a day of the week (the next one), or a date such as 2027-01-04",
}
TIME = {
    "type": "string",
    "maxLength": 8,
    "description": "By the clock of the business, 24 hours: 09:30 or 15:00",
}
_NAME_A_DAY = "Name the day: today, tomorrow, a day of the week, or a date such as 2027-01-04."
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class NotAMoment(ValueError):
    """What was said is no day or time; `str()` says what to say instead."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time zone that people at the called number live in, and their opening times, if they have any."""

    zone: ZoneInfo
    now: datetime
    hours: BusinessHours | None = None

    def says(self, moment: datetime) -> str:
        """Return a moment as people there say it: Monday 4 January 2027, 15:30."""
        local = moment.astimezone(self.zone)
        return f"{local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M}"

    def facts(self) -> dict[str, str]:
        """Return what a model needs to know of the present."""
        return {"now": self.says(self.now), "time_zone": self.zone.key}

    def moment(self, day: str, at: str) -> datetime:
        """Return a moment (UTC) that was named; a day of the week is the next that is not over.

        Raises NotAMoment.
        """
        clock = _time(at)
        local = self.now.astimezone(self.zone)
        named = day.strip().lower()
        if named in DAYS:
            ahead = (DAYS.index(named) - local.weekday()) % 7
            if ahead == 0 and clock <= local.time():
                ahead = 7
            on = local.date() + timedelta(days=ahead)
        else:
            on = _day(named, local.date())
        if not EARLIEST.date() < on < LATEST.date():
            raise NotAMoment(_NAME_A_DAY)
        return datetime.combine(on, clock, self.zone).astimezone(UTC)


def clock_of(call: Call, now: datetime) -> Clock:
    """Return the clock of the number that a call is on.

    It is that of its route's hours, else of other hours of the business, else of where such numbers are.
    """
    route = routes_of(call.tenant).filter(phone_number=call.phone_number_id).first()
    if route is not None and route.hours is not None:
        return Clock(ZoneInfo(route.hours.time_zone), now, route.hours)
    others = BusinessHours.objects.filter(tenant=call.tenant_id).order_by("created_at", "pk").first()
    if others is not None:
        return Clock(ZoneInfo(others.time_zone), now, None)
    return Clock(_zone_of_number(call.our_number), now)


def _zone_of_number(number: str) -> ZoneInfo:
    try:
        names = zones_of_numbers.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        names = ()
    name = names[0] if len(names) == 1 else ""  # many for numbers that belong to no place
    return ZoneInfo("UTC" if name in ("", "Etc/Unknown") else name)


def _time(text: str) -> time:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise NotAMoment("Write the time with 24 hours, such as 09:30 or 15:00.")
    return time(int(match[1]), int(match[2]))


def _day(named: str, today: date) -> date:
    if named in ("today", "tomorrow"):
        return today + timedelta(days=1 if named == "tomorrow" else 0)
    try:
        return date.fromisoformat(named)
    except ValueError:
        raise NotAMoment(_NAME_A_DAY) from None
