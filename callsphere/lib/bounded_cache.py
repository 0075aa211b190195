"""A cache with a bound on what it holds, for values that are asked for far more often than kept."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Holds values up to a total weight; those put in longest ago make room.

    Reading moves nothing, so `get` costs no more than a dict's and may be called from any thread
    while one thread alone writes. Whether a value has expired is for the caller to know.
    """

    def __init__(self, room: int) -> None:
        """`room` is the greatest sum of weights; raise ValueError when nothing would fit."""
        if room < 1:
            raise ValueError("A cache needs room for at least one value.")
        self._room = room
        self._held = 0
        self._values: dict[K, tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value, None when there is none."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Keep a value instead of the key's former one; one that is heavier than the room is not kept."""
        self.drop(key)
        if weight > self._room:
            return
        self._values[key] = (value, weight)
        self._held += weight
        while self._held > self._room:
            self.drop(next(iter(self._values)))

    def drop(self, key: K) -> None:
        """Forget a value, if there is one."""
        former = self._values.pop(key, None)
        if former is not None:
            self._held -= former[1]

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._held = 0
