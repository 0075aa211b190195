"""Bindings that outlive what they were made for: taken away by the workers, or left to run out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.uri import parse_gateway_uri
from tenants.context import platform_context
from tenants.keys import reveal_all
from trunks.bindings.claims import CSEQ_SET_ASIDE, GIVEN_BACK_S, LEASE_S, Identity
from trunks.bindings.pace import Waiter, put_off
from trunks.bindings.registering import Result, removal_retry_s
from trunks.models import RegistrationFarewell
from trunks.tls_profiles import Choice, profiles_of

LONGEST_WAIT_S = 60.0
"""A farewell keeps the same user's registration waiting: one that has to wait longer is left out."""


@dataclass(frozen=True, slots=True)
class FarewellClaim:
    """A binding to be taken away, lent to this worker. What BindingClaim says of `password` holds here."""

    id: uuid.UUID
    number: int
    attempt: int
    registrar: str
    username: str
    identity: Identity
    auth_username: str
    realm: str
    password: str | None
    tls: TlsProfile | None

    def __repr__(self) -> str:
        return f"FarewellClaim({self.id}, {self.number})"


def claim_farewells(now: datetime, limit: int, *, rate: float) -> list[FarewellClaim]:
    """Lend what is due; what the carriers have forgotten by now is dropped.

    They keep to the pace of their registrar's host, `rate` times a second, with the refreshes there: those
    that may not be sent now wait for their time.
    """
    with platform_context("claim farewells"):
        RegistrationFarewell.objects.filter(expires_at__lte=now).delete()
        due = list(
            RegistrationFarewell.objects.filter(next_attempt_at__lte=now)
            .order_by("next_attempt_at")
            .select_for_update(skip_locked=True, no_key=True)[:limit]
        )
        rows = _within_pace(due, now, rate)
        RegistrationFarewell.objects.filter(pk__in=[row.pk for row in rows]).update(
            claim=F("claim") + 1,
            attempts=F("attempts") + 1,
            cseq=F("cseq") + CSEQ_SET_ASIDE,
            next_attempt_at=now + timedelta(seconds=LEASE_S),
            has_slot=False,  # taken up now: whoever claims after us, should we die, needs another
        )
        passwords = reveal_all(rows, "secret")
        choices = {
            row.pk: Choice(row.tenant_id, row.trusted_authority_id, row.client_certificate_id) for row in rows
        }
        profiles = profiles_of(choices.values())
    return [
        FarewellClaim(
            row.pk,
            row.claim + 1,
            row.attempts + 1,
            row.registrar,
            row.username,
            Identity(row.call_id, row.from_tag, row.contact, row.cseq),
            row.auth_username,
            row.realm,
            passwords.get(row.pk),
            profiles.get(choices[row.pk]),
        )
        for row in rows
    ]


def _within_pace(due: list[RegistrationFarewell], now: datetime, rate: float) -> list[RegistrationFarewell]:
    waiters = [
        Waiter(row.pk, parse_gateway_uri(row.registrar).host, row.has_slot, row.next_attempt_at)
        for row in due
    ]
    later = put_off(waiters, now, rate)
    waiting = [row for row in due if row.pk in later]
    for row in waiting:
        row.next_attempt_at, row.has_slot = later[row.pk], True
    RegistrationFarewell.objects.bulk_update(waiting, ["next_attempt_at", "has_slot"])
    return [row for row in due if row.pk not in later]


def give_farewells_back(claims: Sequence[FarewellClaim], now: datetime) -> None:
    """Have those that could not be said tried again soon: we lacked something, not the registrar."""
    with platform_context("give farewells back"):
        for claim in claims:
            RegistrationFarewell.objects.filter(pk=claim.id, claim=claim.number).update(
                next_attempt_at=now + timedelta(seconds=GIVEN_BACK_S), attempts=F("attempts") - 1
            )


def store_farewells(done: Sequence[tuple[FarewellClaim, Result]], now: datetime) -> None:
    """Drop those that are gone or were tried often enough; the others are tried again when they may be."""
    with platform_context("store farewells"):
        for claim, result in done:
            row = RegistrationFarewell.objects.filter(pk=claim.id, claim=claim.number)
            wait = removal_retry_s(result, claim.attempt, refusals=claim.attempt) if result.cause else None
            if wait is None or wait > LONGEST_WAIT_S:
                row.delete()
            else:
                row.update(next_attempt_at=now + timedelta(seconds=wait))
