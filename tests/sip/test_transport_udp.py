"""The UDP socket by itself: full buffers, error queues, sizes."""

from __future__ import annotations

import errno
import socket

import pytest

from callsphere.sip.transport.udp import UdpSocket, Unreachable, outgoing_address
from tests.peers import free_port
from tests.waiting import wait_until


def test_drains_everything_that_waits_in_its_order() -> None:
    udp = UdpSocket(socket.AF_INET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(300):
            peer.sendto(b"%d" % number, ("127.0.0.1", udp.port))
        source = ("127.0.0.1", peer.getsockname()[1])
    taken: list[tuple[bytes, tuple[str, int]]] = []
    wait_until(lambda: udp.drain(lambda data, where: taken.append((data, where))) and len(taken) == 300)
    assert taken == [(b"%d" % number, source) for number in range(300)]
    assert udp.drain(print) == 0
    udp.close()


def test_largest_datagram_comes_whole() -> None:
    udp = UdpSocket(socket.AF_INET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"x" * 65507, ("127.0.0.1", udp.port))
    sizes: list[int] = []
    wait_until(lambda: udp.drain(lambda data, where: sizes.append(len(data))))
    assert sizes == [65507]
    udp.close()


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_refused_port_is_told_with_what_was_sent(family: socket.AddressFamily, host: str) -> None:
    udp = UdpSocket(family)
    ports = [free_port(), free_port()]
    errors: list[Unreachable] = []
    for port in ports:
        assert udp.send(b"to %d" % port, (host, port))

    def take() -> bool:
        udp.drain(print)
        if udp.errors_wait:
            errors.extend(udp.errors())
        return len(errors) == len(ports)

    wait_until(take)
    found = [(error.data, error.address, error.port, error.errno) for error in errors]
    assert found == [(b"to %d" % port, host, port, errno.ECONNREFUSED) for port in ports]
    assert not udp.errors_wait
    udp.close()


def test_outgoing_address_of_loopback() -> None:
    assert outgoing_address(socket.AF_INET, "127.0.0.5") == "127.0.0.1"
