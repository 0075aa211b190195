"""What the coming end of a certificate means: an incident that opens once for each stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Case, F, Value, When
from django.utils import timezone

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import Recovery, Sighting, Subject, open_incidents, resolve_incidents
from tenants.audit import Actor
from tenants.context import platform_context
from trunks.enums import ExpiryStage
from trunks.models import ClientCertificate, Expiring, Gateway, TrustedAuthority

CERTIFICATE_EXPIRY = IncidentKind("certificate_expiry", "Certificate expires")
MONTH, WEEK = timedelta(days=30), timedelta(days=7)
AT_ONCE = 500
_ACTOR = Actor.system("certificate watch")
_GATEWAYS_NAMED = 3


def add_kinds() -> None:
    """Make the kinds of incidents that this module opens known."""
    add_kind(CERTIFICATE_EXPIRY)


def stage_of(not_after: datetime, now: datetime) -> ExpiryStage | None:
    """Return how near the end is, None while there is time."""
    left = not_after - now
    if left <= timedelta(0):
        return ExpiryStage.ENDED
    if left <= WEEK:
        return ExpiryStage.WEEK
    return ExpiryStage.MONTH if left <= MONTH else None


def watch_certificates(now: datetime) -> int:
    """Tell of every certificate that came to another stage since the last look; return how many.

    Each stage is told once, however often and in how many workers this runs: somebody who resolved the
    incident is not told again before the next.
    """
    told = 0
    for model in (TrustedAuthority, ClientCertificate):
        while rows := _tell_some(model, now):
            told += rows
    return told


def _tell_some(model: type[Expiring], now: datetime) -> int:
    with platform_context("watch certificates end"):
        stage = Case(
            When(not_after__lte=now, then=Value(ExpiryStage.ENDED.value)),
            When(not_after__lte=now + WEEK, then=Value(ExpiryStage.WEEK.value)),
            default=Value(ExpiryStage.MONTH.value),
        )
        rows = model._default_manager.filter(tenant__is_active=True, not_after__lte=now + MONTH)
        untold = rows.alias(stage=stage).exclude(expiry_told=F("stage")).order_by("pk")
        due = list(untold.select_for_update(of=("self",), skip_locked=True, no_key=True)[:AT_ONCE])
        tell_expiry(due, now)
        return len(due)


def tell_expiry(rows: Sequence[Expiring], now: datetime) -> None:
    """Open or renew the incidents of certificates that end soon, and note what was told."""
    ending = [(row, stage) for row in rows if (stage := stage_of(row.not_after, now)) is not None]
    if not ending:
        return
    users = _users_of(row for row, _stage in ending)
    sightings = [_sighting(row, stage, users.get(row.pk, [])) for row, stage in ending]
    open_incidents(actor=_ACTOR, sightings=sightings, now=now)
    for row, stage in ending:
        row.expiry_told = stage
        type(row)._default_manager.filter(pk=row.pk).update(expiry_told=stage)


def end_expiry(row: Expiring, note: str) -> None:
    """End the incident of a certificate that was replaced or deleted."""
    recovery = Recovery(row.tenant_id, _key(row), note)
    resolve_incidents(actor=_ACTOR, recoveries=[recovery], now=timezone.now())


def _key(row: Expiring) -> str:
    return f"certificate:{row.pk}:expiry"


def _users_of(rows: Iterable[Expiring]) -> dict[object, list[str]]:
    """Return the URIs of the gateways that use each certificate."""
    ids = [row.pk for row in rows]
    users: dict[object, list[str]] = {}
    for name in ("trusted_authority_id", "client_certificate_id"):
        used = Gateway.objects.filter(**{f"{name}__in": ids}).order_by("uri").values_list(name, "uri")
        for pk, uri in used:
            users.setdefault(pk, []).append(uri)
    return users


def _sighting(row: Expiring, stage: ExpiryStage, uris: list[str]) -> Sighting:
    urgent = bool(uris) and stage != ExpiryStage.MONTH
    verb = "expired" if stage == ExpiryStage.ENDED else "expires"
    what = f"{row._meta.verbose_name}"
    return Sighting(
        tenant_id=row.tenant_id,
        key=_key(row),
        kind=CERTIFICATE_EXPIRY.code,
        severity=Severity.CRITICAL if urgent else Severity.WARNING,
        subject=Subject(row._meta.model_name or "", row.pk, row.name),
        title=f"{what[:1].upper()}{what[1:]} “{row.name}” {verb} on {row.not_after:%d %B %Y}",
        detail=f"{_used_by(uris)} Replace it on its page; nothing else has to be changed.",
    )


def _used_by(uris: list[str]) -> str:
    if not uris:
        return "No gateway uses it."
    more = len(uris) - _GATEWAYS_NAMED
    named = ", ".join(uris[:_GATEWAYS_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"Used by {named}: TLS to the carrier fails once it has expired."
