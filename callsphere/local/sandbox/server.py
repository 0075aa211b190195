"""Opening the ports of the sandbox carriers, on loopback and nowhere else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from callsphere.local.sandbox.carriers import CARRIERS, NAMES_PORT, Carrier, Listener, NoHandshake, NoSip
from callsphere.local.sandbox.names import NameServer
from callsphere.local.sandbox.sockets import Datagrams, Driver, Handshake, OtherService, Stream, full_queue
from callsphere.local.sandbox.switch import Switch
from callsphere.sip.nat import LocalFlow

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Opened:
    """A port in words, and what has to be kept for it to stay open."""

    words: str
    kept: object


async def listen(base_port: int, contexts: Mapping[str, ssl.SSLContext]) -> list[Opened]:
    """Open every carrier's ports. Raises OSError when one is taken."""
    loop = asyncio.get_running_loop()
    opened = []
    for carrier in CARRIERS:
        open_one = _opener(carrier, contexts, loop.time())
        for listener in carrier.listeners:
            port = base_port + listener.offset
            words = f"{carrier.name}: {HOST}:{port}/{listener.transport}"
            opened.append(Opened(words, await open_one(listener, port)))
    return [*opened, await _open_names(base_port)]


async def _open_names(base_port: int) -> Opened:
    loop = asyncio.get_running_loop()
    port = base_port + NAMES_PORT
    kept = await loop.create_datagram_endpoint(lambda: NameServer(base_port), local_addr=(HOST, port))
    return Opened(f"name server: {HOST}:{port}/udp", kept)


_Opener = Callable[[Listener, int], Awaitable[object]]


def _opener(carrier: Carrier, contexts: Mapping[str, ssl.SSLContext], now: float) -> _Opener:
    """What opens the ports of one carrier, which all lead to the same switch."""
    loop = asyncio.get_running_loop()
    behaviour = carrier.behaviour
    if isinstance(behaviour, NoSip):
        return lambda _, port: loop.create_server(lambda: OtherService(behaviour), HOST, port)
    if isinstance(behaviour, NoHandshake):
        return lambda listener, port: loop.create_server(
            lambda: Handshake(contexts[listener.certificate]), HOST, port
        )
    driver = Driver(Switch(carrier.name, behaviour, now))

    async def open_one(listener: Listener, port: int) -> object:
        flow = LocalFlow(listener.transport, HOST, port)
        if listener.full:
            return full_queue(HOST, port)
        if listener.transport == "udp":
            return await loop.create_datagram_endpoint(
                lambda: Datagrams(driver, flow), local_addr=(HOST, port)
            )
        context = contexts[listener.certificate] if listener.transport == "tls" else None
        return await loop.create_server(lambda: Stream(driver, flow), HOST, port, ssl=context)

    return open_one
