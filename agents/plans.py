"""Opening times as people send them and as they are stored: read strictly into `agents.hours`."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from agents.hours import DAYS, WHOLE_DAY, Holiday, Schedule, Span, clock
from agents.models import BusinessHours
from tenants.services.editing import field_error

SPANS_A_DAY = 6
MOST_HOLIDAYS = 200
LONGEST_HOLIDAY = 60


def schedule_of(hours: BusinessHours) -> Schedule:
    """Return stored opening times, ready to be asked."""
    named: dict[date, str] = {}
    spans: dict[date, list[Span]] = {}
    for each in hours.holidays:
        day = date.fromisoformat(each["date"])
        named[day] = each["name"]
        spans.setdefault(day, []).extend([_stored(each)] if each["opens"] else [])
    holidays = {day: Holiday(name, tuple(sorted(spans[day]))) for day, name in named.items()}
    return Schedule(hours.time_zone, week_of(hours.weekly), holidays)


def week_of(entries: list[dict[str, str]]) -> tuple[tuple[Span, ...], ...]:
    """Return the stored times of a week as the spans of Monday to Sunday."""
    weekly: dict[str, list[Span]] = {day: [] for day in DAYS}
    for each in entries:
        weekly[each["day"]].append(_stored(each))
    return tuple(tuple(sorted(weekly[day])) for day in DAYS)


def read_time_zone(name: str) -> str:
    """Return the name of a time zone. Raises ValidationError on `time_zone`."""
    name = name.strip(" ")
    if name not in available_timezones():
        words = "Write the name of a time zone, such as America/New_York or Europe/Berlin."
        raise field_error("time_zone", words, "time_zone")
    return ZoneInfo(name).key


def read_weekly(entries: Any, field: str = "weekly") -> list[dict[str, str]]:
    """Return the times of a week in order. Raises ValidationError on the field."""
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise field_error(field, 'Send a list of {"day", "opens", "closes"}.', "list")
    found: dict[str, list[Span]] = {day: [] for day in DAYS}
    for each in entries:
        if set(each) != {"day", "opens", "closes"} or each["day"] not in DAYS:
            words = f"Each entry has day, opens and closes; the day is one of {', '.join(DAYS)}."
            raise field_error(field, words, "entry")
        found[each["day"]].append(_span(field, each["opens"], each["closes"]))
    for day, spans in found.items():
        _check_day(field, day.capitalize(), spans)
    return [
        {"day": day, "opens": clock(span.opens), "closes": clock(span.closes)}
        for day in DAYS
        for span in sorted(found[day])
    ]


def read_holidays(entries: Any) -> list[dict[str, Any]]:
    """Return holidays in order. Raises ValidationError on `holidays`."""
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise field_error("holidays", 'Send a list of {"date", "name", "opens", "closes"}.', "list")
    if len(entries) > MOST_HOLIDAYS:
        raise field_error("holidays", f"Use at most {MOST_HOLIDAYS} entries.", "max_length")
    found: dict[date, list[dict[str, Any]]] = {}
    for each in entries:
        day, holiday = _holiday(each)
        found.setdefault(day, []).append(holiday)
    for day, holidays in found.items():
        spans = [_stored(each) for each in holidays if each["opens"]]
        if len(holidays) > 1 and len(spans) < len(holidays):
            raise field_error(
                "holidays",
                f"{day} is there twice. Say once whether you are closed or when you are open.",
                "twice",
            )
        _check_day("holidays", str(day), spans)
    return [
        each for day in sorted(found) for each in sorted(found[day], key=lambda each: each["opens"] or "")
    ]


def _holiday(entry: dict[str, Any]) -> tuple[date, dict[str, Any]]:
    opens, closes = entry.get("opens") or None, entry.get("closes") or None
    name = entry.get("name")
    if set(entry) - {"date", "name", "opens", "closes"} or not isinstance(name, str):
        raise field_error("holidays", "Each entry has date, name, opens and closes.", "entry")
    name = name.strip()
    if not name or len(name) > LONGEST_HOLIDAY or not name.isprintable():
        words = f"Name each holiday, with at most {LONGEST_HOLIDAY} characters."
        raise field_error("holidays", words, "name")
    try:
        day = date.fromisoformat(str(entry.get("date")))
    except ValueError:
        words = f"“{str(entry.get('date'))[:20]}” is no date. Write dates such as 2027-01-01."
        raise field_error("holidays", words, "date") from None
    if (opens is None) != (closes is None):
        raise field_error("holidays", f"{day}: give both times, or none for closed.", "times")
    if opens is not None:
        span = _span("holidays", opens, closes)
        opens, closes = clock(span.opens), clock(span.closes)
    return day, {"date": day.isoformat(), "name": name, "opens": opens, "closes": closes}


def _span(field: str, opens: Any, closes: Any) -> Span:
    span = Span(_minutes(field, opens), _minutes(field, closes))
    if span.opens >= span.closes:
        words = "Close later than you open. Over midnight, use two entries: until 24:00, and from 00:00."
        raise field_error(field, words, "order")
    return span


def _minutes(field: str, text: Any) -> int:
    hours, colon, minutes = text.partition(":") if isinstance(text, str) else ("", "", "")
    digits = colon and len(hours) == len(minutes) == 2 and (hours + minutes).isascii()
    if not digits or not (hours + minutes).isdigit() or int(minutes) > 59:
        raise field_error(field, "Write times such as 09:30; the end of a day is 24:00.", "time")
    value = int(hours) * 60 + int(minutes)
    if value > WHOLE_DAY:
        raise field_error(field, "Write times such as 09:30; the end of a day is 24:00.", "time")
    return value


def _check_day(field: str, name: str, spans: list[Span]) -> None:
    if len(spans) > SPANS_A_DAY:
        raise field_error(field, f"{name}: use at most {SPANS_A_DAY} entries.", "max_length")
    for first, second in pairwise(sorted(spans)):
        if second.opens < first.closes:
            raise field_error(field, f"{name}: {first} and {second} overlap.", "overlap")


def _stored(entry: dict[str, Any]) -> Span:
    return _span("weekly", entry["opens"], entry["closes"])
