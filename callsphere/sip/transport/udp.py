"""One unconnected UDP socket for any number of peers (RFC 3261 §18, RFC 3581).

A socket per peer would cost file descriptors and system calls by the thousand. What a connected
socket would give, the news that a port is refused, comes from the socket's error queue instead.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

RECEIVE_BUFFER_BYTES = 4 << 20
"""Room for bursts of answers: the default of most systems holds about a hundred."""
DATAGRAMS_AT_ONCE = 1024
"""How many are read before other work of the loop gets its turn."""
_MAX_DATAGRAM = 65535

# linux/in.h and linux/in6.h; the socket module does not name them.
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # linux/errqueue.h: struct sock_extended_err


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An ICMP error: the start of what was sent, where it was sent to, and the error as an errno."""

    data: bytes
    address: str
    port: int
    errno: int


class UdpSocket:
    """A non-blocking socket of one address family, bound to a port of the system's choice."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self.family = family
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        level, option = _RECVERR[family]
        self._socket.setsockopt(level, option, 1)
        self._socket.bind(("", 0))
        self.port: int = self._socket.getsockname()[1]
        self.errors_wait = False
        self._sendto = self._socket.sendto
        self._recvfrom = self._socket.recvfrom
        # libuv takes the POLLERR of a pending ICMP error for a broken descriptor and stops watching it.
        # An epoll descriptor around the socket is merely readable then.
        self._epoll = select.epoll()
        self._epoll.register(self._socket, select.EPOLLIN)

    def fileno(self) -> int:
        """A descriptor that is readable when datagrams or errors wait."""
        return self._epoll.fileno()

    def send(self, data: bytes, destination: tuple[str, int]) -> bool:
        """Send to a numeric address and port; False when the socket's buffer is full for now.

        Raises OSError when the network cannot be reached.
        """
        try:
            self._sendto(data, destination)
        except BlockingIOError:
            return False
        except ConnectionError:
            # An error that an earlier datagram caused is told once to whoever comes next.
            self.errors_wait = True
            self._sendto(data, destination)
        return True

    def drain(self, take: Callable[[bytes, tuple[str, int]], object]) -> int:
        """Hand over datagrams with their source until none waits; give their number."""
        recvfrom = self._recvfrom
        count = 0
        while count < DATAGRAMS_AT_ONCE:
            try:
                data, source = recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                self.errors_wait = True  # told once: the error queue holds something
                continue
            count += 1
            take(data, source)
        return count

    def errors(self) -> Iterator[Unreachable]:
        """Empty the queue of ICMP errors; worth a call when `errors_wait`."""
        self.errors_wait = False
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                data, ancillary, _, address = self._socket.recvmsg(2048, 512, _MSG_ERRQUEUE)
            except OSError:
                return
            for _, _, payload in ancillary:
                if len(payload) >= _EXTENDED_ERROR.size:
                    errno = _EXTENDED_ERROR.unpack_from(payload)[0]
                    yield Unreachable(data, address[0], address[1], errno)

    def close(self) -> None:
        """Close the socket."""
        self._epoll.close()
        self._socket.close()


def outgoing_address(family: socket.AddressFamily, towards: str) -> str:
    """The address of ours that datagrams to `towards` leave from; nothing is sent to learn it.

    Raises OSError when there is no route.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((towards, 9))
        return str(probe.getsockname()[0])
