"""A cache whose Redis is there, refuses connections, or swallows what it is sent."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tenants.cache import Breaker, DegradingRedisCache
from tests.peers import free_port

TIMEOUT_S = 0.3
LOST: list[tuple[str, Callable[[DegradingRedisCache], Any], Any]] = [
    ("get", lambda cache: cache.get("k", "default"), "default"),
    ("set", lambda cache: cache.set("k", 1), None),
    ("add", lambda cache: cache.add("k", 1), True),
    ("touch", lambda cache: cache.touch("k"), False),
    ("delete", lambda cache: cache.delete("k"), False),
    ("has_key", lambda cache: cache.has_key("k"), False),
    ("in", lambda cache: "k" in cache, False),
    ("incr", lambda cache: cache.incr("k", 3), 3),
    ("decr", lambda cache: cache.decr("k", 3), -3),
    ("get_many", lambda cache: cache.get_many(["k", "l"]), {}),
    ("get_or_set", lambda cache: cache.get_or_set("k", "made"), "made"),
    ("set_many", lambda cache: cache.set_many({"k": 1, "l": 2}), ["k", "l"]),
    ("delete_many", lambda cache: cache.delete_many(["k", "l"]), None),
    ("clear", lambda cache: cache.clear(), None),
]
operations = pytest.mark.parametrize(
    ("operation", "outcome"), [each[1:] for each in LOST], ids=[each[0] for each in LOST]
)


def cache_at(location: str) -> DegradingRedisCache:
    """Return a cache as each thread has its own."""
    options = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
    return DegradingRedisCache(location, {"KEY_PREFIX": "test-cache", "OPTIONS": options})


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    DegradingRedisCache._breakers.clear()


class MuteServer:
    """Swallows what it is sent."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        self._listener = listener
        self._listener.setblocking(False)

    def connections(self) -> int:
        """How many came since this was asked last."""
        count = 0
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                count += 1
        return count


@pytest.fixture
def mute_server() -> Iterator[MuteServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield MuteServer(listener)


@pytest.fixture
def refusing() -> DegradingRedisCache:
    return cache_at(f"redis://127.0.0.1:{free_port()}/0")


@pytest.fixture
def mute(mute_server: MuteServer) -> DegradingRedisCache:
    return cache_at(mute_server.address)


@operations
def test_nothing_fails_when_connections_are_refused(
    refusing: DegradingRedisCache, operation: Callable[[DegradingRedisCache], Any], outcome: Any
) -> None:
    assert operation(refusing) == outcome


@operations
def test_a_mute_server_costs_one_timeout(
    mute: DegradingRedisCache,
    mute_server: MuteServer,
    operation: Callable[[DegradingRedisCache], Any],
    outcome: Any,
) -> None:
    assert [operation(mute) for _time in range(20)] == [outcome] * 20
    assert mute_server.connections() == 1


def test_what_one_thread_learned_spares_the_others(mute_server: MuteServer) -> None:
    def ask_in_a_thread(_number: int) -> object:
        return cache_at(mute_server.address).get("k")

    cache_at(mute_server.address).get("k")
    assert mute_server.connections() == 1
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask_in_a_thread, range(40))) == [None] * 40
    assert mute_server.connections() == 0


def test_with_redis_there_it_is_a_cache() -> None:
    cache = cache_at(os.environ["REDIS_URL"])
    cache.delete_many(["a", "b", "c"])
    assert (cache.add("a", 1), cache.add("a", 2), cache.incr("a", 4)) == (True, False, 5)
    assert cache.set_many({"b": "two", "c": None}) == []
    assert cache.get_many(iter(["a", "b", "c", "d"])) == {"a": 5, "b": "two", "c": None}
    assert ("b" in cache, cache.touch("b"), cache.delete("b"), "b" in cache) == (True, True, True, False)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("b")
    cache.delete_many(key for key in ("a", "c"))
    assert cache.get_many(["a", "b", "c"]) == {}


def test_a_refusal_of_redis_is_no_absence() -> None:
    cache = cache_at(os.environ["REDIS_URL"])
    cache.set("a", "no number", timeout=10)
    assert cache.incr("a", 2) == 2
    assert (cache.get("a"), cache.delete("a")) == ("no number", True)


def test_after_a_rest_one_caller_tries() -> None:
    now = 100.0
    breaker = Breaker(rest_s=5, clock=lambda: now)
    assert [breaker.may_try(), breaker.may_try()] == [True, True]
    breaker.failed()
    now = 104.9
    assert breaker.may_try() is False
    now = 105.0
    assert [breaker.may_try(), breaker.may_try()] == [True, False]
    breaker.failed()
    now = 109.9
    assert breaker.may_try() is False
    now = 110.0
    assert breaker.may_try() is True
    breaker.succeeded()
    assert [breaker.may_try(), breaker.may_try()] == [True, True]
