"""Requests and clocks for the tests of transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from callsphere.sip.message import Headers, Request

BRANCH = "z9hG4bK776asdhds"


def make_request(method: str, *, branch: str = BRANCH, number: int = 1, to_tag: str = "") -> Request:
    """A request with two Routes, which ACK and CANCEL have to take over."""
    fields = [
        ("Via", f"SIP/2.0/UDP 192.0.2.1:5060;rport;branch={branch}"),
        ("Max-Forwards", "70"),
        ("Route", "<sip:p1.example;lr>, <sip:p2.example;lr>"),
        ("Route", "<sip:p3.example;lr>"),
        ("From", '"Alice" <sip:alice@example.com>;tag=a1'),
        ("To", f"<sip:bob@example.com>{to_tag and ';tag=' + to_tag}"),
        ("Call-ID", "c1"),
        ("CSeq", f"{number} {method}"),
        ("Contact", "<sip:alice@192.0.2.1>"),
        ("User-Agent", "test"),
    ]
    return Request(method, "sip:bob@b.example", Headers(fields), b"v=0\r\n")


_Event = TypeVar("_Event", covariant=True)


class Clocked(Protocol[_Event]):
    """Whatever keeps timers as data."""

    def next_timer(self) -> float | None:
        """When it wants to be called."""

    def handle_timer(self, now: float) -> Sequence[_Event]:
        """Fire what is due."""


def run_out(
    clocked: Clocked[_Event], *, until: float = 1000.0, see: Callable[[_Event], object] = type
) -> list[tuple[float, object]]:
    """Fire every timer exactly when it is due; give each event's time and what `see` makes of it."""
    seen: list[tuple[float, object]] = []
    while (due := clocked.next_timer()) is not None and due <= until:
        seen += [(due, see(event)) for event in clocked.handle_timer(due)]
        after = clocked.next_timer()
        assert after is None or after > due
    return seen
