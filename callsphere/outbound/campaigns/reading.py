"""Reading a file of contacts (CSV, RFC 4180): wrong lines are told, the others are read. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from callsphere.outbound.models.campaigns import LONGEST_NAME

MOST_ROWS = 20_000
MOST_BYTES = 2 * 1024 * 1024
MOST_COLUMNS = 30
LONGEST_COLUMN = 64
LONGEST_VALUE = 500
NUMBER, NAME, TIME_ZONE = "number", "name", "time_zone"
_OWN = (NUMBER, NAME, TIME_ZONE)


class FileInvalid(ValueError):
    """Nothing can be read from the file. The text says what to do."""


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with one line (the header is 1), in which column, and what to do."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as written. `columns` has what is neither number, name nor time zone, without empty values."""

    line: int
    number: str
    name: str = ""
    time_zone: str = ""
    columns: dict[str, str] = field(default_factory=dict)


def read_file(content: bytes) -> tuple[list[Entry], list[LineError]]:
    """Return the lines that can be read, and what is wrong with the others. Raises FileInvalid."""
    if len(content) > MOST_BYTES:
        raise FileInvalid(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    text = _decoded(content)
    lines = _Lines(text)
    try:
        header = _header(next(lines, (1, []))[1])
        return _entries(lines, header)
    except csv.Error as error:
        raise FileInvalid(f"Line {lines.line} cannot be read: {error}. Save the file as CSV again.") from None


def fault_of_columns(columns: Mapping[str, str]) -> str:
    """Return what is wrong with values given by column, beside those of our own; empty where nothing is."""
    if len(columns) > MOST_COLUMNS:
        return f"Use at most {MOST_COLUMNS} columns."
    for name, value in columns.items():
        if name in _OWN or not _is_column(name):
            return f"{name[:LONGEST_COLUMN]!r} is no name for a column."
        fault = _fault_of_value(name, value)
        if fault:
            return f"{name}: {fault}"
    return ""


class _Lines:
    """The records of a file with the line that each begins at; lines without anything are left out."""

    def __init__(self, text: str) -> None:
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.line = 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            self.line = self._reader.line_num + 1
            cells = [cell.strip() for cell in next(self._reader)]
            if any(cells):
                return self.line, cells


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileInvalid("The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise FileInvalid("The file is no text. Save it as CSV.")
    return text


def _header(cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if NUMBER not in names:
        raise FileInvalid("Begin with a line of column names; one of them must be “number”.")
    if len(names) > MOST_COLUMNS:
        raise FileInvalid(f"Use at most {MOST_COLUMNS} columns.")
    for name in names:
        if not _is_column(name):
            raise FileInvalid(
                f"Name each column, in {LONGEST_COLUMN} printable characters at most, without braces:"
                f" “{name[:LONGEST_COLUMN]}” is none."
            )
        if names.count(name) > 1:
            raise FileInvalid(f"The column “{name}” is there twice. Leave one out.")
    return names


def _entries(lines: _Lines, header: list[str]) -> tuple[list[Entry], list[LineError]]:
    entries: list[Entry] = []
    errors: list[LineError] = []
    for count, (line, cells) in enumerate(lines, 1):
        if count > MOST_ROWS:
            raise FileInvalid(f"The file has more than {MOST_ROWS:,} contacts. Split it.")
        error = _fault(line, cells, header)
        if error is None:
            entries.append(_entry(line, dict(zip(header, cells, strict=False))))
        else:
            errors.append(error)
    return entries, errors


def _fault(line: int, cells: list[str], header: list[str]) -> LineError | None:
    if any(cells[len(header) :]):
        message = f"There are more values than columns ({len(header)}). Put values with commas in quotes."
        return LineError(line, "", message)
    for name, value in zip(header, cells, strict=False):
        fault = _fault_of_value(name, value)
        if fault:
            return LineError(line, name, fault)
    return None


def _is_column(name: str) -> bool:
    return 0 < len(name) <= LONGEST_COLUMN and name.isprintable() and not set(name) & {"{", "}"}


def _fault_of_value(name: str, value: str) -> str:
    longest = LONGEST_NAME if name == NAME else LONGEST_VALUE
    if len(value) > longest:
        return f"Use at most {longest} characters."
    plain = value if name in _OWN else re.sub(r"[\r\n\t]", " ", value)
    return "" if plain.isprintable() else "Remove control characters and invisible characters."


def _entry(line: int, values: dict[str, str]) -> Entry:
    columns = {name: value for name, value in values.items() if value and name not in _OWN}
    return Entry(line, values.get(NUMBER, ""), values.get(NAME, ""), values.get(TIME_ZONE, ""), columns)
