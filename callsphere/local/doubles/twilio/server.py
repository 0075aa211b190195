"""The double's socket: HTTP/1.1 on loopback; the host that was meant is the first part of the path."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from callsphere.local.doubles.twilio.controls import CONTROL, control
from callsphere.local.doubles.twilio.messages import Answer, Request
from callsphere.local.doubles.twilio.twilio import Twilio
from callsphere.local.ports import LOOPBACK


class DoubleServer(ThreadingHTTPServer):
    """Serves one `Twilio` until `close`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, twilio: Twilio, port: int = 0) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.twilio = twilio
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """The address to set as TWILIO_BASE_URL."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind without asking for the name of the machine, as HTTPServer does and which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def close(self) -> None:
        """Stop serving, and end what hangs."""
        self.closing.set()
        self.twilio.switchboard.close()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Head and body leave together: apart, each answer would wait for a delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: DoubleServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Say nothing: addresses may hold numbers, and headers hold tokens."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(CONTROL):
            self._reply(control(self.server.twilio, self.command, self.path, body))
            return
        answer, fault = self.server.twilio.take(self._request(body))
        if fault and fault.kind == "hang":
            self.server.closing.wait(fault.seconds)
        if answer is None:
            self.close_connection = True
        else:
            self._reply(answer)

    def _request(self, body: bytes) -> Request:
        parts = urlsplit(self.path)
        _, host, rest = (parts.path + "/").split("/", 2)
        username, password = _credentials(self.headers.get("Authorization", ""))
        return Request(
            method=self.command,
            host=host,
            path=unquote("/" + rest.removesuffix("/")),
            query=parse_qs(parts.query, keep_blank_values=True),
            form=parse_qs(body.decode(), keep_blank_values=True),
            username=username,
            password=password,
        )

    def _reply(self, answer: Answer) -> None:
        text = _written(answer.body)
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "Twilio-Request-Id": "RQ" + "0" * 32, **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _written(body: object) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password
