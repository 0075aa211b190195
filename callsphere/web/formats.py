"""How quantities are written for people: durations, latencies, moments, phone numbers, states.

`static/js/times.js` refreshes moments in the browser and follows the same rules.
"""

import datetime
from dataclasses import dataclass

import phonenumbers
from django.utils import timezone

from callsphere.lib.e164 import as_written

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Older than this, the date says more than a number of days.
DATE_AFTER = 14 * DAY
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class State:
    """How a state looks: its tone (ok, warn, fail, info, idle), its mark in the icon sprite, its word."""

    tone: str
    mark: str
    word: str


# Health of trunks and gateways, then outcomes of checks and of things that are made, sent or revoked.
STATES = {
    "up": State("ok", "state-up", "Up"),
    "impaired": State("warn", "state-impaired", "Impaired"),
    "down": State("fail", "state-down", "Down"),
    "unknown": State("idle", "state-unknown", "Not checked yet"),
    "paused": State("idle", "state-paused", "Paused"),
    "pass": State("ok", "state-up", "Passed"),
    "warn": State("warn", "state-impaired", "Passed with a warning"),
    "fail": State("fail", "state-down", "Failed"),
    "skipped": State("idle", "state-unknown", "Skipped"),
    "active": State("ok", "state-up", "Active"),
    "pending": State("warn", "state-unknown", "Pending"),
    "expired": State("idle", "state-unknown", "Expired"),
    "revoked": State("idle", "state-down", "Revoked"),
}


def state(name: object) -> State:
    """Return how a state looks. Raises ValueError for one that has no looks yet."""
    key = str(getattr(name, "value", name))
    try:
        return STATES[key]
    except KeyError:
        raise ValueError(f"no looks for the state {key!r}; known: {', '.join(STATES)}") from None


def duration(seconds: float | datetime.timedelta | None) -> str:
    """Write a length of time in at most two units: "45 s", "4 min", "2 h 5 min", "3 d 4 h"."""
    if seconds is None:
        return NOTHING
    if isinstance(seconds, datetime.timedelta):
        seconds = seconds.total_seconds()
    total = abs(int(seconds))
    if total < MINUTE:
        return f"{total} s"
    if total < HOUR:
        return f"{total // MINUTE} min"
    if total < DAY:
        return _two_units(total // HOUR, "h", total % HOUR // MINUTE, "min")
    return _two_units(total // DAY, "d", total % DAY // HOUR, "h")


def talk_time(seconds: float | None) -> str:
    """Write how long somebody spoke or waited, to the second: "45 s", "2 min 14 s", "1 h 5 min"."""
    if seconds is None:
        return NOTHING
    total = abs(int(seconds))
    if MINUTE <= total < HOUR:
        return _two_units(total // MINUTE, "min", total % MINUTE, "s")
    return duration(total)


def _two_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    text = f"{large} {large_unit}"
    return f"{text} {small} {small_unit}" if small else text


def seconds(milliseconds: float) -> str:
    """A moment within seconds, to the millisecond: 0.012 s."""
    return f"{milliseconds / 1000:.3f} s"


def latency(milliseconds: float | None) -> str:
    """Write a response time: "<1 ms", "12 ms", "1.2 s"."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < 1:
        return "<1 ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def ago(moment: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """Write where a moment lies from now: "just now", "4 min ago", "in 12 min", "3 Oct 2026"."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if abs(seconds) >= DATE_AFTER:
        return day(moment)
    if abs(seconds) < 10:
        return "just now"
    span = _one_unit(abs(seconds))
    return f"{span} ago" if seconds > 0 else f"in {span}"


def _one_unit(seconds: float) -> str:
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def day(moment: datetime.datetime) -> str:
    """Write the date in the current time zone: "3 Oct 2026"."""
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y}"


def exact(moment: datetime.datetime) -> str:
    """Write a moment to the second with its time zone: "3 Oct 2026, 14:05:09 UTC"."""
    local = timezone.localtime(moment)
    return f"{day(moment)}, {local:%H:%M:%S %Z}"


def phone(number: object) -> str:
    """Write an E.164 number as it is read aloud: "+1 415-555-0100". Anything else is returned as it came."""
    return as_written(str(number or ""))


def phone_at_home(number: object) -> str:
    """Write an E.164 number as people dial it in its own country: "(415) 555-0100"."""
    return as_written(str(number or ""), phonenumbers.PhoneNumberFormat.NATIONAL)
