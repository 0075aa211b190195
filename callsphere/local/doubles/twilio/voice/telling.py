"""Status callbacks: who is told what of a call, in which order, and what goes wrong with that on demand."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPException
from typing import Any

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.messages import Refusal, Row

KINDS = ("lose", "twice", "delay", "late")


@dataclass
class Disturbance:
    """Something that goes wrong with callbacks, `times` times.

    `kind`: `lose` tells nothing; `twice` tells it two times; `delay` tells it `seconds` later, while others
    go on; `late` tells it after the call's next one, out of order. `status` is the callback's (completed …),
    `url` a part of its address; left out for all.
    """

    kind: str
    status: str = ""
    url: str = ""
    seconds: float = 1.0
    times: int = 1

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Disturbance:
        """Read one from JSON; raise ValueError for a name that is none of ours."""
        unknown = set(values) - {each.name for each in fields(cls)}
        if unknown or values.get("kind") not in KINDS:
            raise ValueError(
                f"no such fault of callbacks: {', '.join(sorted(unknown)) or values.get('kind')}"
            )
        return cls(**values)

    def fits(self, status: str, url: str) -> bool:
        """Whether it is this callback's turn."""
        return self.times > 0 and self.status in ("", status) and self.url in url


class Disturbances:
    """Those that are still to happen, the oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Disturbance] = []

    def add(self, disturbance: Disturbance) -> None:
        with self._lock:
            self._all.append(disturbance)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def take(self, status: str, url: str) -> Disturbance | None:
        """Return the one of this callback and count it, or None."""
        with self._lock:
            found = next((each for each in self._all if each.fits(status, url)), None)
            if found:
                found.times -= 1
            return found


@dataclass
class Callback:
    """An address that is told of one leg or call, and of which events."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    sequence: int = 0

    @classmethod
    def of(cls, url: str, method: str, events: Iterable[str]) -> Callback:
        """Return one; the end is told when no events are named."""
        return cls(url, method or "POST", frozenset(events) or frozenset({"completed"}))


class Mailbox:
    """Sends the callbacks of one call and its legs one after another, by a thread of its own."""

    def __init__(self, account: Row, disturbances: Disturbances) -> None:
        self._account = account
        self._disturbances = disturbances
        self._waiting: queue.SimpleQueue[tuple[str, str, dict[str, str]] | None] = queue.SimpleQueue()
        self._late: list[tuple[str, str, dict[str, str]]] = []
        self._timers: list[threading.Timer] = []
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._work, daemon=True, name="twilio callbacks")
        self._thread.start()

    def tell(self, callback: Callback | None, event: str, fields: dict[str, str], at: float) -> None:
        """Tell an event, if somebody wants to know: initiated, ringing, answered or completed."""
        if callback is None or not callback.url or event not in callback.events:
            return
        numbered = {
            **fields,
            "Timestamp": format_datetime(datetime.fromtimestamp(at, UTC)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(callback.sequence),
        }
        callback.sequence += 1
        self.post(callback.url, callback.method, numbered)

    def post(self, url: str, method: str, fields: dict[str, str]) -> None:
        """Tell something else: a recording that is there, what detection found."""
        self._waiting.put((url, method or "POST", fields))

    def close(self) -> None:
        """Send what is left, and return when that is done."""
        self._waiting.put(None)
        self._thread.join()
        for timer in self._timers:
            timer.join()

    def _work(self) -> None:
        while (letter := self._waiting.get()) is not None:
            self._deliver(letter)
        for letter in self._late:
            self._send(letter)

    def _deliver(self, letter: tuple[str, str, dict[str, str]]) -> None:
        url, _method, fields = letter
        disturbance = self._disturbances.take(_status(fields), url)
        kind = disturbance.kind if disturbance else ""
        if kind == "late":
            self._late.append(letter)
            return
        if disturbance and kind == "delay":
            timer = threading.Timer(disturbance.seconds, self._send, [letter])
            timer.daemon = True
            timer.start()
            self._timers.append(timer)
            return
        for _ in range({"lose": 0, "twice": 2}.get(kind, 1)):
            self._send(letter)
        if kind != "lose":
            late, self._late = self._late, []
            for each in late:
                self._send(each)

    def _send(self, letter: tuple[str, str, dict[str, str]]) -> None:
        url, method, fields = letter
        try:
            reply = callbacks.send(self._account, method, url, fields)
        except (OSError, HTTPException, Refusal) as error:
            self.failures.append(f"{url}: {error}")
            return
        if reply.status >= 400:
            self.failures.append(f"{url}: {reply.status}")


def _status(fields: dict[str, str]) -> str:
    return fields.get("CallStatus") or fields.get("RecordingStatus") or fields.get("MessageStatus", "")
