"""Answering with a part of what is asked for: HTTP ranges (RFC 9110 §14), by which browsers play sounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """What to send of `data`, with which status and headers."""

    status: int
    data: bytes
    headers: dict[str, str]


def part_of(data: bytes, wanted: str = "", if_range: str = "") -> Part:
    """Return what `Range: wanted` asks of data: all of it (200), a part (206), or that there is none (416).

    More than one range, and what is no range of bytes, is answered with all of it, as §14.2 allows. So is
    a range on a condition (If-Range, §13.1.5): we name no validator that it could hold.
    """
    headers = {"Accept-Ranges": "bytes"}
    match = _ONE_RANGE.fullmatch(wanted)
    if match is None or if_range or not any(match.groups()):
        return Part(200, data, headers)
    first, last = _bounds(match[1], match[2], len(data))
    if match[1] and match[2] and int(match[1]) > int(match[2]):  # §14.1.1: invalid, so ignored
        return Part(200, data, headers)
    if first >= len(data) or last < first:
        return Part(416, b"", {**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Part(206, data[first : last + 1], headers)


def _bounds(first: str, last: str, length: int) -> tuple[int, int]:
    """Return the first and last position, both counting; `-500` means the last 500 bytes."""
    if not first:
        return max(0, length - int(last)), length - 1 if int(last) else -1
    return int(first), min(int(last), length - 1) if last else length - 1
