"""Wake-ups: they reach the broker, and a broker that is away costs nobody anything."""

import socket
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu import Connection

from callsphere.celery import Waker
from tests.peers import free_port

TASK, QUEUE = "trunks.probe_due_gateways", "probe"


REDIS_COMMAND = b"*"


def spoken_to(server: socket.socket) -> bytes:
    """Take the next connection and its first byte, then hang up."""
    connection, _address = server.accept()
    with connection:
        connection.settimeout(60)
        return connection.recv(1)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A broker that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def test_a_wake_up_reaches_the_broker() -> None:
    app = Celery(broker="memory://wake-ups")
    Waker(app).wake(TASK, QUEUE)
    with Connection("memory://wake-ups") as broker:
        message = broker.SimpleQueue(QUEUE).get(timeout=60)
    assert message.headers["task"] == TASK


def test_what_a_wake_up_is_about_goes_along() -> None:
    app = Celery(broker="memory://arguments")
    Waker(app).wake(TASK, QUEUE, "this", "that")
    with Connection("memory://arguments") as broker:
        message = broker.SimpleQueue(QUEUE).get(timeout=60)
    assert message.payload[0] == ["this", "that"]


def test_nobody_waits_for_a_mute_broker(listener: socket.socket) -> None:
    waker = Waker(Celery(broker=f"redis://127.0.0.1:{listener.getsockname()[1]}/0"))
    for _ in range(3):
        waker.wake(TASK, QUEUE)
    # Asking is over, and the broker is spoken to from elsewhere.
    assert spoken_to(listener) == REDIS_COMMAND


def test_a_broker_that_refuses_is_asked_again_by_the_next() -> None:
    address = ("127.0.0.1", free_port())
    quickly = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    app = Celery(broker=f"redis://127.0.0.1:{address[1]}/0")
    app.conf.broker_transport_options = quickly
    waker = Waker(app)
    waker._send(TASK, QUEUE)  # raises nothing
    with socket.create_server(address) as server:
        server.settimeout(60)
        waker.wake(TASK, QUEUE)
        assert spoken_to(server) == REDIS_COMMAND
