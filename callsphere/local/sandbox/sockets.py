"""What a sandbox carrier's sockets do with what arrives: UDP, TCP and TLS on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Protocol

from callsphere.local.sandbox.carriers import NoSip
from callsphere.local.sandbox.switch import Outgoing, Switch
from callsphere.local.sandbox.way import Way
from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Ping, Request, Response, StreamParser, parse_message
from callsphere.sip.nat import Address, LocalFlow

_PONG = b"\r\n"


class Wire(Protocol):
    """A socket that a way leads over."""

    def put(self, data: bytes, remote: Address) -> None:
        """Send."""


class Driver:
    """Carries out what a switch says, and calls it when its time has come."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, message: Request | Response, way: Way) -> None:
        """A message came."""
        self._send(self._switch.receive(message, way, self._loop.time()))

    def _tick(self) -> None:
        self._timer = None
        self._send(self._switch.handle_timer(self._loop.time()))

    def _send(self, outgoing: Iterable[Outgoing]) -> None:
        for way, data in outgoing:
            wire: Wire = way.wire  # type: ignore[assignment]  # every way here is ours
            wire.put(data, way.remote)
        due = self._switch.next_timer()
        if self._timer is not None and self._timer.when() != due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due is not None:
            self._timer = self._loop.call_at(due, self._tick)


class Datagrams(asyncio.DatagramProtocol):
    """One UDP port of a carrier."""

    def __init__(self, driver: Driver, flow: LocalFlow) -> None:
        self._driver = driver
        self._flow = flow
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        """Keep what sends."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a message; what is none is dropped."""
        try:
            message = parse_message(data)
        except SipParseError:
            return
        self._driver.take(message, Way(self._flow, addr, self))

    def put(self, data: bytes, remote: Address) -> None:
        """Send a datagram."""
        self._transport.sendto(data, remote)


class Stream(asyncio.Protocol):
    """One TCP or TLS connection to a carrier."""

    def __init__(self, driver: Driver, flow: LocalFlow) -> None:
        self._driver = driver
        self._flow = flow
        self._parser = StreamParser()
        self._transport: asyncio.Transport
        self._way: Way

    def connection_made(self, transport: Any) -> None:
        """Keep what sends, and who is at the other end."""
        self._transport = transport
        self._way = Way(self._flow, transport.get_extra_info("peername"), self)

    def data_received(self, data: bytes) -> None:
        """Take messages; a stream in which none can be found any more is closed."""
        try:
            for event in self._parser.feed(data):
                if isinstance(event, Ping):
                    self.put(_PONG, self._way.remote)
                elif isinstance(event, Request | Response):
                    self._driver.take(event, self._way)
        except SipParseError:
            self._transport.close()

    def put(self, data: bytes, remote: Address) -> None:
        """Write to the connection, if it is still there."""
        if not self._transport.is_closing():
            self._transport.write(data)


class OtherService(asyncio.Protocol):
    """One connection to something that is no SIP server."""

    def __init__(self, answer: NoSip) -> None:
        self._answer = answer.says
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        """Keep what sends."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Say what it has to say, and hang up."""
        self._transport.write(self._answer)
        self._transport.close()


class Handshake(asyncio.Protocol):
    """One connection that is closed after the TLS handshake, which cannot succeed.

    asyncio's own TLS closes without the alert that tells the caller why.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._arrived, self._leaving, server_side=True)
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        """Keep what sends."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake; say why it is over."""
        self._arrived.write(data)
        over = True
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            over = False
        except ssl.SSLError:
            over = True  # the alert is among what leaves
        self._transport.write(self._leaving.read())
        if over:
            self._transport.close()


def full_queue(host: str, port: int) -> tuple[socket.socket, ...]:
    """A socket that listens, and those that fill its queue, to be kept: Linux drops every further SYN."""
    listener = socket.create_server((host, port), backlog=0)
    fillers = [socket.socket() for _ in range(3)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex((host, port))
    return listener, *fillers
