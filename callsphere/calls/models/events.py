"""What the provider told of calls."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from callsphere.calls.enums import EventKind
from tenants.models import Tenant, TenantOwned
from trunks.models import PhoneNumber, Trunk


class CallEvent(TenantOwned):
    """Something was told of a call: kept as it came, each thing once, and never changed.

    `call_sid` is the leg that it is about, `root_sid` the call that the leg belongs to. `sequence_number`
    counts what is told of one leg from 0; order of arrival says nothing. Requests for what
    to do with a call carry none: `subject` tells those apart that are about another leg or recording.
    `payload` has the fields that we know, personal ones among them: it is forgotten after
    `retention.EVENTS_KEPT`. The database tells `received_at`. A worker sets `applied_at`, and only that,
    when the call shows what was told.
    """

    created_at = None  # type: ignore[assignment]  # received_at says the same by the database's clock
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    phone_number = models.ForeignKey(
        PhoneNumber, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    trunk = models.ForeignKey(Trunk, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=EventKind)
    call_sid = models.CharField("leg", max_length=34)
    root_sid = models.CharField("call", max_length=34)
    subject = models.CharField(max_length=34, blank=True)
    sequence_number = models.PositiveIntegerField(null=True)
    call_status = models.CharField(max_length=20, blank=True)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "call_sid", "sequence_number"],
                condition=Q(sequence_number__isnull=False),
                name="call_event_sequence_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "call_sid", "kind", "call_status", "subject"],
                condition=Q(sequence_number=None),
                name="call_event_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="call_event_kind_known"),
            models.CheckConstraint(
                condition=Q(phone_number__isnull=False)
                | Q(trunk__isnull=False)
                | Q(kind=EventKind.LOOKED_UP),
                name="call_event_of_something",
            ),
        ]
        indexes = [
            # the API, newest first: of all, of a number, of a trunk
            models.Index(F("tenant"), F("received_at").desc(), F("id").desc(), name="call_event_newest"),
            models.Index(
                F("phone_number"),
                F("received_at").desc(),
                F("id").desc(),
                condition=Q(phone_number__isnull=False),
                name="call_event_of_number",
            ),
            models.Index(
                F("trunk"),
                F("received_at").desc(),
                F("id").desc(),
                condition=Q(trunk__isnull=False),
                name="call_event_of_trunk",
            ),
            # all that was told of one call
            models.Index(fields=["tenant", "root_sid"], name="call_event_of_call"),
            # what the calls do not show yet
            models.Index(fields=["received_at"], condition=Q(applied_at=None), name="call_event_waiting"),
            # what is old enough to be forgotten; rows lie in the order in which they came
            BrinIndex(fields=["received_at"], name="call_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.call_sid})"
