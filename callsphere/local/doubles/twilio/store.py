"""Everything the double remembers, in memory and, if asked, in a file that outlives the process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from callsphere.local.doubles.twilio.messages import Row, not_found
from callsphere.local.paths import write_private

ACCOUNTS = "api/Accounts"
KEYS = "api/Keys"


def new_sid(prefix: str) -> str:
    """Return a fresh id of the form Twilio gives: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


class Store:
    """Rows by collection. Rows keep the order in which they were made."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Row]] = {}
        if path and path.is_file():
            self._rows = json.loads(path.read_text())

    def save(self) -> None:
        """Write the file, which only its owner may read: tokens and passwords are in it."""
        if self._path:
            write_private(self._path, json.dumps(self._rows))

    def add(self, collection: str, row: Row, *, below: str = "") -> Row:
        """Keep a row; `below` is the id of the resource it belongs to, where ids repeat among such."""
        self._rows.setdefault(collection, {})[f"{below}/{row['sid']}"] = row
        return row

    def all(self, collection: str, **fields: Any) -> Iterator[Row]:
        """Yield the rows whose fields have these values."""
        for row in list(self._rows.get(collection, {}).values()):
            if all(row.get(name) == value for name, value in fields.items()):
                yield row

    def find(self, collection: str, **fields: Any) -> Row | None:
        """Return the first such row, or None."""
        return next(self.all(collection, **fields), None)

    def get(self, collection: str, **fields: Any) -> Row:
        """Return the first such row; raise Twilio's 404 when there is none."""
        row = self.find(collection, **fields)
        if row is None:
            raise not_found(f"{collection} {fields.get('sid', '')}".strip())
        return row

    def remove(self, collection: str, **fields: Any) -> None:
        """Forget such rows."""
        kept = self._rows.get(collection, {})
        for key, row in list(kept.items()):
            if all(row.get(name) == value for name, value in fields.items()):
                del kept[key]
