"""What telephone networks call the refusals of SIP: cause values of ITU-T Q.850, by the table of RFC 3398."""

from __future__ import annotations

from dataclasses import dataclass

# RFC 3398 §8.2.6.1; 487 has none there, and 488 and 606 depend on a Warning header that logs do not keep.
_VALUES = {
    400: 41,
    401: 21,
    402: 21,
    403: 21,
    404: 1,
    405: 63,
    406: 79,
    407: 21,
    408: 102,
    410: 22,
    413: 127,
    414: 127,
    415: 79,
    416: 127,
    420: 127,
    421: 127,
    423: 127,
    480: 18,
    481: 41,
    482: 25,
    483: 25,
    484: 28,
    485: 1,
    486: 17,
    500: 41,
    501: 79,
    502: 38,
    503: 41,
    504: 102,
    505: 127,
    513: 127,
    600: 17,
    603: 21,
    604: 1,
}
_NAMES = {
    1: "Unallocated (unassigned) number",
    17: "User busy",
    18: "No user responding",
    21: "Call rejected",
    22: "Number changed",
    25: "Exchange routing error",
    28: "Invalid number format (address incomplete)",
    38: "Network out of order",
    41: "Temporary failure",
    63: "Service or option not available, unspecified",
    79: "Service or option not implemented, unspecified",
    102: "Recovery on timer expiry",
    127: "Interworking, unspecified",
}


@dataclass(frozen=True, slots=True)
class NetworkCause:
    """A cause value and its name in Q.850."""

    value: int
    name: str


def network_cause(status: int) -> NetworkCause | None:
    """Return the cause that a gateway sends for a final SIP response; None where RFC 3398 names none."""
    value = _VALUES.get(status)
    return None if value is None else NetworkCause(value, _NAMES[value])
