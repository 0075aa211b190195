"""The cache backend."""

from collections.abc import Callable, Iterable
from threading import Lock
from time import monotonic
from typing import Any, ClassVar, TypeVar

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis import exceptions

log = structlog.get_logger(__name__)
T = TypeVar("T")

REST_S = 5.0


class Breaker:
    """Remembers that a server did not answer, so that not everybody waits for it again.

    After a failure nobody asks for `rest_s` seconds. Then one caller may try; the others go on without until
    it has succeeded. Shared by the threads of a process; `clock` gives monotonic seconds.
    """

    def __init__(self, rest_s: float = REST_S, clock: Callable[[], float] = monotonic) -> None:
        self._rest_s = rest_s
        self._clock = clock
        self._lock = Lock()
        self._resting_until: float | None = None

    def may_try(self) -> bool:
        """Tell whether to ask the server. Whoever is told so says `failed` or `succeeded` afterwards."""
        if self._resting_until is None:
            return True
        with self._lock:
            now = self._clock()
            if self._resting_until is None:
                return True
            if now < self._resting_until:
                return False
            self._resting_until = now + self._rest_s
            return True

    def failed(self) -> None:
        """Start a rest: the server did not answer."""
        with self._lock:
            self._resting_until = self._clock() + self._rest_s

    def succeeded(self) -> None:
        """End the rest: the server answered."""
        if self._resting_until is not None:
            with self._lock:
                self._resting_until = None


class DegradingRedisCache(RedisCache):
    """Redis that may be away: reads find nothing, writes are lost, and nobody's request fails for it.

    A Redis that swallows packets costs one timeout now and then, not one for each operation.
    """

    # Django makes an instance for each thread; what they know of the servers is one for the process.
    _breakers: ClassVar[dict[str, Breaker]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._breaker = self._breakers.setdefault(server, Breaker())

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda: super(DegradingRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(lambda: super(DegradingRedisCache, self).set(key, value, timeout, version), None)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._ask(lambda: super(DegradingRedisCache, self).add(key, value, timeout, version), True)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._ask(lambda: super(DegradingRedisCache, self).touch(key, timeout, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._ask(lambda: super(DegradingRedisCache, self).delete(key, version), False)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._ask(lambda: super(DegradingRedisCache, self).has_key(key, version), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._ask(lambda: super(DegradingRedisCache, self).incr(key, delta, version), delta)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return self._ask(lambda: super(DegradingRedisCache, self).get_many(keys, version), {})

    def set_many(
        self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Store them; return the keys that could not be stored."""
        return self._ask(
            lambda: super(DegradingRedisCache, self).set_many(data, timeout, version), list(data)
        )

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        self._ask(lambda: super(DegradingRedisCache, self).delete_many(list(keys), version), None)

    def clear(self) -> None:
        self._ask(lambda: super(DegradingRedisCache, self).clear(), None)

    def _ask(self, operation: Callable[[], T], without: T) -> T:
        """Return what Redis says, or `without` when it says nothing."""
        if not self._breaker.may_try():
            return without
        try:
            answer = operation()
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            self._breaker.failed()
            log.warning("cache_unavailable", error=type(error).__name__, rest_s=REST_S)
            return without
        except exceptions.RedisError as error:  # it answered, with a refusal such as "out of memory"
            self._breaker.succeeded()
            log.warning("cache_refused", error=type(error).__name__)
            return without
        except Exception:  # nor is it away when a key to be counted up is not there
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer
