"""Peers that do what a test says, over real sockets on loopback, in a thread of their own."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable

SETTLE_S = 10.0
"""How long that may take on a busy machine; so long it does take while a connection is kept open."""
_ECHOED = re.compile(rb"(?im)^(?:via|from|to|call-id|cseq):[^\r\n]*\r\n")


def answer_to(
    request: bytes, status: str = "200 OK", *, extra: bytes = b"", to_tag: bytes = b"peer"
) -> bytes:
    """The answer an ordinary server gives; `extra` is header lines with their line ends."""
    echoed = b"".join(_ECHOED.findall(request)).replace(b"\r\nCall-ID", b";tag=" + to_tag + b"\r\nCall-ID")
    return b"SIP/2.0 " + status.encode() + b"\r\n" + echoed + extra + b"Content-Length: 0\r\n\r\n"


class UdpPeer:
    """Calls `script(peer, request, source)` for each datagram; `peer.send` answers. Keeps all requests."""

    def __init__(
        self,
        script: Callable[[UdpPeer, bytes, tuple[str, int]], None],
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.requests: list[tuple[float, bytes]] = []
        self._script = script
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.settimeout(0.05)
        self.port: int = self.socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def send(self, data: bytes, destination: tuple[str, int]) -> None:
        """Send a datagram from the peer's port."""
        self.socket.sendto(data, destination)

    def __enter__(self) -> UdpPeer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join(60)
        self.socket.close()

    def _serve(self) -> None:
        while True:
            # Asked before looking: what arrives up to the end is still taken, the last ACK among it.
            has_ended = self._ended.is_set()
            try:
                request, source = self.socket.recvfrom(65535)
            except TimeoutError:
                if has_ended:
                    return
                continue
            self.requests.append((time.monotonic(), request))
            self._script(self, request, source)


class StreamPeer:
    """Accepts connections and hands each to `script(connection)` in a thread, after a handshake with `tls`.

    `accepted` counts connections and `server_names` holds what SNI asked for.
    """

    def __init__(
        self,
        script: Callable[[socket.socket], object],
        tls: ssl.SSLContext | None = None,
        *,
        backlog: int = 50,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.accepted = 0
        self.server_names: list[str | None] = []
        self._script = script
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=backlog)
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._handlers: list[threading.Thread] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> StreamPeer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join(60)
        self._listener.close()
        self.drop()

    def settle(self) -> None:
        """Wait until what was sent before a connection ended is taken: the last ACK may be among it."""
        deadline = time.monotonic() + SETTLE_S
        for handler in self._handlers:
            handler.join(max(0.0, deadline - time.monotonic()))

    def drop(self) -> None:
        """Close every open connection from the peer's side."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.accepted += 1
            connection.settimeout(60)
            handler = threading.Thread(target=self._handle, args=(connection,), daemon=True)
            self._handlers.append(handler)
            handler.start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            self._script(connection)


def requests_of(connection: socket.socket) -> list[bytes]:
    """The next requests of a connection, at least one; empty at its end."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(65536)
        if not piece:
            return []
        data += piece
    return [part + b"\r\n\r\n" for part in data.split(b"\r\n\r\n") if part]


def answer_all(connection: socket.socket) -> None:
    """Answer every request with 200 until the connection ends."""
    while requests := requests_of(connection):
        for request in requests:
            connection.sendall(answer_to(request))
