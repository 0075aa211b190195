"""The engine over TCP: reuse, framing, and connections that fail."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from callsphere.sip.engine import PingEngine
from tests.peers import free_port
from tests.peers.scripted import StreamPeer, answer_all, answer_to, requests_of
from tests.sip.pinging import LONG_S, flat, new_engine, ping, seen, target
from tests.waiting import wait_until

ALIVE = (True, 200, None)


@pytest.fixture
def engine() -> Iterator[PingEngine]:
    with new_engine() as engine:
        yield engine


def says_nothing(connection: socket.socket) -> None:
    """Take what comes, and leave the connection open."""
    connection.recv(65536)


def test_batches_share_one_connection(engine: PingEngine) -> None:
    with StreamPeer(answer_all) as peer:
        for _ in range(3):
            assert seen(ping(engine, *[target(peer.port, "tcp")] * 20)) == [ALIVE] * 20
        assert peer.accepted == 1


def test_idle_connection_closed_by_the_peer_is_replaced_unnoticed(engine: PingEngine) -> None:
    with StreamPeer(answer_all) as peer:
        assert seen(ping(engine, target(peer.port, "tcp"))) == [ALIVE]
        peer.drop()
        time.sleep(0.1)
        assert seen(ping(engine, target(peer.port, "tcp"))) == [ALIVE]
        assert peer.accepted == 2


def test_pooled_connection_that_dies_on_use_is_retried_on_a_fresh_one(engine: PingEngine) -> None:
    def answers_once(connection: socket.socket) -> None:
        for request in requests_of(connection):
            connection.sendall(answer_to(request))
        requests_of(connection)  # the next one kills it
        connection.shutdown(socket.SHUT_RDWR)

    with StreamPeer(answers_once) as peer:
        for _ in range(3):
            assert seen(ping(engine, target(peer.port, "tcp"))) == [ALIVE]
        assert peer.accepted == 3


def test_pooled_connection_gone_silent_is_replaced_at_half_time(engine: PingEngine) -> None:
    def answers_once(connection: socket.socket) -> None:
        for request in requests_of(connection):
            connection.sendall(answer_to(request))
        while connection.recv(65536):
            """Say nothing."""

    with StreamPeer(answers_once) as peer:
        assert seen(ping(engine, target(peer.port, "tcp"))) == [ALIVE]
        assert seen(ping(engine, target(peer.port, "tcp", wait_s=6.0))) == [ALIVE]
        assert peer.accepted == 2


def test_fresh_connection_that_is_closed_fails_without_a_second_try(engine: PingEngine) -> None:
    def hangs_up(connection: socket.socket) -> None:
        requests_of(connection)
        connection.shutdown(socket.SHUT_RDWR)

    with StreamPeer(hangs_up) as peer:
        assert seen(ping(engine, target(peer.port, "tcp"))) == [(False, None, "connection_closed")]
        assert peer.accepted == 1


def test_closed_port_is_refused(engine: PingEngine) -> None:
    assert seen(ping(engine, target(free_port(), "tcp"))) == [(False, None, "connect_refused")]


def test_full_backlog_is_a_connect_timeout(engine: PingEngine) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        (outcome,) = ping(engine, target(port, "tcp", wait_s=1.0))
        for filler in fillers:
            filler.close()
    assert seen([outcome]) == [(False, None, "connect_timeout")]


def test_mute_connection_is_no_answer(engine: PingEngine) -> None:
    with StreamPeer(says_nothing) as peer:
        (outcome,) = ping(engine, target(peer.port, "tcp", wait_s=2.0))
    assert (outcome.cause, outcome.detail) == (
        "no_answer",
        "The connection came about, but the request was never answered.",
    )


def test_mute_connection_is_not_kept(engine: PingEngine) -> None:
    with StreamPeer(says_nothing) as peer:
        for _ in range(2):
            ping(engine, target(peer.port, "tcp", wait_s=0.5))
        wait_until(lambda: peer.accepted >= 2)
    assert peer.accepted == 2


def test_answer_in_small_pieces_is_put_together(engine: PingEngine) -> None:
    def dribbles(connection: socket.socket) -> None:
        for request in requests_of(connection):
            answer = answer_to(request)
            for start in range(0, len(answer), 97):
                connection.sendall(answer[start : start + 97])
                time.sleep(0.01)

    with StreamPeer(dribbles) as peer:
        assert seen(ping(engine, target(peer.port, "tcp"))) == [ALIVE]


def test_several_answers_in_one_segment_are_told_apart(engine: PingEngine) -> None:
    def answers_together(connection: socket.socket) -> None:
        requests: list[bytes] = []
        while len(requests) < 3:
            requests += requests_of(connection)
        connection.sendall(b"\r\n".join(answer_to(request) for request in reversed(requests)) + b"\r\n\r\n")

    with StreamPeer(answers_together) as peer:
        outcomes = ping(engine, *(target(peer.port, "tcp", key=number) for number in range(3)))
    assert [outcome.key for outcome in outcomes if outcome.alive] == [2, 1, 0]  # as they were answered


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\x00\x01\x02garbage\r\n\r\n",
        b"SIP/2.0 200 OK\r\n" + b"X-Padding: y\r\n" * 5000,
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP",
    ],
    ids=["HTTP", "garbage", "64 KB of headers", "half a message"],
)
def test_unusable_bytes_are_survived_and_named(engine: PingEngine, sent: bytes) -> None:
    def babbles(connection: socket.socket) -> None:
        requests_of(connection)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    with StreamPeer(babbles) as peer:
        started = time.monotonic()
        (outcome,) = ping(engine, target(peer.port, "tcp"))
        assert time.monotonic() - started < LONG_S / 2
    assert outcome.cause == "malformed_answer"
    assert outcome.detail


def test_answer_to_another_transaction_is_named_when_nothing_better_comes(engine: PingEngine) -> None:
    def mistaken(connection: socket.socket) -> None:
        for request in requests_of(connection):
            connection.sendall(answer_to(request).replace(b"z9hG4bK", b"z9hG4bKx"))

    with StreamPeer(mistaken) as peer:
        (outcome,) = ping(engine, target(peer.port, "tcp", wait_s=2.0))
    assert (outcome.cause, outcome.detail) == ("malformed_answer", "an answer to another transaction")


def test_many_pings_over_one_connection(engine: PingEngine) -> None:
    with StreamPeer(answer_all) as peer:
        run = engine.ping_many([target(peer.port, "tcp", key=number) for number in range(1000)])
        outcomes = flat(run)
        alive = [outcome.key for outcome in outcomes if outcome.alive]
        assert (len(alive), set(alive)) == (1000, set(range(1000)))
        assert peer.accepted == 1
