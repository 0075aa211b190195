"""The UDP socket by itself: full buffers, error queues, sizes."""

from __future__ import annotations

import errno
import socket
import time

from callsphere.sip.transport.udp import UdpSocket, outgoing_address
from tests.peers import free_port


def test_drains_everything_that_waits_in_one_go() -> None:
    udp = UdpSocket(socket.AF_INET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(300):
            peer.sendto(b"%d" % number, ("127.0.0.1", udp.port))
        source = ("127.0.0.1", peer.getsockname()[1])
    taken: list[tuple[bytes, tuple[str, int]]] = []
    assert udp.drain(lambda data, where: taken.append((data, where))) == 300
    assert taken == [(b"%d" % number, source) for number in range(300)]
    assert udp.drain(print) == 0
    udp.close()


def test_largest_datagram_comes_whole() -> None:
    udp = UdpSocket(socket.AF_INET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"x" * 65507, ("127.0.0.1", udp.port))
    sizes: list[int] = []
    udp.drain(lambda data, where: sizes.append(len(data)))
    assert sizes == [65507]
    udp.close()


def test_refused_port_is_told_with_what_was_sent() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        udp = UdpSocket(family)
        ports = [free_port(), free_port()]
        for port in ports:
            assert udp.send(b"to %d" % port, (host, port))
        time.sleep(0.05)
        udp.drain(print)
        assert udp.errors_wait
        found = [(error.data, error.address, error.port, error.errno) for error in udp.errors()]
        assert found == [(b"to %d" % port, host, port, errno.ECONNREFUSED) for port in ports]
        assert not udp.errors_wait
        udp.close()


def test_outgoing_address_of_loopback() -> None:
    assert outgoing_address(socket.AF_INET, "127.0.0.5") == "127.0.0.1"
