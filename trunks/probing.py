"""Probing gateways: claim those that are due, ask the engine, store what it found.

Each process has one engine (sockets, TLS connections and the DNS cache live in it), used by all its threads.
No transaction is open while the engine talks.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import cast

import structlog
from django.conf import settings
from django.utils import timezone
from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge, Histogram

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import PingEngine, PingOutcome, PingTarget
from callsphere.sip.resolver import ResolutionError
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
from trunks.enums import Severity
from trunks.health import Answer, Change, Claim, claim_due, postpone, severity_of, store_answers, wait_s
from trunks.pacing import take_allowances

BATCH = 1000
"""How many gateways one claim takes. All are in flight together, so that the mute hold up nobody."""
LONGEST_RUN_S = 20.0
"""A run that keeps finding full batches ends after this time; the next tick goes on."""
ADDRESS_KNOWN_S = 300.0
"""How long an address is remembered for pacing; the engine looks names up on its own."""
RESOLVE_S = 3.0
LOGGED_ONE_BY_ONE = 20
"""More changes at once, as in an outage of a carrier, are one line of the log; their rows tell the rest."""

log = structlog.get_logger(__name__)

PROBES = CounterMetric("callsphere_probes_total", "Probes by what became of them", ["outcome"])
DROPPED = CounterMetric("callsphere_probes_dropped_total", "Answers whose claim was no longer valid")
POSTPONED = CounterMetric("callsphere_probes_postponed_total", "Probes put off by the limit per address")
CHANGES = CounterMetric("callsphere_gateway_state_changes_total", "Changes of state", ["to"])
LATE = Histogram(
    "callsphere_probe_late_seconds",
    "How long the longest-waiting gateway of a claim had been due",
    buckets=(0.5, 1, 2, 5, 10, 20, 60, 300),
)
OLDEST_DUE = Gauge(
    "callsphere_probe_oldest_due_seconds",
    "How long the longest-waiting gateway had been due at the last claim",
    multiprocess_mode="max",
)

_lock = threading.Lock()
_engine: PingEngine | None = None
_engine_pid = 0
_stopping = threading.Event()


def address_policy() -> AddressPolicy:
    """Return the operator's policy on addresses."""
    return AddressPolicy.from_strings(settings.NETGUARD_ALLOW)


def engine() -> PingEngine:
    """Return this process's running engine, made from the settings when first asked for, or after a fork."""
    global _engine, _engine_pid
    with _lock:
        if _engine is None or _engine_pid != os.getpid() or not _engine.running:
            made = PingEngine(
                policy=address_policy(),
                nameservers=settings.SIP_NAMESERVERS,
                ca_file=settings.SIP_CA_FILE or None,
                advertised_host=settings.SIP_ADVERTISED_HOST or None,
            )
            made.start()
            _engine, _engine_pid = made, os.getpid()
        return _engine


def stop_claiming() -> None:
    """Let runs end after the batch they are at: the process is going down."""
    _stopping.set()


def probe_due(
    pinger: PingEngine,
    *,
    clock: Callable[[], datetime] = timezone.now,
    batch: int = BATCH,
    in_flight: int = BATCH,
    longest_s: float = LONGEST_RUN_S,
) -> int:
    """Probe what is due, batch by batch while batches are full; return how many gateways were claimed."""
    started = time.monotonic()
    total = 0
    while not _stopping.is_set():
        claimed_at = clock()
        claims = claim_due(claimed_at, batch)
        OLDEST_DUE.set(max((claim.late_s for claim in claims), default=0.0))
        if claims:
            LATE.observe(max(claim.late_s for claim in claims))
            total += len(claims)
            _probe(pinger, claims, claimed_at, clock, in_flight)
        if len(claims) < batch or time.monotonic() - started >= longest_s:
            break
    return total


def _probe(
    pinger: PingEngine,
    claims: Sequence[Claim],
    claimed_at: datetime,
    clock: Callable[[], datetime],
    in_flight: int,
) -> None:
    targets, unusable = _targets(claims)
    if unusable:
        _store([_unusable(claim) for claim in unusable], claimed_at, clock())
    rate = settings.PROBE_RATE_PER_ADDRESS
    if rate:
        targets, late = within_limit(pinger, targets, rate=rate, policy=address_policy(), now=clock())
        if late:
            POSTPONED.inc(len(late))
            log.info("probes_postponed", count=len(late), rate_per_address=rate)
            postpone(late, clock())
    run = pinger.ping_many(targets, in_flight=in_flight)
    try:
        for outcomes in run:
            _store([_answer(outcome) for outcome in outcomes], claimed_at, clock())
    finally:
        run.close()


def _targets(claims: Iterable[Claim]) -> tuple[list[PingTarget], list[Claim]]:
    targets: list[PingTarget] = []
    unusable: list[Claim] = []
    for claim in claims:
        uri = _parse(claim.uri)
        if uri is None:
            unusable.append(claim)
        else:
            targets.append(PingTarget(claim, uri, wait_s(claim.interval_s)))
    return targets, unusable


@lru_cache(maxsize=100_000)
def _parse(text: str) -> SipUri | None:
    try:
        return parse_gateway_uri(text)
    except SipUriError:
        return None


def _unusable(claim: Claim) -> Answer:
    detail = "The address stored for this gateway cannot be used any more. Enter it again."
    return Answer(
        claim.gateway_id, claim.number, Severity.FAILED, None, "", "uri_invalid", detail, None, "", ""
    )


def _answer(outcome: PingOutcome) -> Answer:
    key, alive, status, reason, cause, detail, rtt_ms, target, server = outcome
    claim = cast(Claim, key)
    return Answer(
        claim.gateway_id,
        claim.number,
        severity_of(alive, status),
        status,
        reason[:128],
        cause or "",
        detail[:255],
        None if rtt_ms is None else int(rtt_ms * 1000),
        target[:64],
        server[:128],
    )


def _store(answers: Sequence[Answer], claimed_at: datetime, now: datetime) -> None:
    stored = store_answers(answers, claimed_at=claimed_at, now=now)
    for outcome, count in Counter(answer.cause or "answered" for answer in answers).items():
        PROBES.labels(outcome).inc(count)
    if stored.kept < len(answers):
        DROPPED.inc(len(answers) - stored.kept)
    for to_state, count in Counter(change.to_state for change in stored.changes).items():
        CHANGES.labels(to_state).inc(count)
    _log_changes(stored.changes)


def _log_changes(changes: Sequence[Change]) -> None:
    if len(changes) > LOGGED_ONE_BY_ONE:
        log.info("gateway_states_changed", count=len(changes), to_states=Counter(c.to_state for c in changes))
        return
    for change in changes:
        log.info(
            "gateway_state_changed",
            tenant_id=str(change.tenant_id),
            gateway_id=str(change.gateway_id),
            from_state=change.from_state,
            to_state=change.to_state,
            cause=change.cause,
        )


_addresses: dict[SipUri, tuple[str, float]] = {}


def within_limit(
    pinger: PingEngine, targets: Sequence[PingTarget], *, rate: int, policy: AddressPolicy, now: datetime
) -> tuple[list[PingTarget], list[tuple[str, int, float]]]:
    """Split probes into those that their address's allowance covers and those to postpone.

    Addresses inside the operator's own list are free of the limit: it protects strangers. What does not
    resolve needs no allowance, since nothing is sent. The postponed come as `health.postpone` takes them,
    spread over the time in which the allowance comes back.
    """
    addresses = _addresses_of(pinger, {target.uri for target in targets})
    limited = {address for address in set(addresses.values()) if not policy.is_operator_allowed(address)}
    if not limited:
        return list(targets), []
    wanted = Counter(addresses.get(target.uri, "") for target in targets)
    left = take_allowances({address: wanted[address] for address in limited}, rate=rate, now=now)
    over: Counter[str] = Counter()
    sent: list[PingTarget] = []
    late: list[tuple[str, int, float]] = []
    for target in targets:
        address = addresses.get(target.uri, "")
        if address not in limited:
            sent.append(target)
        elif left[address] > 0:
            left[address] -= 1
            sent.append(target)
        else:
            over[address] += 1
            claim = cast(Claim, target.key)
            late.append((claim.gateway_id, claim.number, 1 + over[address] / rate))
    return sent, late


def _addresses_of(pinger: PingEngine, uris: Iterable[SipUri]) -> dict[SipUri, str]:
    """Return the numeric address that each URI leads to first; names that lead nowhere are left out."""
    now = time.monotonic()
    found: dict[SipUri, str] = {}
    ask: list[SipUri] = []
    for uri in uris:
        known = _addresses.get(uri)
        if uri.is_literal:
            found[uri] = uri.host
        elif known and known[1] > now:
            found[uri] = known[0]
        else:
            ask.append(uri)
    if ask:
        if len(_addresses) > 100_000:
            _addresses.clear()
        for uri, targets in pinger.resolve_many(ask, RESOLVE_S).items():
            if not isinstance(targets, ResolutionError):
                found[uri] = targets[0].address
                _addresses[uri] = (targets[0].address, now + ADDRESS_KNOWN_S)
    return found
