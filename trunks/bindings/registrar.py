"""Keeping registrations alive: claim those that are due, let the engine register, store what came of it.

Each process has one engine, whose sockets and nonces live on between batches. No transaction is open while it
talks.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

import structlog
from django.conf import settings
from django.db import DataError
from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge

from callsphere.sip.agent.registration import Identity as WireIdentity
from callsphere.sip.digest import Credentials
from callsphere.sip.engine import BindingJob, BindingResult, RegistrarEngine
from callsphere.sip.uri import SipUriError, parse_gateway_uri
from tenants.clock import DatabaseClock
from trunks.bindings.claims import BindingClaim, Identity, claim_due, give_back
from trunks.bindings.farewells import (
    FarewellClaim,
    claim_farewells,
    give_farewells_back,
    store_farewells,
)
from trunks.bindings.late import Gone, register_those_left, settle_late_bindings
from trunks.bindings.outcomes import BindingOutcome, store_outcomes
from trunks.bindings.registering import Result, after, step_of
from trunks.engines import OfThisProcess, address_policy, is_stopping
from trunks.enums import RegistrationStep
from trunks.storable import storable, without_nul

BATCH = 500
"""How many registrations one claim takes."""
LONGEST_RUN_S = 20.0
"""A run that keeps finding full batches ends after this time; the next tick goes on."""

RUNS_AT_ONCE = 4
"""Runs of one process. A registrar that says nothing holds a run for as long as an attempt may take: the
prober's other threads are left to the pings (docker-compose.yml gives it eight)."""

log = structlog.get_logger(__name__)

ATTEMPTS = CounterMetric(
    "callsphere_registrations_total", "Attempts to register by what became of them", ["outcome"]
)
NOT_ASKED = CounterMetric(
    "callsphere_registrations_not_asked_total",
    "Attempts that this machine lacked a connection or a network for",
)
DROPPED = CounterMetric("callsphere_registrations_dropped_total", "Outcomes whose claim was no longer valid")
OLDEST_DUE = Gauge(
    "callsphere_registration_oldest_due_seconds",
    "How long the longest-waiting registration had been due at the last claim",
    multiprocess_mode="max",
)


def _make_engine() -> RegistrarEngine:
    return RegistrarEngine(
        policy=address_policy(),
        nameservers=settings.SIP_NAMESERVERS,
        ca_file=settings.SIP_CA_FILE or None,
        advertised_host=settings.SIP_ADVERTISED_HOST or None,
        outbound_proxy=settings.SIP_OUTBOUND_PROXY,
    )


engine = OfThisProcess(_make_engine)
_runs = threading.BoundedSemaphore(RUNS_AT_ONCE)


def refresh_due(
    registrar: RegistrarEngine,
    *,
    clock: Callable[[], datetime] | None = None,
    batch: int = BATCH,
    longest_s: float = LONGEST_RUN_S,
) -> int:
    """Register what is due, batch by batch while batches are full; return how many were claimed.

    With RUNS_AT_ONCE under way in this process nothing is claimed: the next tick looks again.
    `clock` tells the time that leases are compared by, the database's unless given.
    Bindings that are to be taken away go first: one of them may stand in the way of a new one.
    """
    if not _runs.acquire(blocking=False):
        return 0
    try:
        return _refresh(registrar, clock or DatabaseClock(), batch, longest_s)
    finally:
        _runs.release()


def _refresh(registrar: RegistrarEngine, clock: Callable[[], datetime], batch: int, longest_s: float) -> int:
    started = time.monotonic()
    total = 0
    while not is_stopping():
        farewells = claim_farewells(clock(), batch, rate=settings.REGISTER_RATE_PER_REGISTRAR)
        _say_farewell(registrar, farewells, clock)
        claims = claim_due(clock(), batch, rate=settings.REGISTER_RATE_PER_REGISTRAR)
        OLDEST_DUE.set(max((claim.late_s for claim in claims), default=0.0))
        _register(registrar, claims, clock)
        total += len(claims) + len(farewells)
        if len(claims) + len(farewells) < batch or time.monotonic() - started >= longest_s:
            break
    return total


def _register(
    registrar: RegistrarEngine, claims: Sequence[BindingClaim], clock: Callable[[], datetime]
) -> None:
    by_id = {claim.registration_id: claim for claim in claims}
    jobs: list[BindingJob] = []
    outcomes: list[BindingOutcome] = []
    for claim in claims:
        try:
            jobs.append(_job(claim))
        except (SipUriError, ValueError) as error:
            outcomes.append(_outcome(claim, _unusable(claim, str(error)), clock()))
    if outcomes:
        _store(outcomes, clock())
    for results in registrar.register_many(jobs):
        now = clock()
        found = [(by_id[cast(uuid.UUID, result.key)], result) for result in results]
        _give_back([claim for claim, result in found if result.is_ours], now)
        _store([_outcome(claim, result, now) for claim, result in found if not result.is_ours], now)


def _give_back(claims: Sequence[BindingClaim], now: datetime) -> None:
    """Nothing was found out: no attempt is shown, and nothing told to the customer."""
    if claims:
        NOT_ASKED.inc(len(claims))
        log.error("registrations_not_asked_for", count=len(claims), because="this machine lacks something")
        give_back(claims, now)


def _job(claim: BindingClaim) -> BindingJob:
    return BindingJob(
        claim.registration_id,
        parse_gateway_uri(claim.registrar),
        claim.username,
        _credentials(claim),
        claim.expires_s,
        _on_wire(claim.identity),
        remove=claim.standing.removing,
        tls=claim.tls,
    )


def _credentials(claim: BindingClaim | FarewellClaim) -> Credentials | None:
    if claim.password is None:
        return None
    return Credentials(claim.username, claim.password, claim.auth_username, claim.realm or None)


def _on_wire(identity: Identity) -> WireIdentity:
    return WireIdentity(identity.call_id, identity.from_tag, identity.contact, identity.cseq)


def _unusable(claim: BindingClaim, detail: str) -> BindingResult:
    identity = _on_wire(claim.identity)
    return BindingResult(
        claim.registration_id, "uri_invalid", detail, None, None, None, None, identity, "", 0, ()
    )


def _result(found: BindingResult) -> Result:
    return Result(found.cause, without_nul(found.detail), found.code, found.granted_s, found.retry_after_s)


def _outcome(claim: BindingClaim, found: BindingResult, now: datetime) -> BindingOutcome:
    result = _result(found)
    return BindingOutcome(
        claim,
        after(claim.standing, result, now, random.random()),  # noqa: S311 (jitter)
        result,
        step_of(claim.standing, now),
        Identity(*(getattr(found.identity, name) for name in ("call_id", "from_tag", "contact", "cseq"))),
        found.min_expires_s,
        found.target,
        found.duration_ms,
        [storable({**message.as_json(), "peer": message.peer}) for message in found.messages],
    )


def _store(outcomes: Sequence[BindingOutcome], now: datetime) -> None:
    lost = _stored(outcomes, now)
    for outcome, count in Counter(each.result.cause or "registered" for each in outcomes).items():
        ATTEMPTS.labels(outcome).inc(count)
    if lost:
        DROPPED.inc(len(lost))
        settle_late_bindings(lost, now)
    removed = [each for each in outcomes if each.step == RegistrationStep.REMOVE and not each.result.cause]
    if removed:
        contacts = [(each.claim.host, each.claim.username, each.identity.contact) for each in removed]
        register_those_left((Gone(*contact) for contact in contacts), now)


def _stored(outcomes: Sequence[BindingOutcome], now: datetime) -> list[BindingOutcome]:
    """Store outcomes; return those whose claim was lost. One that no row holds costs the others nothing."""
    try:
        return store_outcomes(outcomes, now)
    except DataError:
        if len(outcomes) > 1:
            return [lost for outcome in outcomes for lost in _stored([outcome], now)]
        log.exception("registration_not_stored", registration_id=str(outcomes[0].claim.registration_id))
        return []


def _say_farewell(
    registrar: RegistrarEngine, claims: Sequence[FarewellClaim], clock: Callable[[], datetime]
) -> None:
    jobs = [
        BindingJob(
            claim.id,
            parse_gateway_uri(claim.registrar),
            claim.username,
            _credentials(claim),
            0,
            _on_wire(claim.identity),
            remove=True,
            tls=claim.tls,
        )
        for claim in claims
    ]
    results = {each.key: each for found in registrar.register_many(jobs) for each in found}
    if not claims:
        return
    now = clock()
    give_farewells_back([claim for claim in claims if results[claim.id].is_ours], now)
    claims = [claim for claim in claims if not results[claim.id].is_ours]
    found = {claim.id: _result(results[claim.id]) for claim in claims}
    store_farewells([(claim, found[claim.id]) for claim in claims], now)
    contacts = [
        (parse_gateway_uri(claim.registrar).host, claim.username, claim.identity.contact)
        for claim in claims
        if not found[claim.id].cause
    ]
    if contacts:
        register_those_left((Gone(*contact) for contact in contacts), now)
