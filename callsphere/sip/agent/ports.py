"""The UDP sockets of one agent, one for each address family, and what arrives there."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable

from callsphere.sip.transport.udp import UdpSocket, Unreachable

Source = tuple[str, int]

_BRANCH = re.compile(rb";branch=(z9hG4bK[0-9a-f]+)")


class DatagramPorts:
    """Opens sockets when first needed; hands over datagrams with their source, and ICMP errors by branch."""

    def __init__(
        self,
        received: Callable[[socket.AddressFamily, bytes, Source], None],
        unreachable: Callable[[str, Unreachable], None],
    ) -> None:
        self._received = received
        self._unreachable = unreachable
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[socket.AddressFamily, UdpSocket] = {}

    def get(self, family: socket.AddressFamily) -> UdpSocket:
        """The socket of a family; raise OSError when this machine does not speak it."""
        udp = self._sockets.get(family)
        if udp is None:
            udp = self._sockets[family] = UdpSocket(family)
            self._loop.add_reader(udp.fileno(), self._readable, udp)
        return udp

    def send(self, family: socket.AddressFamily, data: bytes, destination: Source) -> None:
        """Send an answer; one that cannot be sent is repeated when its request is."""
        with contextlib.suppress(OSError):
            self.get(family).send(data, destination)

    def close(self) -> None:
        """Close all sockets."""
        for udp in self._sockets.values():
            self._loop.remove_reader(udp.fileno())
            udp.close()
        self._sockets.clear()

    def _readable(self, udp: UdpSocket) -> None:
        udp.drain(lambda data, source: self._received(udp.family, data, source[:2]))
        if udp.errors_wait:
            for error in udp.errors():
                found = _BRANCH.search(error.data)
                if found is not None:
                    self._unreachable(found[1].decode(), error)
