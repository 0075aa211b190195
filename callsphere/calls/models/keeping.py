"""How long a tenant's calls are kept."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from tenants.models import Tenant, VersionedOwned

LONGEST_KEPT_DAYS = 1_095
SHORTEST_CALLS_KEPT_DAYS = 30
CALLS_KEPT_DAYS, TRANSCRIPTS_KEPT_DAYS = 365, 90
"""Unless the tenant says otherwise."""


class CallRetention(VersionedOwned):
    """What a tenant says; without a row the defaults hold. Days count from when a call began.

    Transcripts go with notes, with what tools were asked and told, with messages that agents took, with how
    voice messages sounded, and with the words of text messages and callbacks. They never outlast their call.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="+", editable=False)
    calls_kept_days = models.PositiveSmallIntegerField(
        "days that calls are kept",
        default=CALLS_KEPT_DAYS,
        validators=[MinValueValidator(SHORTEST_CALLS_KEPT_DAYS), MaxValueValidator(LONGEST_KEPT_DAYS)],
    )
    transcripts_kept_days = models.PositiveSmallIntegerField(
        "days that transcripts are kept",
        default=TRANSCRIPTS_KEPT_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_KEPT_DAYS)],
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    calls_kept_days__range=(SHORTEST_CALLS_KEPT_DAYS, LONGEST_KEPT_DAYS),
                    transcripts_kept_days__range=(1, LONGEST_KEPT_DAYS),
                ),
                name="call_retention_days_within",
            )
        ]

    def __str__(self) -> str:
        return (
            f"of calls for {self.calls_kept_days} days, of transcripts for {self.transcripts_kept_days} days"
        )
