"""Bindings that a registrar has taken for a claim that was no longer valid: kept, or taken away again.

Somebody paused, edited or deleted while the REGISTER was under way. The edit could not know of the binding,
so whoever brought the answer sees to it here.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from tenants.context import platform_context
from tenants.keys import seal_for
from trunks.bindings.outcomes import BindingOutcome
from trunks.models import (
    ClientCertificate,
    RegistrationFarewell,
    RegistrationStatus,
    TrustedAuthority,
)
from trunks.tls_profiles import Choice


@dataclass(frozen=True, slots=True)
class Gone:
    """A binding that a registrar was made to forget."""

    host: str
    username: str
    contact: str


def settle_late_bindings(lost: Iterable[BindingOutcome], now: datetime) -> None:
    """Settle what was accepted for claims that are no longer held. Waits for edits that are under way."""
    for outcome in lost:
        expires_at = outcome.standing.expires_at
        if outcome.result.cause or expires_at is None:
            continue
        with platform_context("settle a late binding"):
            if not _is_kept(outcome, expires_at, now):
                _take_away(outcome, expires_at, now)


def register_those_left(gone: Iterable[Gone], now: datetime) -> None:
    """Have registrations that shared a binding make it anew: it was taken away for another one of theirs.

    To a registrar two lines of one user with the same Contact are one, whoever they belong to.
    """
    shared = Q(pk=None)
    for each in gone:
        named = {"registration__host": each.host, "registration__username": each.username}
        shared |= Q(**named, contact=each.contact)
    with platform_context("register again what was taken away"):
        _register_anew(shared, now)


def register_after_check(trunk_ids: Collection[uuid.UUID], now: datetime) -> None:
    """Have trunks make their bindings anew after checks that registered. Call it in the platform's context.

    A registrar that keeps one binding of a user has put that of the check in the place of ours, and the check
    has taken it away.
    """
    _register_anew(Q(registration__trunk__in=trunk_ids), now)


def _register_anew(those: Q, now: datetime) -> None:
    bound = RegistrationStatus.objects.filter(those, next_attempt_at__isnull=False, removing=False)
    # Rows are locked in order, so that this and a claim never wait for each other.
    rows = bound.filter(expires_at__gt=now).select_for_update(no_key=True, of=("self",)).order_by("pk")
    RegistrationStatus.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
        next_attempt_at=now, has_slot=False, claim=F("claim") + 1
    )


def _is_kept(outcome: BindingOutcome, expires_at: datetime, now: datetime) -> bool:
    """Note the binding in the registration, if it still has the same identity on the wire.

    Without a Contact of its own the registration takes this one, and the claim is raised: another worker that
    registers it meanwhile may have another Contact, and comes here too.
    """
    status = (
        RegistrationStatus.objects.select_for_update(no_key=True, of=("self",))
        .select_related("registration__trunk")
        .filter(registration=outcome.claim.registration_id, call_id=outcome.identity.call_id)
        .first()
    )
    contact = outcome.identity.contact
    if status is None or status.contact not in ("", contact):
        return False
    registration = status.registration
    is_wanted = registration.trunk.is_enabled and not registration.is_paused
    if is_wanted and status.expires_at is not None and status.expires_at > now:
        return True
    is_first = not status.contact
    status.contact, status.expires_at = contact, expires_at
    status.granted_s, status.registered_at = outcome.standing.granted_s, outcome.standing.registered_at
    status.removing = not is_wanted
    if is_first or status.removing:
        status.next_attempt_at, status.has_slot = now, False
        status.claim += 1
    status.save()
    return True


def _take_away(outcome: BindingOutcome, expires_at: datetime, now: datetime) -> None:
    claim, identity = outcome.claim, outcome.identity
    farewell = RegistrationFarewell(
        tenant_id=claim.tenant_id,
        registrar=claim.registrar,
        username=claim.username,
        contact=identity.contact,
        call_id=identity.call_id,
        from_tag=identity.from_tag,
        cseq=identity.cseq,
        expires_at=expires_at,
        auth_username=claim.auth_username,
        realm=claim.realm,
    )
    if claim.password is not None:
        farewell.secret = seal_for(farewell, "secret", claim.password)
    if claim.tls_choice is not None:
        _choose_tls(farewell, claim.tls_choice)
    farewell.save()
    # A registration of the same user there may have the same Contact: it registers anew, after the farewell.
    RegistrationStatus.objects.filter(
        registration__tenant=claim.tenant_id,
        registration__registrar=claim.registrar,
        registration__username=claim.username,
        next_attempt_at__isnull=False,
    ).update(next_attempt_at=now, has_slot=False, claim=F("claim") + 1)


def _choose_tls(farewell: RegistrationFarewell, choice: Choice) -> None:
    """What was deleted since is left out: the registrar may then refuse us, and the binding runs out."""
    authority = TrustedAuthority.objects.filter(tenant=choice.tenant_id, pk=choice.authority_id)
    shown = ClientCertificate.objects.filter(tenant=choice.tenant_id, pk=choice.certificate_id)
    farewell.trusted_authority, farewell.client_certificate = authority.first(), shown.first()
