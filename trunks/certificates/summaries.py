"""What pages show of certificates: rows ready to print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from tenants.models import Tenant
from trunks.certificates.expiry import stage_of
from trunks.enums import ExpiryStage
from trunks.models import ClientCertificate, Expiring, TrustedAuthority

_LOOKS = {ExpiryStage.MONTH: "warn", ExpiryStage.WEEK: "fail", ExpiryStage.ENDED: "fail"}


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in words. `look` is how its end looks, as the design system names looks."""

    row: Expiring
    look: str
    ends: str
    users: int

    @property
    def called(self) -> str:
        """Return the common name of its subject, where it has one."""
        parts = dict(part.split("=", 1) for part in self.row.subject.split(",") if "=" in part)
        return parts.get("CN") or self.row.subject

    @property
    def digits(self) -> str:
        """Return the fingerprint as people compare it: pairs of digits."""
        text = self.row.fingerprint.upper()
        return ":".join(text[at : at + 2] for at in range(0, len(text), 2))


def authorities_of(tenant: Tenant) -> QuerySet[TrustedAuthority]:
    """Return a tenant's authorities, with the number of gateways that use each."""
    return TrustedAuthority.objects.filter(tenant=tenant).annotate(user_count=Count("gateways"))


def client_certificates_of(tenant: Tenant) -> QuerySet[ClientCertificate]:
    """Return a tenant's client certificates without their keys, with the number of gateways that use each."""
    rows = ClientCertificate.objects.filter(tenant=tenant).defer("secret")
    return rows.annotate(user_count=Count("gateways"))


def certificate_rows(rows: Iterable[Expiring], now: datetime | None = None) -> list[CertificateRow]:
    """Return a line for each."""
    now = now or timezone.now()
    return [_row(row, now) for row in rows]


def _row(row: Expiring, now: datetime) -> CertificateRow:
    stage = stage_of(row.not_after, now)
    look = _LOOKS[stage] if stage else "pass"
    return CertificateRow(row, look, ends_in(row.not_after, now), getattr(row, "user_count", 0))


def ends_in(not_after: datetime, now: datetime) -> str:
    """Return in words how long it is until a certificate's end, or since."""
    left = not_after - now
    if left < timedelta(0):
        days = -left // timedelta(days=1)
        return f"Expired {_days(days)} ago" if days else "Expired today"
    days = left // timedelta(days=1)
    return f"Expires in {_days(days)}" if days else "Expires within a day"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
