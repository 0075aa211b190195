"""The form of business hours: times as people write them, a line for each day and each holiday."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from agents.hours import DAYS
from agents.models import BusinessHours
from agents.plans import read_holidays, read_weekly
from tenants.forms import EditForm
from tenants.time_zones import zone_choices

LONGEST_HOLIDAYS = 20_000
_TIME = r"\d{1,2}(?::\d{2})?(?:\s*[ap]\.?m\.?)?"
_SPAN = rf"({_TIME})\s*(?:-|\u2013|to|until)\s*({_TIME})"
_READ_SPAN = re.compile(_SPAN, re.IGNORECASE)
_READ_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])?", re.IGNORECASE)
_READ_HOLIDAY = re.compile(rf"(\S+)\s+((?:{_SPAN}[,\s]+)*)(.+)", re.IGNORECASE)
_HOW = "Write times such as 09:00-12:00, 13:00-17:00; leave it empty where nobody is there."
_HOW_HOLIDAY = "Write date and name, such as 2027-01-01 New Year's Day, one a line."


class HoursForm(forms.Form):
    """New business hours."""

    name = forms.CharField(
        max_length=100,
        help_text="What your team calls them, such as “Practice”.",
        error_messages={"required": "Give them a name, for example “Practice”."},
    )
    time_zone = forms.ChoiceField(
        error_messages={"required": "Choose where these clocks hang."},
    )
    holidays = forms.CharField(
        required=False,
        max_length=LONGEST_HOLIDAYS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line: 2027-01-01 New Year's Day. With times of its own:"
        " 2027-12-24 09:00-12:00 Christmas Eve.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: Any = self.fields["time_zone"]
        stored = self.get_initial_for_field(zones, "time_zone")
        zones.choices = [("", "Choose"), *zone_choices(stored or "")]
        for day in DAYS:
            self.fields[day] = forms.CharField(required=False, max_length=200, label=day.capitalize())

    def days(self) -> list[forms.BoundField]:
        """Return the fields of the week."""
        return [self[day] for day in DAYS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        weekly: list[dict[str, str]] = []
        for day in DAYS:
            try:
                weekly += read_weekly([{"day": day, **span} for span in _spans(data.get(day, ""))])
            except ValidationError as error:
                self.add_error(day, error.message_dict["weekly"])
            except ValueError as error:
                self.add_error(day, str(error))
        self.weekly = weekly
        self.stored_holidays = self._holidays(data.get("holidays", ""))
        return data

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = {name: self.cleaned_data[name] for name in ("name", "time_zone")}
        return {**names, "weekly": self.weekly, "holidays": self.stored_holidays}

    def _holidays(self, text: str) -> list[dict[str, Any]]:
        try:
            return read_holidays([each for line in text.splitlines() for each in _holiday(line.strip())])
        except ValidationError as error:
            self.add_error("holidays", error.message_dict["holidays"])
        except ValueError as error:
            self.add_error("holidays", str(error))
        return []


class HoursEditForm(EditForm, HoursForm):
    """Business hours that exist."""

    @staticmethod
    def initial_of(hours: BusinessHours) -> dict[str, Any]:
        """Return what the form shows of business hours."""
        return {
            "name": hours.name,
            "time_zone": hours.time_zone,
            "version": hours.version,
            "holidays": holidays_as_text(hours.holidays),
            **week_as_texts(hours.weekly),
        }


def week_as_texts(weekly: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Write stored times of a week as people edit them, by day."""
    found: dict[str, list[str]] = {day: [] for day in DAYS}
    for each in weekly:
        found[each["day"]].append(f"{each['opens']}-{each['closes']}")
    return {day: ", ".join(spans) for day, spans in found.items()}


def holidays_as_text(holidays: Iterable[Mapping[str, Any]]) -> str:
    """Write stored holidays as people edit them, a line for each date."""
    lines: dict[str, tuple[str, list[str]]] = {}
    for each in holidays:
        _name, spans = lines.setdefault(each["date"], (each["name"], []))
        if each["opens"]:
            spans.append(f"{each['opens']}-{each['closes']}")
    return "\n".join(
        f"{day} {', '.join(spans)} {name}" if spans else f"{day} {name}"
        for day, (name, spans) in lines.items()
    )


def _spans(text: str) -> list[dict[str, str]]:
    """Read times such as 9am-12, 13:00 to 17:30. Raises ValueError."""
    found = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        match = _READ_SPAN.fullmatch(part)
        if match is None:
            raise ValueError(_HOW)
        opens, closes = _time(match[1]), _time(match[2])
        if closes < opens <= "12:00":  # the afternoon was meant
            raise ValueError(f"“{part}” ends before it begins. Write 9am-5pm, or 09:00-17:00.")
        found.append({"opens": opens, "closes": closes})
    return found


def _time(text: str) -> str:
    """Write a time as it is stored: 9, 9:00 and 9 am are 09:00; 5 pm is 17:00."""
    match = _READ_TIME.match(text.strip())
    if match is None:
        raise ValueError(_HOW)
    hour, minute, half = int(match[1]), match[2] or "00", (match[3] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(_HOW)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{minute}"


def _holiday(line: str) -> list[dict[str, Any]]:
    """Read a line: a date, times of its own if there are any, and a name. Raises ValueError."""
    if not line:
        return []
    match = _READ_HOLIDAY.fullmatch(line)
    if match is None:
        raise ValueError(f"“{line[:60]}”: {_HOW_HOLIDAY}")
    day, times, name = match[1], match[2], match[len(match.groups())]
    spans = _spans(", ".join(f"{opens}-{closes}" for opens, closes in _READ_SPAN.findall(times)))
    entry = {"date": day, "name": name}
    return [{**entry, **span} for span in spans] or [{**entry, "opens": None, "closes": None}]
