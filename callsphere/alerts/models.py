"""What went wrong, once for each trouble and not for each time it was noticed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from callsphere.alerts.enums import Resolution, Severity
from tenants.models import TenantOwned

LONGEST_KEY = 200
LONGEST_TITLE = 200
LONGEST_DETAIL = 500
LONGEST_NOTE = 250
LONGEST_LABEL = 254


class Incident(TenantOwned):
    """Something went wrong: seen first and last when, how often, and how it ended.

    `key` says what counts as the same trouble: a tenant has one open incident of a key, and each further
    sighting is counted there. The subject is known by kind, id and label alone: it may be gone by now.
    """

    kind = models.CharField(max_length=48)
    severity = models.CharField(max_length=16, choices=Severity)
    key = models.CharField(max_length=LONGEST_KEY)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=LONGEST_LABEL)
    title = models.CharField(max_length=LONGEST_TITLE)
    cause = models.CharField(max_length=48, blank=True, help_text="A code of callsphere.sip.causes")
    detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1, help_text="How often it was seen")
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=16, choices=Resolution, blank=True)
    resolved_by = models.CharField(max_length=LONGEST_LABEL, blank=True)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True, help_text="How it ended, in words")

    class Meta:
        ordering = ["-resolved_at", "-opened_at", "-id"]
        constraints = [
            # what makes two workers that see the same trouble at once count it in one row
            models.UniqueConstraint(
                fields=["tenant", "key"], condition=Q(resolved_at__isnull=True), name="incident_open_once"
            ),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="incident_severity_known"),
            models.CheckConstraint(condition=Q(count__gte=1), name="incident_seen"),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("opened_at")), name="incident_seen_since_opened"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolution="")
                | Q(
                    resolved_at__isnull=False,
                    resolved_at__gte=F("opened_at"),
                    resolution__in=Resolution.values,
                ),
                name="incident_resolved_whole",
            ),
        ]
        indexes = [
            # the page: open ones first (no end sorts before every end), then those that ended last
            models.Index(
                F("tenant"),
                F("resolved_at").desc(),
                F("opened_at").desc(),
                F("id").desc(),
                name="incident_open_first",
            ),
            # the API: the newest
            models.Index(F("tenant"), F("opened_at").desc(), F("id").desc(), name="incident_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.resolved_at is None
