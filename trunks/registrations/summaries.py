"""What pages, API and support show of registrations: rows ready to print. A fixed number of queries each.

Details that a tenant must not read (see `judging.visible_detail`) are left out here, once for all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from callsphere.sip.causes import CAUSES
from tenants.models import Tenant
from trunks.bindings.wording import Known, Told, Trouble, attempt_line, change_words, letter, told, trouble
from trunks.enums import HealthState, RegistrationStep
from trunks.enums import RegistrationState as State
from trunks.health.judging import visible_detail, visible_target
from trunks.models import Registration, RegistrationAttempt, RegistrationChange, Trunk
from trunks.wording import is_withheld_alike, told_cause

# How a state of the past is shown: what calls it meant.
LOOKS = {
    State.REGISTERING: HealthState.UNKNOWN,
    State.REGISTERED: HealthState.UP,
    State.REFRESHING: HealthState.UP,
    State.REJECTED: HealthState.DOWN,
    State.UNREACHABLE: HealthState.DOWN,
    State.THROTTLED: HealthState.IMPAIRED,
    State.EXPIRED: HealthState.DOWN,
    State.PAUSED: HealthState.PAUSED,
}


@dataclass(frozen=True, slots=True)
class RegistrationCard:
    """A registration with all that is said of it now."""

    registration: Registration
    told: Told
    trouble: Trouble | None
    result: str
    message: str


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One REGISTER exchange. `key` changes when the row is taken for a newer attempt."""

    attempt: RegistrationAttempt
    looks: HealthState
    step: str
    line: str
    detail: str
    target: str

    @property
    def key(self) -> str:
        """Names this attempt on a page."""
        return f"{self.attempt.pk}-{int(self.attempt.at.timestamp())}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What went over the wire. Peers are named where there were several; withheld ones stay with us."""
        if is_withheld_alike(self.attempt.cause):
            return []
        entries: list[dict[str, Any]] = self.attempt.messages
        if len({each.get("peer") for each in entries}) > 1:
            return entries
        return [{**each, "peer": ""} for each in entries]


@dataclass(frozen=True, slots=True)
class RegistrationChangeRow:
    """A change of a registration's state; `until` is when the next one came, None while it lasts."""

    change: RegistrationChange
    looks: HealthState
    label: str
    why: str
    until: datetime | None

    @property
    def lasted(self) -> timedelta | None:
        """How long the state lasted, None while it does."""
        return self.until - self.change.at if self.until else None


def registrations_of(tenant: Tenant) -> QuerySet[Registration]:
    """Return a tenant's registrations, each with trunk, status and credential, passwords left out."""
    rows = Registration.objects.filter(tenant=tenant).select_related("trunk", "status", "credential")
    return rows.defer("credential__secret")


def known_of(registration: Registration) -> Known:
    """Return what is known of a registration that comes with trunk and status."""
    status = registration.status
    return Known(
        State(status.state),
        status.since,
        cause=status.cause,
        code=status.code,
        expires_at=status.expires_at,
        next_attempt_at=status.next_attempt_at,
        has_slot=status.has_slot,
        removing=status.removing,
        retry_after_s=status.retry_after_s,
        is_paused=registration.is_paused,
        trunk_is_enabled=registration.trunk.is_enabled,
    )


def card_of(registration: Registration) -> RegistrationCard:
    """Return what pages say of a registration that comes from `registrations_of`."""
    now = timezone.now()
    status, known = registration.status, known_of(registration)
    found = trouble(known, now)
    answer = attempt_line(status.code, status.cause)
    failed = found if status.cause else None
    detail = visible_detail(status.cause, status.detail).rstrip(".")
    return RegistrationCard(
        registration=registration,
        told=told(known, now),
        trouble=found,
        result=(detail or answer) if failed else "",
        message=_message(registration, answer) if failed and failed.who == "carrier" else "",
    )


def _message(registration: Registration, answer: str) -> str:
    return letter(
        registration.username,
        registration.registrar,
        cause=told_cause(registration.status.cause) or CAUSES["unexpected_answer"],
        answer=answer,
        sources=settings.SIP_SOURCE_ADDRESSES,
        since=registration.status.since,
    )


def attempts_of(registration: Registration) -> QuerySet[RegistrationAttempt]:
    """Return a registration's last attempts, the newest first."""
    return RegistrationAttempt.objects.filter(registration=registration).order_by("-at", "-id")


def attempt_rows(attempts: Iterable[RegistrationAttempt]) -> list[AttemptRow]:
    """Return attempts as pages show them."""
    return [
        AttemptRow(
            attempt=each,
            looks=HealthState.DOWN if each.cause else HealthState.UP,
            step=RegistrationStep(each.step).label,
            line=attempt_line(each.code, each.cause),
            detail=visible_detail(each.cause, each.detail).rstrip("."),
            target=visible_target(each.cause, each.target),
        )
        for each in attempts
    ]


def registration_changes_of(trunk: Trunk) -> QuerySet[RegistrationChange]:
    """Return how the state of a trunk's registration changed, the newest first."""
    return RegistrationChange.objects.filter(trunk=trunk).order_by("-at", "-id")


def changes_before(
    changes: QuerySet[RegistrationChange], place: tuple[datetime, uuid.UUID] | None
) -> QuerySet[RegistrationChange]:
    """Return the changes that are older than a place in the timeline; all of them for None."""
    if place is None:
        return changes
    at, change_id = place
    return changes.filter(Q(at__lt=at) | Q(at=at, id__lt=change_id))


def registration_change_rows(
    changes: QuerySet[RegistrationChange], *, limit: int
) -> list[RegistrationChangeRow]:
    """Return changes with how long each state lasted. One query."""
    later = RegistrationChange.objects.filter(trunk=OuterRef("trunk"), at__gt=OuterRef("at"))
    found = changes.annotate(until=Subquery(later.order_by("at").values("at")[:1]))[:limit]
    return [_change_row(each) for each in found]


def _change_row(change: Any) -> RegistrationChangeRow:
    state = State(change.to_state)
    return RegistrationChangeRow(
        change=change,
        looks=LOOKS[state],
        label=str(state.label),
        why=change_words(state, change.cause),
        until=change.until,
    )
