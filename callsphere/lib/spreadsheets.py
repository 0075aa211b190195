"""Tables as CSV that spreadsheets may open: nothing in them is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# Spreadsheets take what begins like this for a formula; a telephone number that does is none.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"\+[0-9]+")


def cell(value: Any) -> Any:
    """Return a value as a cell may hold it: with an apostrophe in front where it would be a formula."""
    is_text = isinstance(value, str) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_text and value.startswith(_FORMULA_BEGINS) else value


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows of cells as lines (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
