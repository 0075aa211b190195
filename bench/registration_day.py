"""A simulated day of registrations: real claims, rules and storage, registrars and time that are made up.

Workers die with claims in their hands and registrars go away for a while. What is watched: whether a binding
lapsed although its registrar was there, and how often each registrar was asked.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from callsphere.sip.uri import parse_gateway_uri
from tenants.context import platform_context
from tenants.models import Tenant
from trunks.bindings.claims import BindingClaim, claim_due
from trunks.bindings.farewells import FarewellClaim, claim_farewells, store_farewells
from trunks.bindings.outcomes import BindingOutcome, store_outcomes
from trunks.bindings.registering import Result, after, step_of
from trunks.models import Registration, RegistrationFarewell, RegistrationStatus, Trunk

START = datetime(2026, 11, 28, tzinfo=UTC)
BATCH = 500


@dataclass
class SimulatedRegistrar:
    """Keeps bindings, unless it is away. `outages` are (from, to) in seconds of the day, in order."""

    outages: list[tuple[float, float]]
    bindings: dict[uuid.UUID, float] = field(default_factory=dict)
    asked: Counter[int] = field(default_factory=Counter)
    taken_away: int = 0

    def is_away(self, at: float) -> bool:
        """Whether it answers nobody."""
        return any(start <= at < end for start, end in self.outages)

    def was_away(self, since: float, until: float) -> bool:
        """Whether it was away at any moment between."""
        return any(start < until and end > since for start, end in self.outages)

    def ask(self, registration_id: uuid.UUID, expires_s: int, at: float) -> Result:
        """Take a REGISTER."""
        self.asked[int(at)] += 1
        if self.is_away(at):
            return Result("no_answer", "Nothing came back.")
        self.bindings[registration_id] = at + expires_s
        return Result(code=200, granted_s=expires_s)

    def forget(self, registration_id: uuid.UUID, at: float) -> Result:
        """Take a REGISTER that takes a binding away."""
        self.asked[int(at)] += 1
        if self.is_away(at):
            return Result("no_answer", "Nothing came back.")
        self.taken_away += self.bindings.pop(registration_id, None) is not None
        return Result(code=200)


@dataclass(frozen=True, slots=True)
class Day:
    """What was seen. `lapsed` counts bindings that ended although their registrar had been there."""

    attempts: int
    lapsed: int
    lapsed_in_outages: int
    busiest_10_s: int
    died: int
    taken_away: int


@dataclass
class Simulation:
    """`size` registrations at `registrars` hosts, over so many hours, looked after every `tick_s` seconds.

    `grace_s` is how long before a binding's end its registrar must have been there for a lapse to count:
    the time that the pace needs to get round to everybody. `dying` is the share of batches that die with
    their worker, once before and once after the attempts; in `naps` (from, to, in seconds) none is there.
    At each time of `leaving`, in seconds, so many lines are deleted at once: their bindings are taken away.
    """

    size: int
    registrars: int
    hours: float
    rate: float
    expires_s: int = 3600
    tick_s: int = 5
    grace_s: float = 180.0
    seed: int = 1
    dying: float = 0.01
    naps: Sequence[tuple[float, float]] = ()
    leaving: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._hosts = {f"r{number}.bench.test": self._registrar() for number in range(self.registrars)}
        self._host_of: dict[uuid.UUID, str] = {}
        self._attempts = self._died = self._lapsed = self._excused = 0

    def _registrar(self) -> SimulatedRegistrar:
        day = self.hours * 3600
        starts = sorted(self._chance.uniform(600, day) for _ in range(2))
        lengths = [self._chance.choice((30, 600, 3 * self.expires_s)) for _ in starts]
        return SimulatedRegistrar(
            [(start, start + length) for start, length in zip(starts, lengths, strict=True)]
        )

    def run(self) -> Day:
        """Live the day."""
        self._make_registrations()
        for second in range(0, int(self.hours * 3600), self.tick_s):
            self._delete(self.leaving.get(second, 0), second)
            self._work(second)
            self._watch(second)
        busiest = max(
            sum(host.asked[second + offset] for offset in range(10))
            for host in self._hosts.values()
            for second in list(host.asked)
        )
        taken_away = sum(host.taken_away for host in self._hosts.values())
        return Day(self._attempts, self._lapsed, self._excused, busiest, self._died, taken_away)

    def _work(self, second: int) -> None:
        if any(start <= second < end for start, end in self.naps):
            return
        now = START + timedelta(seconds=second)
        while True:
            farewells = claim_farewells(now, BATCH, rate=self.rate)
            store_farewells([(claim, self._say_farewell(claim, second)) for claim in farewells], now)
            claims = claim_due(now, BATCH, rate=self.rate)
            if claims and self._chance.random() < self.dying:
                self._died += len(claims)  # killed before the first REGISTER went out
            else:
                outcomes = [self._attempt(claim, now, second) for claim in claims]
                if outcomes and self._chance.random() < self.dying:
                    self._died += len(outcomes)  # killed before anything was stored
                elif outcomes:
                    store_outcomes(outcomes, now)
            if len(claims) + len(farewells) < BATCH:
                return

    def _say_farewell(self, claim: FarewellClaim, second: int) -> Result:
        self._attempts += 1
        host = self._hosts[parse_gateway_uri(claim.registrar).host]
        return host.forget(uuid.UUID(claim.identity.call_id), second)

    def _delete(self, count: int, second: int) -> None:
        """Delete the oldest lines, those that are bound now and those that are not."""
        now = START + timedelta(seconds=second)
        with platform_context("simulated day"):
            rows = list(Registration.objects.select_related("status").order_by("pk")[:count])
            RegistrationFarewell.objects.bulk_create(
                RegistrationFarewell(
                    tenant_id=row.tenant_id,
                    registrar=row.registrar,
                    username=row.username,
                    contact=row.status.contact,
                    call_id=row.status.call_id,
                    from_tag=row.status.from_tag,
                    cseq=row.status.cseq,
                    expires_at=row.status.expires_at,
                    next_attempt_at=now,
                )
                for row in rows
                if row.status.expires_at is not None and row.status.expires_at > now
            )
            Registration.objects.filter(pk__in=[row.pk for row in rows]).delete()

    def _attempt(self, claim: BindingClaim, now: datetime, second: int) -> BindingOutcome:
        self._attempts += 1
        result = self._hosts[claim.host].ask(claim.registration_id, claim.expires_s, second)
        standing = after(claim.standing, result, now, self._chance.random())
        identity = replace(claim.identity, contact="<sip:x>", cseq=claim.identity.cseq + 1)
        return BindingOutcome(
            claim, standing, result, step_of(claim.standing, now), identity, None, "", 0, ()
        )

    def _watch(self, second: int) -> None:
        for host in self._hosts.values():
            ended = [pk for pk, until in host.bindings.items() if until <= second]
            for pk in ended:
                until = host.bindings.pop(pk)
                if host.was_away(until - self.grace_s, until):
                    self._excused += 1
                else:
                    self._lapsed += 1

    def _make_registrations(self) -> None:
        with platform_context("simulated day"):
            tenant = Tenant.objects.create(name="Bench", slug=f"bench-{uuid.uuid4().hex[:8]}")
            trunks = Trunk.objects.bulk_create(
                Trunk(tenant=tenant, name=f"Trunk {number}") for number in range(self.size)
            )
            rows = Registration.objects.bulk_create(
                Registration(
                    tenant=tenant,
                    trunk=trunk,
                    registrar=f"sip:r{number % self.registrars}.bench.test",
                    host=f"r{number % self.registrars}.bench.test",
                    transport="udp",
                    username=f"u{number}",
                    expires_s=self.expires_s,
                )
                for number, trunk in enumerate(trunks)
            )
            RegistrationStatus.objects.bulk_create(
                RegistrationStatus(
                    tenant=tenant,
                    registration=row,
                    call_id=row.pk.hex,
                    from_tag="x",
                    next_attempt_at=START,
                )
                for row in rows
            )
