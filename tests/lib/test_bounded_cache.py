"""A cache that never holds more than its room."""

from __future__ import annotations

import pytest

from callsphere.lib.bounded_cache import BoundedCache


def test_the_oldest_make_room_by_weight() -> None:
    cache: BoundedCache[str, int] = BoundedCache(4)
    for number, key in enumerate("abcd"):
        cache.put(key, number)
    cache.put("e", 4, weight=2)
    assert [cache.get(key) for key in "abcde"] == [None, None, 2, 3, 4]
    assert len(cache) == 3


def test_putting_again_replaces_and_makes_young() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3)
    cache.put("a", 1, weight=2)
    cache.put("b", 2)
    cache.put("a", 3)
    cache.put("c", 4)
    cache.put("d", 5)
    assert [cache.get(key) for key in "abcd"] == [3, None, 4, 5]


def test_what_can_never_fit_is_not_kept_and_pushes_nothing_out() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3)
    cache.put("a", 1)
    cache.put("b", 2, weight=4)
    assert (cache.get("a"), cache.get("b")) == (1, None)


def test_dropped_and_cleared_values_give_their_room_back() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1, weight=2)
    cache.drop("a")
    cache.drop("a")
    cache.put("b", 2, weight=2)
    assert cache.get("b") == 2
    cache.clear()
    cache.put("c", 3, weight=2)
    assert (cache.get("b"), cache.get("c")) == (None, 3)


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        BoundedCache(0)
