"""Calls and recordings as resources: made, changed while they go on, and priced when they are over."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from callsphere.local.doubles.twilio.messages import Row
from callsphere.local.doubles.twilio.specification import find
from callsphere.local.doubles.twilio.store import Store, new_sid

CALLS = "api/Calls"
RECORDINGS = "api/Recordings"
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
API_VERSION = "2010-04-01"
_HOST, _ACCOUNT = "api.twilio.com", "/2010-04-01/Accounts/{AccountSid}"
_MOST_KEPT = 2000
# US dollars for each minute begun.
_PRICES = {"inbound": 0.0085, "outbound-api": 0.014, "outbound-dial": 0.014}
_SIP_PRICE, _RECORDING_PRICE = 0.004, 0.0025


class Ledger:
    """Writes the resources of calls. `lock` is the double's: never wait for anything while you hold it."""

    def __init__(self, store: Store, lock: threading.RLock) -> None:
        self.store = store
        self._lock = lock
        self._end_what_was_under_way()

    def open_call(self, account: Row, *, to: str, caller: str, direction: str, **rest: Any) -> Row:
        """Keep a new call; `rest` are other fields of it."""
        moment = _written(time.time())
        row = _blank(f"{_ACCOUNT}/Calls/{{Sid}}.json") | {
            "sid": new_sid("CA"),
            "account_sid": account["sid"],
            "to": to,
            "to_formatted": to,
            "from": caller,
            "from_formatted": caller,
            "direction": direction,
            "status": "queued",
            "api_version": API_VERSION,
            "price_unit": "USD",
            "queue_time": "0",
            "trunk_sid": "",
            "group_sid": None,
            "annotation": None,
            "date_created": moment,
            "date_updated": moment,
            "subresource_uris": {},
            **rest,
        }
        with self._lock:
            self.store.add(CALLS, row)
            self._forget_oldest(CALLS)
        return row

    def set_status(self, row: Row, status: str, at: float, **rest: Any) -> None:
        """Have a call go on; `at` is when (seconds since 1970)."""
        with self._lock:
            row.update(rest, status=status, date_updated=_written(at))
            if status in ("ringing", "in-progress") and not row["start_time"]:
                row["start_time"] = _written(at)

    def end_call(self, row: Row, status: str, at: float, *, lasted_s: int, priced_after_s: float) -> None:
        """Have a call be over."""
        with self._lock:
            row.update(
                status=status,
                end_time=_written(at),
                date_updated=_written(at),
                duration=str(lasted_s),
                _price=_price_of(row, lasted_s),
                _priced_at=time.time() + priced_after_s,
            )
            row["start_time"] = row["start_time"] or _written(at)

    def add_recording(self, row: Row, *, source: str, seconds: int, channels: int, at: float) -> Row:
        """Keep a recording of a call that has been made."""
        recording = _blank(f"{_ACCOUNT}/Recordings/{{Sid}}.json") | {
            "sid": new_sid("RE"),
            "account_sid": row["account_sid"],
            "call_sid": row["sid"],
            "api_version": API_VERSION,
            "status": "completed",
            "source": source,
            "channels": channels,
            "duration": str(seconds),
            "start_time": _written(at - seconds),
            "date_created": _written(at),
            "date_updated": _written(at),
            "price": f"-{_RECORDING_PRICE * math.ceil(seconds / 60):.5f}",
            "price_unit": "USD",
            "track": "both",
            "subresource_uris": {},
        }
        with self._lock:
            self.store.add(RECORDINGS, recording)
            self._forget_oldest(RECORDINGS)
        return recording

    def save(self) -> None:
        """Write what must outlive the process."""
        with self._lock:
            self.store.save()

    def _forget_oldest(self, collection: str) -> None:
        rows = list(self.store.all(collection))
        for row in rows[:-_MOST_KEPT]:
            self.store.remove(collection, sid=row["sid"])

    def _end_what_was_under_way(self) -> None:
        """Calls do not outlive the process that plays them."""
        for row in self.store.all(CALLS):
            if row["status"] not in OVER:
                self.end_call(row, "failed", time.time(), lasted_s=0, priced_after_s=0)


def show_price(row: Row) -> None:
    """Let an answer have the price of a call once it is known."""
    if time.time() >= row.get("_priced_at", math.inf):
        row["price"] = row["_price"]


def _price_of(row: Row, lasted_s: int) -> str | None:
    if not lasted_s:
        return None
    of_sip = row["to"].startswith("sip") and row["direction"] != "inbound"
    price = _SIP_PRICE if of_sip else _PRICES[row["direction"]]
    return f"-{price * math.ceil(lasted_s / 60):.5f}"


def _blank(path: str) -> Row:
    operation = find(_HOST, "GET", path)
    if operation is None:
        raise LookupError(f"{path}: the documents show no such resource")
    return dict.fromkeys(operation.answer)


def _written(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC))
