"""The stand-in on a socket: API, pages and the clock, on loopback alone."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from callsphere.local.doubles.stripe import api, forms, lifecycle, site
from callsphere.local.doubles.stripe.account import Account
from callsphere.local.doubles.stripe.deliveries import Deliveries, state_of

LOOPBACK = "127.0.0.1"
_TICK_S = 1.0
_LONGEST_BODY = 1_000_000


class Double:
    """A running stand-in. `account` is what it knows; hold its lock while reading."""

    def __init__(
        self,
        *,
        key: str,
        port: int = 0,
        webhook_url: str = "",
        webhook_secret: str = "",
        file: Path | None = None,
    ) -> None:
        self.key = key
        self.deliveries: Deliveries | None = None
        self._server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, self))
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        self.account = Account(address=self.url, file=file)
        if webhook_url:
            self.deliveries = Deliveries(self.account, webhook_url, webhook_secret)
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, args=(0.05,), name="stripe-server", daemon=True
            ),
            threading.Thread(target=self._tick, name="stripe-clock", daemon=True),
        ]

    def start(self) -> Double:
        """Begin to answer."""
        for thread in [*self._threads, *([self.deliveries] if self.deliveries else [])]:
            thread.start()
        return self

    def stop(self) -> None:
        """End everything that was started."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        if self.deliveries:
            self.deliveries.end()
        for thread in self._threads:
            thread.join(10)

    def advance(self, seconds: int) -> None:
        """Turn the clock on."""
        with self.account.lock:
            lifecycle.advance(self.account, seconds)
            self.account.save()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_S):
            with self.account.lock:
                if lifecycle.catch_up(self.account):
                    self.account.save()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: sent apart, each answer would wait for the other side's delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server_version = "callsphere-stripe-double"

    def __init__(self, double: Double, *args: Any) -> None:
        self.double = double
        super().__init__(*args)

    def do_GET(self) -> None:
        self._dispatch("GET")

    def do_POST(self) -> None:
        self._dispatch("POST")

    def do_DELETE(self) -> None:
        self._dispatch("DELETE")

    def log_message(self, *args: Any) -> None:
        """Say nothing: requests carry the key."""

    def _dispatch(self, method: str) -> None:
        address = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
        body = self.rfile.read(length).decode()
        if address.path.startswith("/v1/"):
            self._answer_api(method, address.path, body if method == "POST" else address.query or body)
        elif address.path.startswith("/_double/") and method == "POST":
            self._control(address.path.removeprefix("/_double/"), json.loads(body or "{}"))
        else:
            self._answer_page(method, address.path, body)

    def _answer_api(self, method: str, path: str, text: str) -> None:
        status, body = api.answer(
            self.double.account,
            key=self.double.key,
            method=method,
            path=path,
            text=text,
            headers=dict(self.headers.items()),
        )
        self._send(status, api.plain(body), "application/json")

    def _control(self, what: str, wanted: dict[str, Any]) -> None:
        """Answer tests and tools: turn the clock, hold and release events."""
        deliveries = self.double.deliveries
        if what == "clock":
            self.double.advance(int(wanted["advance"]))
        elif what == "hold" and deliveries:
            deliveries.hold()
        elif what == "release" and deliveries:
            deliveries.release(reverse=bool(wanted.get("reverse")), copies=int(wanted.get("copies", 1)))
        else:
            self._send(404, b"{}", "application/json")
            return
        state = {"now": self.double.account.now(), "deliveries": state_of(deliveries)}
        self._send(200, json.dumps(state).encode(), "application/json")

    def _answer_page(self, method: str, path: str, body: str) -> None:
        fields = forms.parse(body) if method == "POST" else None
        with self.double.account.lock:
            reply = site.respond(self.double.account, path, fields)
        if reply.target:
            self.send_response(303)
            self.send_header("Location", reply.target)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(reply.status, reply.body, "text/html; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", "req_double")
        self.end_headers()
        self.wfile.write(body)
