"""Sockets of the sandbox carriers: UDP, TCP and TLS on loopback."""

import asyncio
import ssl
from typing import Any

from callsphere.local.sandbox.carriers import CARRIERS, Carrier, Listener, answer_from
from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Ping, Request, StreamParser, parse_message

HOST = "127.0.0.1"
_PONG = b"\r\n"


class Datagrams(asyncio.DatagramProtocol):
    """One UDP port of a carrier."""

    def __init__(self, carrier: Carrier, started: float) -> None:
        self.carrier = carrier
        self.started = started
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            message = parse_message(data)
        except SipParseError:
            return
        if isinstance(message, Request):
            now = asyncio.get_running_loop().time() - self.started
            response = answer_from(self.carrier, message, source=addr, now=now)
            if response is not None:
                self.transport.sendto(response.to_bytes(), addr)


class Stream(asyncio.Protocol):
    """One TCP or TLS connection to a carrier."""

    def __init__(self, carrier: Carrier, started: float) -> None:
        self.carrier = carrier
        self.started = started
        self.parser = StreamParser()
        self.transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for event in self.parser.feed(data):
                self._handle(event)
        except SipParseError:
            self.transport.close()

    def _handle(self, event: object) -> None:
        if isinstance(event, Ping):
            self.transport.write(_PONG)
        elif isinstance(event, Request):
            source = self.transport.get_extra_info("peername")
            now = asyncio.get_running_loop().time() - self.started
            response = answer_from(self.carrier, event, source=source, now=now)
            if response is not None:
                self.transport.write(response.to_bytes())


async def listen(base_port: int, contexts: dict[str, ssl.SSLContext]) -> list[str]:
    """Open every carrier's ports and return them in words. Raises OSError when one is taken."""
    loop = asyncio.get_running_loop()
    opened = []
    for carrier in CARRIERS:
        for listener in carrier.listeners:
            await _open(loop, carrier, listener, base_port, contexts)
            opened.append(f"{carrier.name}: {HOST}:{base_port + listener.offset}/{listener.transport}")
    return opened


async def _open(
    loop: asyncio.AbstractEventLoop,
    carrier: Carrier,
    listener: Listener,
    base_port: int,
    contexts: dict[str, ssl.SSLContext],
) -> None:
    port = base_port + listener.offset
    started = loop.time()
    if listener.transport == "udp":
        await loop.create_datagram_endpoint(lambda: Datagrams(carrier, started), local_addr=(HOST, port))
    else:
        context = contexts[listener.certificate] if listener.transport == "tls" else None
        await loop.create_server(lambda: Stream(carrier, started), HOST, port, ssl=context)
