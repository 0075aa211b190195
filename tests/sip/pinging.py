"""Shortcuts of the engine's tests."""

from __future__ import annotations

from collections.abc import Iterable

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import PingEngine, PingOutcome, PingTarget
from callsphere.sip.resolver import Target
from callsphere.sip.uri import SipUri

LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8", "::1/128"])
LONG_S = 60.0
"""How long an answer is waited for that comes by itself, however busy the machine is, in seconds."""


def new_engine(
    *,
    policy: AddressPolicy = LOOPBACK,
    ca_file: str | None = None,
    nameservers: list[tuple[str, int]] | None = None,
) -> PingEngine:
    """An engine that may speak to loopback; use as a context manager."""
    return PingEngine(policy=policy, ca_file=ca_file, nameservers=nameservers)


def target(port: int, transport: str = "udp", *, wait_s: float = LONG_S, key: object = "key") -> PingTarget:
    """A peer on 127.0.0.1."""
    return PingTarget(key, SipUri.parse(f"sip:127.0.0.1:{port};transport={transport}"), wait_s)


def named_target(name: str, port: int, *, wait_s: float = LONG_S, verify: bool = True) -> PingTarget:
    """A TLS peer on 127.0.0.1 that is known by a name."""
    address = Target("127.0.0.1", port, "tls", name)
    return PingTarget(name, SipUri.parse(f"sips:{name}:{port}"), wait_s, address, verify)


def ping(engine: PingEngine, *targets: PingTarget) -> list[PingOutcome]:
    """All outcomes of a batch, in the order they came."""
    return flat(engine.ping_many(targets))


def flat(chunks: Iterable[list[PingOutcome]]) -> list[PingOutcome]:
    """The outcomes of all chunks."""
    return [outcome for chunk in chunks for outcome in chunk]


def seen(outcomes: Iterable[PingOutcome]) -> list[tuple[bool, int | None, str | None]]:
    """What is compared most: alive, status, cause."""
    return [(outcome.alive, outcome.status, outcome.cause) for outcome in outcomes]
