"""What DNS answers, and the order in which RFC 2782 and RFC 3263 want it tried. No network here."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callsphere.sip.uri import SipUri, Transport

DEFAULT_PORT: dict[Transport, int] = {"udp": 5060, "tcp": 5060, "tls": 5061}
"""RFC 3261 §19.1.2."""

SRV_PREFIX: dict[Transport, str] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
"""RFC 3263 §4.1."""

_NAPTR_SERVICE: dict[str, Transport] = {"sip+d2u": "udp", "sip+d2t": "tcp", "sips+d2t": "tls"}


@dataclass(frozen=True, slots=True)
class Srv:
    """One SRV record (RFC 2782); `host` in lower case without the final dot, "" for "no such service"."""

    priority: int
    weight: int
    port: int
    host: str


@dataclass(frozen=True, slots=True)
class Naptr:
    """One NAPTR record (RFC 3403 §4.1), its texts in lower case, `replacement` without the final dot."""

    order: int
    preference: int
    flags: str
    service: str
    regexp: str
    replacement: str


def choose_naptr(records: Iterable[Naptr], scheme: str) -> tuple[Transport, str] | None:
    """The transport and SRV name of the best usable record (RFC 3263 §4.1), None when there is none.

    Records for transports we do not speak are discarded, for `sips:` all but SIPS+D2T.
    """
    for record in sorted(records, key=lambda entry: (entry.order, entry.preference)):
        transport = _NAPTR_SERVICE.get(record.service)
        if transport is None or record.flags != "s" or record.regexp or not record.replacement:
            continue
        if scheme == "sips" and transport != "tls":
            continue
        return transport, record.replacement
    return None


def order_srv(records: Sequence[Srv], chance: random.Random) -> list[Srv]:
    """SRV records in the order they are to be tried: priority, then chance by weight (RFC 2782)."""
    ordered: list[Srv] = []
    for priority in sorted({record.priority for record in records}):
        # Weight 0 first: such a record is drawn only when the random number is 0.
        left = sorted((record for record in records if record.priority == priority), key=lambda r: r.weight)
        while left:
            drawn = chance.randint(0, sum(record.weight for record in left))
            running = 0
            for record in left:
                running += record.weight
                if running >= drawn:
                    break
            left.remove(record)
            ordered.append(record)
    return ordered


def srv_transports(uri: SipUri) -> tuple[Transport, ...]:
    """Transports whose SRV records are asked for, the preferred first (RFC 3263 §4.1, §4.2).

    Without a `transport` parameter a `sip:` URI may use UDP or TCP, never TLS: `_sips` is for `sips:`.
    """
    if uri.scheme == "sips" or uri.explicit_transport is not None:
        return (uri.transport,)
    return ("udp", "tcp")
