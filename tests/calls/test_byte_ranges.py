"""Ranges of bytes, as RFC 9110 §14 has them."""

from __future__ import annotations

import pytest

from callsphere.calls.byte_ranges import part_of

DATA = bytes(range(100))


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-", 0, 99),
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=10-19", 10, 19),
        ("bytes=90-1000", 90, 99),
        ("bytes=-1", 99, 99),
        ("bytes=-500", 0, 99),
        ("Bytes = 5 - 6", 5, 6),
    ],
)
def test_a_part(wanted: str, first: int, last: int) -> None:
    part = part_of(DATA, wanted)
    assert (part.status, part.data) == (206, DATA[first : last + 1])
    assert part.headers == {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/100"}


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "bytes=", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=9-3"),
        *("bytes=٣-٤", f"bytes={'9' * 19}-"),
    ],
)
def test_what_is_not_one_range_is_answered_with_everything(wanted: str) -> None:
    part = part_of(DATA, wanted)
    assert (part.status, part.data, part.headers) == (200, DATA, {"Accept-Ranges": "bytes"})


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_beyond_the_end(wanted: str) -> None:
    part = part_of(DATA, wanted)
    assert (part.status, part.data) == (416, b"")
    assert part.headers == {"Accept-Ranges": "bytes", "Content-Range": "bytes */100"}


def test_a_condition_is_never_fulfilled() -> None:
    assert part_of(DATA, "bytes=0-1", if_range='"tag"').status == 200
