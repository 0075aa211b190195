"""Connections to peers over TCP and TLS: opened when needed, shared, reused and let go (RFC 3261 §18).

A probe every half minute must not cost a handshake each time, so connections stay open between
batches. Pings to the same peer share one; answers are told apart by their branch.
"""

from __future__ import annotations

import asyncio
import enum
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from callsphere.lib.netguard import AddressRefused
from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Malformed, Request, Response, StreamParser
from callsphere.sip.options import PingTransaction, Source
from callsphere.sip.transport.shortage import MOST_CONNECTIONS, OUR_SHORTAGE, is_ours
from callsphere.sip.transport.tls import TlsClient, TlsFailure, TlsTrust

IDLE_S = 120.0
"""Seconds without a ping after which a connection is closed."""
CONNECT_S = 32.0
"""Longest wait for a TCP handshake, whatever the pings allow."""


@dataclass(frozen=True, slots=True)
class StreamPeer:
    """What two pings must have in common to share a connection: the TLS context itself among it."""

    address: str
    port: int
    transport: str
    server_name: str
    verify: bool = True
    trust: TlsTrust | None = None


class PingOwner(Protocol):
    """Whoever sends pings over connections and wants to know what became of them."""

    def stream_received(
        self, message: Request | Response, source: Source, now: float
    ) -> PingTransaction | None:
        """A message came; gives the ping that it ended."""

    def stream_oddity(self, source: Source, now: float, what: str) -> None:
        """Something unusable came that leaves the connection usable."""

    def stream_failed(self, ping: PingTransaction, cause: str, detail: str) -> None:
        """The connection cannot carry this ping."""


class Stage(enum.Enum):
    """How far a connection has come."""

    CONNECTING = "connecting"
    HANDSHAKING = "handshaking"
    OPEN = "open"
    CLOSED = "closed"


class StreamConnection(asyncio.Protocol):
    """One TCP or TLS connection and the pings it carries."""

    def __init__(self, pool: StreamPool, peer: StreamPeer, tls: TlsClient | None) -> None:
        self.peer = peer
        self.stage = Stage.CONNECTING
        self.used_at = time.monotonic()
        self.pings: dict[bytes, PingTransaction] = {}
        self.dialling: asyncio.Task[None] | None = None
        self._pool = pool
        self._tls = tls
        self._parser = StreamParser()
        self._transport: asyncio.Transport | None = None
        self._source = (peer.address, peer.port)
        self._inherited: set[bytes] = set()
        self._retired = False
        self._settling = False
        self._dialled_at = 0.0

    def submit(self, ping: PingTransaction) -> None:
        """Send the ping now or as soon as the connection is open."""
        self.used_at = time.monotonic()
        self.pings[ping.branch] = ping
        if self.stage is not Stage.OPEN:
            return
        if not ping.resends:
            # The peer may have let go of a connection that lay idle, and we learn it only now.
            self._inherited.add(ping.branch)
            ping.next_at = self.used_at + (ping.deadline - self.used_at) / 2
        self._send(ping)

    def release(self, ping: PingTransaction) -> bool:
        """Forget the ping; whether it was sent on a connection opened for earlier ones."""
        self.pings.pop(ping.branch, None)
        inherited = ping.branch in self._inherited
        self._inherited.discard(ping.branch)
        if self._retired and not self.pings:
            self.close()
        return inherited

    def retire(self) -> None:
        """Close as soon as no ping waits for an answer on it: a newer connection has taken over."""
        self._retired = True
        if not self.pings:
            self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is up: shake hands in TLS, or send what waits."""
        # A cast, not a check: uvloop's transports have the methods of asyncio's without being them.
        self._transport = cast(asyncio.Transport, transport)
        if self._tls is None:
            self._open()
            return
        self.stage = Stage.HANDSHAKING
        self._dialled_at = time.monotonic()
        try:
            self._tls.start()
        except TlsFailure as failure:
            self.fail(failure.cause, failure.detail)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes came: decrypt where needed, then take messages out of them."""
        if self._tls is not None:
            try:
                data = self._tls.receive(data)
            except TlsFailure as failure:
                self._flush()  # the alert that says why
                self.fail(failure.cause, failure.detail)
                return
            self._flush()
            if self._tls.established and self.stage is Stage.HANDSHAKING:
                self._settle()
        if data:
            self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer, the network or we ended it."""
        if self.stage is Stage.CLOSED:
            return
        before = "the TLS handshake was done" if self.stage is Stage.HANDSHAKING else "it answered"
        how = "reset" if isinstance(exc, ConnectionError) else "closed"
        if self._parser.mid_message:
            self.fail("malformed_answer", "The connection was closed in the middle of an answer.")
        else:
            self.fail("connection_closed", f"The peer {how} the connection before {before}.", retry=True)

    def fail(self, cause: str, detail: str, *, retry: bool = False) -> None:
        """Close, and tell every ping why; with `retry`, those on an inherited connection get a new one."""
        pings, inherited = list(self.pings.values()), self._inherited
        self.pings, self._inherited = {}, set()
        self.close()
        for ping in pings:
            if retry and ping.branch in inherited:
                ping.resends += 1
                self._pool.send_on_new(ping, self)
            else:
                self._pool.failed(ping, cause, detail)

    def close(self) -> None:
        """Close without a word to anybody."""
        self.stage = Stage.CLOSED
        self._pool.forget(self)
        if self.dialling is not None:
            self.dialling.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _settle(self) -> None:
        """Open now, or wait for a sign that the server is content with us.

        In TLS 1.3 our handshake is done before the server has missed a client certificate. A request
        sent meanwhile would make it reset the connection, and the alert that says why be lost. Session
        tickets are that sign; where none come, about one round trip has to do.
        """
        now = time.monotonic()
        if self._tls is None or self._tls.version != "TLSv1.3" or self._settling:
            self._open()
        else:
            self._settling = True
            self._pool.call_later(1.5 * (now - self._dialled_at) + 0.01, self._open)

    def _open(self) -> None:
        if self.stage is not Stage.HANDSHAKING and self.stage is not Stage.CONNECTING:
            return
        self.stage = Stage.OPEN
        for ping in list(self.pings.values()):
            self._send(ping)

    def _send(self, ping: PingTransaction) -> None:
        ping.sent_at = time.monotonic()
        if self._tls is not None:
            try:
                self._tls.write(ping.request)
            except TlsFailure as failure:
                self.fail(failure.cause, failure.detail, retry=True)
            self._flush()
        elif self._transport is not None:
            self._transport.write(ping.request)

    def _flush(self) -> None:
        if self._tls is not None and self._transport is not None:
            waiting = self._tls.outgoing()
            if waiting:
                self._transport.write(waiting)

    def _read(self, data: bytes) -> None:
        now = time.monotonic()
        try:
            for event in self._parser.feed(data):
                if isinstance(event, Malformed):
                    self._pool.owner.stream_oddity(self._source, now, event.reason)
                elif isinstance(event, Request | Response):
                    ended = self._pool.owner.stream_received(event, self._source, now)
                    if ended is not None:
                        self._pool.release(ended)
        except SipParseError as error:
            self.fail("malformed_answer", error.reason)


class StreamPool:
    """The connections of one event loop: at most `max_connections` hold a descriptor, others wait their turn.

    The one unused for longest makes room.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        owner: PingOwner,
        trust: TlsTrust,
        check: Callable[[str], None],
        *,
        max_connections: int = MOST_CONNECTIONS,
        idle_s: float = IDLE_S,
    ) -> None:
        """`check` is asked about every address right before it is dialled, and raises to refuse."""
        self.owner = owner
        self.call_later = loop.call_later
        self._loop = loop
        self._trust = trust
        self._check = check
        self._max_connections = max_connections
        self._idle_s = idle_s
        self._connections: dict[StreamPeer, StreamConnection] = {}
        self._carriers: dict[bytes, StreamConnection] = {}
        self._dialled: set[StreamConnection] = set()
        self._undialled: deque[StreamConnection] = deque()

    def __len__(self) -> int:
        return len(self._connections)

    def send(self, ping: PingTransaction, peer: StreamPeer) -> None:
        """Send a ping over the peer's connection, which is opened if need be."""
        connection = self._connections.pop(peer, None)
        if connection is None:
            connection = self._dial(peer)
        self._connections[peer] = connection  # last in the order of eviction
        self._carriers[ping.branch] = connection
        connection.submit(ping)

    def send_on_new(self, ping: PingTransaction, old: StreamConnection) -> None:
        """Send a ping that `old` could not carry over a newer connection to the same peer."""
        newest = self._connections.get(old.peer)
        if newest is old:
            newest = None
            old.retire()
        connection = newest or self._dial(old.peer)
        self._carriers[ping.branch] = connection
        connection.submit(ping)

    def retry(self, ping: PingTransaction) -> None:
        """Half of a ping's time is over on a connection that lay idle: try a new one.

        A middlebox may have forgotten the old connection, in which case nobody ever says so.
        """
        connection = self._carriers.get(ping.branch)
        if connection is not None and connection.release(ping):
            self.send_on_new(ping, connection)

    def release(self, ping: PingTransaction) -> None:
        """The ping has ended well; its connection stays."""
        connection = self._carriers.pop(ping.branch, None)
        if connection is not None:
            connection.release(ping)
            if self._undialled and not connection.pings:
                connection.close()

    def expire(self, ping: PingTransaction) -> tuple[str, str]:
        """The ping's time is over: give cause and detail, and let its connection go."""
        connection = self._carriers.pop(ping.branch, None)
        if connection is None:
            return "no_answer", ""
        connection.release(ping)
        stage = connection.stage
        waits = stage is Stage.CONNECTING and connection not in self._dialled
        if not connection.pings:
            connection.close()  # mute once: the next ping deserves a new one
        if waits:
            return OUR_SHORTAGE, f"All {self._max_connections} connections of this machine were in use."
        if stage is Stage.CONNECTING:
            return "connect_timeout", "No TCP connection came about in time."
        if stage is Stage.HANDSHAKING:
            return "no_answer", "The connection came about, but the TLS handshake was never answered."
        return "no_answer", "The connection came about, but the request was never answered."

    def failed(self, ping: PingTransaction, cause: str, detail: str) -> None:
        """Pass on that a connection could not carry a ping."""
        self._carriers.pop(ping.branch, None)
        self.owner.stream_failed(ping, cause, detail)

    def forget(self, connection: StreamConnection) -> None:
        """The connection is closed."""
        if self._connections.get(connection.peer) is connection:
            del self._connections[connection.peer]
        self._dialled.discard(connection)
        self._dial_waiting()

    def close_idle(self, now: float) -> None:
        """Close connections that nobody has used for a while."""
        for connection in list(self._connections.values()):
            if not connection.pings and now - connection.used_at > self._idle_s:
                connection.close()

    def close(self) -> None:
        """Close every connection."""
        self._undialled.clear()
        for connection in list(self._connections.values()):
            connection.close()

    def _dial(self, peer: StreamPeer) -> StreamConnection:
        if len(self._dialled) >= self._max_connections and not self._undialled:
            unused = next((each for each in self._connections.values() if not each.pings), None)
            if unused is not None:
                unused.close()
        trust = peer.trust or self._trust
        tls = trust.client(peer.server_name, verify=peer.verify) if peer.transport == "tls" else None
        connection = StreamConnection(self, peer, tls)
        self._connections[peer] = connection
        self._undialled.append(connection)
        self._dial_waiting()
        return connection

    def _dial_waiting(self) -> None:
        """Dial those that have waited longest, as far as there is room."""
        while self._undialled and len(self._dialled) < self._max_connections:
            connection = self._undialled.popleft()
            if connection.stage is Stage.CONNECTING:  # else given up meanwhile
                self._dialled.add(connection)
                connection.dialling = self._loop.create_task(self._connect(connection))

    async def _connect(self, connection: StreamConnection) -> None:
        peer = connection.peer
        failure = ("", "")
        try:
            self._check(peer.address)
            async with asyncio.timeout(CONNECT_S):
                await self._loop.create_connection(lambda: connection, peer.address, peer.port)
        except AddressRefused:
            failure = "address_refused", "The address is one we never contact."
        except ConnectionRefusedError:
            failure = "connect_refused", "The port is closed: the connection was refused."
        except ConnectionError as error:
            failure = "connection_closed", f"The connection broke off: {error.strerror or error}."
        except OSError as error:  # TimeoutError and "no route to host" among them
            cause = OUR_SHORTAGE if is_ours(error) else "connect_timeout"
            failure = cause, f"{error.strerror or 'No TCP connection came about in time'}."
        connection.dialling = None
        if failure[0]:
            connection.fail(*failure)
