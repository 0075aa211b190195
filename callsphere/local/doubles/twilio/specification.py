"""What Twilio's OpenAPI documents allow, read from `operations.json` (see `extract`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_EXTRACT = Path(__file__).with_name("operations.json")
Values = Mapping[str, list[str]]
"""Form or query fields by name, each with every value that was sent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that the documents do not allow, and why."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: the fields it takes and the names of what it answers.

    `rows` is the key under which a list's rows are, or nothing. `answer` names the fields of one row.
    """

    host: str
    method: str
    path: str
    in_path: Mapping[str, Any]
    in_query: Mapping[str, Any]
    in_form: Mapping[str, Any]
    status: int
    answer: tuple[str, ...]
    rows: str

    def problems(self, query: Values, form: Values) -> Iterator[Problem]:
        """Yield what is unknown, missing or of a wrong form in a request of this operation."""
        changes = "Sid" in self.in_path
        yield from _problems(self.in_query, query, may_empty=False)
        yield from _problems(self.in_form, form, may_empty=changes)


def operations() -> tuple[Operation, ...]:
    """Return every operation of the extract."""
    return tuple(each for found in _by_size().values() for each, _pattern in found)


def match(host: str, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation of a request with the values in its path, or None when Twilio has none such."""
    for operation, pattern in _by_size().get((host, method, path.count("/")), ()):
        found = pattern.fullmatch(path)
        if found:
            return operation, found.groupdict()
    return None


def find(host: str, method: str, path: str) -> Operation | None:
    """Return the operation of a path as the documents write it, with names in braces."""
    return next(
        (each for each, _ in _by_size().get((host, method, path.count("/")), ()) if each.path == path), None
    )


def has_path(host: str, path: str) -> bool:
    """Whether another method would be allowed there."""
    return any(match(host, method, path) for method in ("GET", "POST", "DELETE"))


@cache
def _by_size() -> dict[tuple[str, str, int], list[tuple[Operation, re.Pattern[str]]]]:
    found: dict[tuple[str, str, int], list[tuple[Operation, re.Pattern[str]]]] = {}
    for entry in json.loads(_EXTRACT.read_text())["operations"]:
        operation = Operation(
            **{name: value for name, value in entry.items() if name not in {"list", "answer"}},
            answer=tuple(entry["answer"]),
            rows=entry.get("list", ""),
        )
        key = (operation.host, operation.method, operation.path.count("/"))
        found.setdefault(key, []).append((operation, _pattern(operation)))
    return found


def _pattern(operation: Operation) -> re.Pattern[str]:
    """Literal parts win by their characters, since Twilio's ids and numbers are told by theirs."""
    parts = re.split(r"\{(\w+)\}", operation.path)
    text = ""
    for index, part in enumerate(parts):
        if index % 2:
            allowed = operation.in_path[part].get("pattern", r"[^/]+").strip("^$")
            text += f"(?P<{part}>{allowed})"
        else:
            text += re.escape(part)
    return re.compile(text)


def _problems(fields: Mapping[str, Any], values: Values, *, may_empty: bool) -> Iterator[Problem]:
    for name, sent in values.items():
        field = fields.get(name)
        if field is None:
            yield Problem(name, "is not a field of this request")
            continue
        if field.get("type") != "array" and len(sent) > 1:
            yield Problem(name, "is sent more than once")
        yield from _value_problems(name, field.get("items", field), sent, may_empty=may_empty)
    for name, field in fields.items():
        if field.get("required") and not any(values.get(name, ())):
            yield Problem(name, "is required")


def _value_problems(
    name: str, field: Mapping[str, Any], sent: Iterable[str], *, may_empty: bool
) -> Iterator[Problem]:
    for value in sent:
        # A change takes a field's value away by sending nothing for it, whatever its type.
        why = "" if value == "" and may_empty else _why_wrong(field, value)
        if why:
            yield Problem(name, why)


def _why_wrong(field: Mapping[str, Any], value: str) -> str:
    if "enum" in field and value not in field["enum"]:
        return f"is not one of {', '.join(map(str, field['enum']))}"
    if "pattern" in field and not re.fullmatch(field["pattern"].strip("^$"), value):
        return "does not look like what belongs there"
    return _why_wrong_type(field, value)


def _why_wrong_type(field: Mapping[str, Any], value: str) -> str:
    kind = field.get("type")
    if kind == "boolean" and value.lower() not in {"true", "false"}:
        return "is neither true nor false"
    if kind in {"integer", "number"}:
        return _why_wrong_number(field, value)
    if field.get("format") == "uri" and not urlsplit(value).scheme:
        return "is not an address"
    if field.get("format") == "phone-number" and not re.fullmatch(r"\+?[\d*]{1,15}|sip:.+", value):
        return "is not a phone number in E.164 form"
    return ""


def _why_wrong_number(field: Mapping[str, Any], value: str) -> str:
    pattern = r"-?\d+" if field.get("type") == "integer" else r"-?\d+(\.\d+)?"
    if not re.fullmatch(pattern, value):
        return "is not a number"
    if not field.get("minimum", float("-inf")) <= float(value) <= field.get("maximum", float("inf")):
        return "is out of bounds"
    return ""
