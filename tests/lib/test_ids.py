"""Identifiers."""

import time

from callsphere.lib.ids import uuid7


def test_it_is_a_version_7_uuid() -> None:
    value = uuid7()
    assert (value.version, value.variant) == (7, "specified in RFC 4122")


def test_later_ones_sort_later() -> None:
    first = uuid7()
    time.sleep(0.002)
    assert first < uuid7()


def test_many_at_once_differ() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000
