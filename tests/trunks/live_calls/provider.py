"""A provider of calls over HTTP on loopback: it remembers which calls are up, and can be told to fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from trunks.live_calls.enders import Ending, EndingCall, NotEnded, add_ender

NAME = "telecom"


class Provider:
    """Calls that are up, and every hang-up that was asked for. Statuses in `failures` are used up first."""

    def __init__(self) -> None:
        self.up: set[str] = set()
        self.asked: list[str] = []
        self.failures: list[int] = []
        self.slow_s = 0.0
        self.lock = threading.Lock()
        self.url = ""

    def hang_up(self, reference: str) -> int:
        """End a call; the HTTP status of that."""
        time.sleep(self.slow_s)
        with self.lock:
            self.asked.append(reference)
            if self.failures:
                return self.failures.pop(0)
            if reference not in self.up:
                return 404
            self.up.remove(reference)
            return 200

    def end(self, call: EndingCall) -> Ending:
        """The ender: what a client of this provider does."""
        status = httpx.post(f"{self.url}/{call.reference}/hang-up").status_code
        if status == 404:
            return Ending("no such call", by_us=False)
        if status != 200:
            raise NotEnded(f"{NAME} answered {status}")
        return Ending("completed")


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free port, known as who ends its calls."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(provider.hang_up(self.path.split("/")[1]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    add_ender(NAME, provider.end)
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
