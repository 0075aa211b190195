"""What the landing page shows: causes in our dictionary's words, the plans, an example of a trunk list."""

from dataclasses import dataclass
from typing import Any

from billing.queries import offered_plans
from billing.summaries import plan_cards
from callsphere.sip.causes import CAUSES, Cause


@dataclass(frozen=True, slots=True)
class Translation:
    """What travels on the wire (we send, the carrier answers), and the cause that a person reads instead."""

    sent: str
    received: str
    cause: Cause


# What checks of gateways meet, in the order in which people meet it.
_WIRE = {
    "tls_not_spoken": ("ClientHello 203.0.113.9:5060", "SIP/2.0 400 Bad Request"),
    "carrier_overloaded": ("OPTIONS sip:edge.example.org", "SIP/2.0 503 Service Unavailable"),
    "tls_expired": ("ClientHello sbc.example.net", "Certificate notAfter=Nov 3 2026"),
    "connect_refused": ("TCP SYN 198.51.100.7:5061", "TCP RST"),
}


def _trend(base: float, swing: tuple[float, ...], missing: int = 0) -> list[float | None]:
    return [*(base + each for each in swing), *([None] * missing)]


def _example() -> list[dict[str, Any]]:
    calm = (0, 2, 1, 3, 2, 5, 3, 1, 2, 0, 1, 4, 2, 1, 3, 2, 1, 2)
    rising = (0, 1, 2, 1, 3, 5, 9, 14, 12, 17, 21, 19, 24, 22, 27, 25, 26, 28)
    return [
        {"name": "Main line", "state": "up", "label": "", "detail": "23 ms", "trend": _trend(21, calm)},
        {"name": "After hours", "state": "impaired", "label": "Answering 503", "detail": "for 9 min",
         "trend": _trend(30, rising)},
        {"name": "Old office", "state": "down", "label": "", "detail": "4 min",
         "trend": _trend(26, calm[:11], missing=7)},
    ]  # fmt: skip


def context() -> dict[str, Any]:
    """Return the context of the landing page."""
    return {
        "translations": [Translation(*lines, CAUSES[code]) for code, lines in _WIRE.items()],
        "cards": plan_cards(offered_plans()),
        "example": _example(),
        "example_cause": CAUSES["no_answer"],
    }
