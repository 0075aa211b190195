"""All that the stand-in knows: objects by kind and id, events, answers by idempotency key, its clock."""

from __future__ import annotations

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callsphere.local.doubles.stripe.faults import missing

Record = dict[str, Any]
API_VERSION = "2026-10-28.endive"
"""The version that the locked SDK speaks; a test compares."""
KINDS = {
    "cus": "customer",
    "prod": "product",
    "price": "price",
    "sub": "subscription",
    "sub_sched": "subscription_schedule",
    "in": "invoice",
    "inpay": "invoice_payment",
    "pm": "payment_method",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "du": "dispute",
    "cs": "checkout.session",
    "bps": "billing_portal.session",
}
_PREFIX = {kind: prefix for prefix, kind in KINDS.items()}


class Account:
    """One Stripe account. Hold `lock` while using it: requests, pages and the clock are several threads."""

    def __init__(
        self, *, address: str = "", file: Path | None = None, real_time: Callable[[], float] = time.time
    ) -> None:
        self.address = address
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS.values()}
        self.events: list[Record] = []
        self.answers: dict[str, list[Any]] = {}
        self.turned_s = 0
        self.new_event: Callable[[Record], None] = lambda _event: None
        self._real_time = real_time
        self._moment: int | None = None
        self._file = file
        if file is not None and file.is_file():
            self._load(json.loads(file.read_text()))

    # The clock

    def now(self) -> int:
        """Return the account's time, a Unix time: the machine's, plus as much as it was turned on."""
        return self._moment if self._moment is not None else int(self._real_time()) + self.turned_s

    def at(self, moment: int | None) -> None:
        """Let everything happen at this moment, until it is set to None again."""
        self._moment = moment

    # Objects

    def add(self, kind: str, **fields: Any) -> Record:
        """Store a new object, its id made up."""
        identity = f"{_PREFIX[kind]}_{_id_mark(kind)}{secrets.token_hex(12)}"
        record: Record = {"id": identity, "object": kind, **fields}
        if kind != "refund":  # the one kind that does not say
            record["livemode"] = False
        self.tables[kind][identity] = record
        return record

    def get(self, kind: str, identity: Any, param: str = "id") -> Record:
        """Return an object. Raises ApiError when there is none."""
        record = self.tables[kind].get(str(identity))
        if record is None:
            raise missing(kind.replace("_", " "), str(identity), param)
        return record

    def all(self, kind: str, **wanted: Any) -> list[Record]:
        """Return the objects whose fields have these values, the newest first."""
        found = [
            record
            for record in self.tables[kind].values()
            if all(record.get(name) == value for name, value in wanted.items())
        ]
        return found[::-1]

    def emit(self, kind: str, record: Record, previous: Record | None = None) -> None:
        """Write down that something happened, with the object as it is at this moment."""
        data: Record = {"object": shown(record)}
        if previous:
            data["previous_attributes"] = previous
        event: Record = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        self.new_event(event)

    # The file

    def save(self) -> None:
        """Write everything down, so that a restart goes on from here."""
        if self._file is None:
            return
        state = {
            "tables": self.tables,
            "events": self.events[-500:],
            "answers": dict(list(self.answers.items())[-500:]),
            "turned_s": self.turned_s,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_suffix(".new")
        scratch.write_text(json.dumps(state))
        scratch.replace(self._file)

    def _load(self, state: Record) -> None:
        self.tables |= state["tables"]
        self.events = state["events"]
        self.answers = state["answers"]
        self.turned_s = state["turned_s"]


def shown(record: Record) -> Record:
    """Return a copy without what only the stand-in keeps."""
    return {name: copy.deepcopy(value) for name, value in record.items() if not name.startswith("_")}


def _id_mark(kind: str) -> str:
    return "test_" if kind == "checkout.session" else ""
