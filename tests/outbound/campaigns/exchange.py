"""A telephone exchange that answers as Twilio does when calls are placed and looked for, over a socket.

It keeps what rings, and goes wrong as often as it is told: it refuses, it answers too late to be heard, or
not at all. Nothing is told to anybody: whoever plays the world asks what rings, and hangs up.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Chances:
    """How likely it is that a request to place a call goes wrong so."""

    too_many: float = 0.02
    """429: nothing rings."""
    down: float = 0.02
    """503: nothing rings, but nobody can know."""
    unheard: float = 0.05
    """It rings, and the answer is lost."""


@dataclass
class Rung:
    """A call that was placed."""

    sid: str
    to: str
    caller: str
    url: str
    at: datetime
    rings: bool = True


@dataclass
class Exchange:
    """What rings and what rang. `most` is how many rang at a time at most."""

    dice: random.Random
    chances: Chances = field(default_factory=Chances)
    url: str = ""
    calls: dict[str, Rung] = field(default_factory=dict)
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: Counter[str] = field(default_factory=Counter)

    def place(self, form: dict[str, str]) -> tuple[int, Any]:
        """Place a call, or let it go wrong: return the status and the answer; None for silence."""
        with self.lock:
            chance = self.dice.random()
            went = self._goes(chance)
            self.asked[went] += 1
            if went == "too_many":
                return 429, {"code": 20429, "message": "Too Many Requests", "status": 429}
            if went == "down":
                return 503, {"code": 20503, "message": "Service Unavailable", "status": 503}
            rung = Rung(
                f"CA{secrets.token_hex(16)}", form["To"], form["From"], form["Url"], datetime.now(UTC)
            )
            self.calls[rung.sid] = rung
            self.most = max(self.most, sum(call.rings for call in self.calls.values()))
            return (0, None) if went == "unheard" else (201, _shown(rung))

    def find(self, query: dict[str, str]) -> list[Any]:
        """Return the calls between two numbers, the newest first."""
        with self.lock:
            calls = [
                call for call in self.calls.values() if (call.to, call.caller) == (query["To"], query["From"])
            ]
            return [_shown(call) for call in reversed(calls)]

    def hang_up(self, sid: str) -> None:
        with self.lock:
            self.calls[sid].rings = False

    def _goes(self, chance: float) -> str:
        for name in ("too_many", "down", "unheard"):
            chance -= getattr(self.chances, name)
            if chance < 0:
                return name
        return "placed"


@contextmanager
def running(exchange: Exchange) -> Iterator[Exchange]:
    """Have an exchange answer at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*exchange.place(_single(body)))

        def do_GET(self) -> None:
            found = exchange.find(_single(urlsplit(self.path).query))
            self._answer(200, {"calls": found, "page": 0, "page_size": 50, "next_page_uri": None})

        def _answer(self, status: int, body: Any) -> None:
            if status == 0:
                self.close_connection = True
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 429:
                self.send_header("Retry-After", "30")  # longer than a worker waits
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="exchange")
    thread.start()
    exchange.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield exchange
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _single(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


def _shown(call: Rung) -> dict[str, Any]:
    return {
        "sid": call.sid,
        "to": call.to,
        "from": call.caller,
        "status": "queued",
        "direction": "outbound-api",
        "date_created": format_datetime(call.at, usegmt=True),
    }
