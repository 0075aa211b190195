"""One TCP or TLS connection of a user agent: both sides ask and answer on it (RFC 3261 §18)."""

from __future__ import annotations

import asyncio
import time
from typing import Literal, Protocol, cast

from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Malformed, Ping, Request, Response, StreamParser
from callsphere.sip.transport.shortage import is_ours
from callsphere.sip.transport.tls import TlsClient, TlsFailure

Stage = Literal["connect", "tls", "open"]

_PONG = b"\r\n"


class ConnectionFailed(Exception):
    """A connection that did not come about or broke off.

    `stage` says how far it had come, `cause` is a code of callsphere.sip.causes; `is_ours` when this machine
    lacked something, and nothing is known of the peer.
    """

    def __init__(self, stage: Stage, cause: str, detail: str, *, is_ours: bool = False) -> None:
        super().__init__(f"{cause}: {detail}")
        self.is_ours = is_ours
        self.stage = stage
        self.cause = cause
        self.detail = detail


class ConnectionOwner(Protocol):
    """Whoever uses a connection."""

    def message_received(self, connection: Connection, message: Request | Response) -> None:
        """A message came."""

    def oddity_received(self, connection: Connection, what: str, data: bytes) -> None:
        """Bytes came that are no message."""

    def connection_ended(self, connection: Connection, failure: ConnectionFailed) -> None:
        """An open connection is over, and not because we closed it."""


class Connection(asyncio.Protocol):
    """Carries messages. Make one with `open_connection`; write with `send` while `failure` is None."""

    def __init__(self, owner: ConnectionOwner, tls: TlsClient | None) -> None:
        self.tls = tls
        self.stage: Stage = "connect"
        self.failure: ConnectionFailed | None = None
        self.local: tuple[str, int] = ("", 0)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._owner = owner
        self._parser = StreamParser()
        self._transport: asyncio.Transport | None = None
        self._dialled_at = 0.0
        self._settling: asyncio.TimerHandle | None = None

    @property
    def mid_message(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._parser.mid_message

    def send(self, data: bytes) -> None:
        """Write a message; raise ConnectionFailed when the connection is over."""
        if self.failure is not None or self._transport is None:
            raise self.failure or ConnectionFailed(self.stage, "connection_closed", "It is not open.")
        if self.tls is None:
            self._transport.write(data)
            return
        try:
            self.tls.write(data)
        except TlsFailure as failure:
            self._fail(failure.cause, failure.detail)
            raise self.failure or ConnectionFailed("open", failure.cause, failure.detail) from None
        self._flush()

    def close(self) -> None:
        """Close from our side; what is written already still goes out."""
        if self.failure is None:
            self.failure = ConnectionFailed(self.stage, "connection_closed", "We closed the connection.")
        if self._settling is not None:
            self._settling.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is up: shake hands in TLS, or be ready."""
        self._transport = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        if self.tls is None:
            self._open()
            return
        self.stage = "tls"
        self._dialled_at = time.monotonic()
        try:
            self.tls.start()
        except TlsFailure as failure:
            self._fail(failure.cause, failure.detail)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes came: decrypt where needed, then take messages out of them."""
        if self.failure is not None:
            return
        if self.tls is not None:
            try:
                data = self.tls.receive(data)
            except TlsFailure as failure:
                self._flush()  # the alert that says why
                self._fail(failure.cause, failure.detail)
                return
            self._flush()
            if self.tls.established and self.stage == "tls":
                self._settle(self.tls)
        if data:
            self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer, the network or we ended it."""
        if self.failure is not None:
            return
        how = "reset" if isinstance(exc, ConnectionError) else "closed"
        if self._parser.mid_message:
            self._fail("malformed_answer", "The connection was closed in the middle of a message.")
        elif self.stage == "tls":
            self._fail("connection_closed", f"The peer {how} the connection during the TLS handshake.")
        else:
            self._fail("connection_closed", f"The peer {how} the connection.")

    def _settle(self, tls: TlsClient) -> None:
        """Open now, or wait for a sign that the server is content with us.

        In TLS 1.3 our handshake is done before the server has missed a client certificate, and the
        alert that says so would be lost behind a request. Session tickets are the sign; where none
        come, about one round trip has to do.
        """
        if tls.version != "TLSv1.3" or self._settling is not None:
            self._open()
            return
        wait = 1.5 * (time.monotonic() - self._dialled_at) + 0.01
        self._settling = asyncio.get_running_loop().call_later(wait, self._open)

    def _open(self) -> None:
        if self.failure is None:
            self.stage = "open"
            if not self.ready.done():
                self.ready.set_result(None)

    def _fail(self, cause: str, detail: str) -> None:
        if self.failure is not None:
            return
        self.failure = ConnectionFailed(self.stage, cause, detail)
        if self._settling is not None:
            self._settling.cancel()
        if self._transport is not None:
            self._transport.close()
        if not self.ready.done():
            self.ready.set_exception(self.failure)
        else:
            self._owner.connection_ended(self, self.failure)

    def _flush(self) -> None:
        if self.tls is not None and self._transport is not None:
            waiting = self.tls.outgoing()
            if waiting:
                self._transport.write(waiting)

    def _read(self, data: bytes) -> None:
        try:
            for event in self._parser.feed(data):
                if isinstance(event, Malformed):
                    self._owner.oddity_received(self, event.reason, data)
                elif isinstance(event, Ping):
                    self.send(_PONG)
                elif isinstance(event, Request | Response):
                    self._owner.message_received(self, event)
                if self.failure is not None:
                    return
        except SipParseError as error:
            self._owner.oddity_received(self, error.reason, data)
            self._fail("malformed_answer", error.reason)
        except ConnectionFailed:
            return


async def open_connection(
    owner: ConnectionOwner, address: str, port: int, tls: TlsClient | None, *, timeout: float
) -> tuple[Connection, float]:
    """Dial a numeric address and shake hands; give the connection and the seconds that TCP took.

    `timeout` bounds each of the two. Raises ConnectionFailed.
    """
    connection = Connection(owner, tls)
    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().create_connection(lambda: connection, address, port)
    except ConnectionRefusedError:
        detail = "The port is closed: the connection was refused."
        raise ConnectionFailed("connect", "connect_refused", detail) from None
    except ConnectionError as error:
        detail = f"The connection broke off: {error.strerror or error}."
        raise ConnectionFailed("connect", "connection_closed", detail) from None
    except OSError as error:  # TimeoutError and "no route to host" among them
        detail = f"{error.strerror or f'No TCP connection came about within {timeout:g} s'}."
        raise ConnectionFailed("connect", "connect_timeout", detail, is_ours=is_ours(error)) from None
    connected = time.monotonic() - started
    try:
        async with asyncio.timeout(timeout):
            await connection.ready
    except TimeoutError:
        connection.close()
        detail = f"The TLS handshake was not answered within {timeout:g} s."
        raise ConnectionFailed("tls", "no_answer", detail) from None
    except asyncio.CancelledError:
        connection.close()
        raise
    return connection, connected
