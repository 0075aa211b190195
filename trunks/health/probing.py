"""Probing gateways: claim those that are due, ask the engine, store what it found.

Each process has one engine (sockets, TLS connections and the DNS cache live in it), used by all its threads.
No transaction is open while the engine talks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, cast

import structlog
from django.conf import settings
from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge, Histogram

from callsphere.sip.engine import PingEngine, PingOutcome, PingRun, PingTarget
from callsphere.sip.resolver import ResolutionError
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
from tenants.clock import DatabaseClock
from trunks.engines import OfThisProcess, address_policy, is_stopping
from trunks.enums import Severity
from trunks.health.judging import (
    Answer,
    Change,
    Claim,
    claim_due,
    postpone,
    severity_of,
    store_answers,
    wait_s,
)
from trunks.health.pacing import within_limit

BATCH = 1000
"""How many gateways one claim takes. All are in flight together, so that the mute hold up nobody."""
LONGEST_RUN_S = 20.0
"""A run that keeps finding full batches ends after this time; the next tick goes on."""
QUICK_LOOKUP_S = 1.0
"""Names looked up within this time are pinged first, in seconds."""
LONGEST_LOOKUP_S = 4.0
"""How much longer the others have until they count as failed. Within what a lease allows for."""
URIS_REMEMBERED = 100_000
ASKED_AGAIN_S = 5.0
"""When a probe is tried again that this machine could not make, in seconds."""
LOGGED_ONE_BY_ONE = 20
"""More changes at once, as in an outage of a carrier, are one line of the log; their rows tell the rest."""

log = structlog.get_logger(__name__)

PROBES = CounterMetric("callsphere_probes_total", "Probes by what became of them", ["outcome"])
DROPPED = CounterMetric("callsphere_probes_dropped_total", "Answers whose claim was no longer valid")
POSTPONED = CounterMetric("callsphere_probes_postponed_total", "Probes put off by the limit per address")
UNASKED = CounterMetric(
    "callsphere_probes_unasked_total", "Probes put off for want of something on this machine"
)
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

_TOO_SLOW = ResolutionError("dns_timeout", f"no answer within {QUICK_LOOKUP_S + LONGEST_LOOKUP_S:g} s")


def _make_engine() -> PingEngine:
    return PingEngine(
        policy=address_policy(),
        nameservers=settings.SIP_NAMESERVERS,
        ca_file=settings.SIP_CA_FILE or None,
        advertised_host=settings.SIP_ADVERTISED_HOST or None,
    )


engine = OfThisProcess(_make_engine)


def probe_due(
    pinger: PingEngine,
    *,
    clock: Callable[[], datetime] | None = None,
    batch: int = BATCH,
    in_flight: int = BATCH,
    longest_s: float = LONGEST_RUN_S,
) -> int:
    """Probe what is due, batch by batch while batches are full; return how many gateways were claimed.

    `clock` tells the time that leases are compared by, the database's unless given.
    """
    clock = clock or DatabaseClock()
    started = time.monotonic()
    total = 0
    while not is_stopping():
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
    targets, failed = _targets(claims)
    runs: list[PingRun] = []
    try:
        # Names that take long are looked up while the others are pinged already.
        began = time.monotonic()
        for patience_s in (QUICK_LOOKUP_S, LONGEST_LOOKUP_S):
            found = _look_up(pinger, targets, patience_s, began)
            runs.append(pinger.ping_many(_within_limit(found.ready, clock()), in_flight=in_flight))
            failed += [_not_sent(target, error) for target, error in found.failed]
            targets = found.slow
            if not targets:
                break
        failed += [_not_sent(target, _TOO_SLOW) for target in targets]
        if failed:
            _store(failed, claimed_at, clock())
        for run in runs:
            for outcomes in run:
                _put_off([outcome for outcome in outcomes if outcome.is_ours], clock())
                _store([_answer(each) for each in outcomes if not each.is_ours], claimed_at, clock())
    finally:
        for run in runs:
            run.close()


def _put_off(unasked: Sequence[PingOutcome], now: datetime) -> None:
    """Give back what this machine could not ask: the gateway is not to blame, nothing is known of it."""
    if not unasked:
        return
    UNASKED.inc(len(unasked))
    log.warning("probes_unasked", count=len(unasked), detail=unasked[0].detail)
    claims = [cast(Claim, outcome.key) for outcome in unasked]
    postpone([(claim.gateway_id, claim.number, ASKED_AGAIN_S) for claim in claims], now)


def _targets(claims: Iterable[Claim]) -> tuple[list[PingTarget], list[Answer]]:
    targets: list[PingTarget] = []
    unusable: list[Answer] = []
    for claim in claims:
        uri = _parse(claim.uri)
        if uri is None:
            unusable.append(_failure(claim, "uri_invalid", "Enter this gateway's address again."))
        else:
            targets.append(PingTarget(claim, uri, wait_s(claim.interval_s), tls=claim.tls))
    return targets, unusable


@lru_cache(maxsize=URIS_REMEMBERED)
def _parse(text: str) -> SipUri | None:
    try:
        return parse_gateway_uri(text)
    except SipUriError:
        return None


@lru_cache(maxsize=URIS_REMEMBERED)
def _literal(text: str) -> str | None:
    uri = _parse(text)
    return uri.host if uri is not None and uri.is_literal else None


class _Found(NamedTuple):
    """Where targets lead: those to ping with all addresses that a ping may try, and the others."""

    ready: list[tuple[PingTarget, tuple[str, ...]]]
    slow: list[PingTarget]
    failed: list[tuple[PingTarget, ResolutionError]]


def _look_up(pinger: PingEngine, targets: Sequence[PingTarget], patience_s: float, began: float) -> _Found:
    """Look names up, so that what is counted against an address's allowance is what is sent to it.

    A single target is handed to the engine. Where there are several, the engine asks its own cache for them
    again and tries one after the other (RFC 3263 §4.3). Names are waited for since `began`, a monotonic time,
    and what that took is no longer there to wait for an answer.
    """
    names = {target.uri for target in targets if _literal(_claim(target).uri) is None}
    places = pinger.resolve_many(names, patience_s) if names else {}
    spent_s = time.monotonic() - began
    found = _Found([], [], [])
    for target in targets:
        place = places.get(target.uri)
        if place is None:
            found.ready.append((target, (target.uri.host,)))
        elif not isinstance(place, ResolutionError):
            only = place[0] if len(place) == 1 else None
            placed = replace(target, wait_s=target.wait_s - spent_s, address=only)
            found.ready.append((placed, tuple(each.address for each in place)))
        elif place.cause == _TOO_SLOW.cause:
            found.slow.append(target)
        else:
            found.failed.append((target, place))
    return found


def _within_limit(ready: Sequence[tuple[PingTarget, tuple[str, ...]]], now: datetime) -> list[PingTarget]:
    """Return what may be pinged now, and put the rest off."""
    rate = settings.PROBE_RATE_PER_ADDRESS
    if not rate:
        return [target for target, _addresses in ready]
    sent, late = within_limit(ready, rate=rate, policy=address_policy(), now=now)
    if late:
        POSTPONED.inc(len(late))
        log.info("probes_postponed", count=len(late), rate_per_address=rate)
        delays = [(_claim(target), delay_s) for target, delay_s in late]
        postpone([(claim.gateway_id, claim.number, delay_s) for claim, delay_s in delays], now)
    return sent


def _claim(target: PingTarget) -> Claim:
    return cast(Claim, target.key)


def _not_sent(target: PingTarget, error: ResolutionError) -> Answer:
    return _failure(_claim(target), error.cause, error.detail)


def _failure(claim: Claim, cause: str, detail: str) -> Answer:
    return Answer(
        claim.gateway_id, claim.number, Severity.FAILED, None, "", cause, detail[:255], None, "", ""
    )


def _answer(outcome: PingOutcome) -> Answer:
    key, alive, status, reason, cause, detail, rtt_ms, target, server, _is_ours = outcome
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
