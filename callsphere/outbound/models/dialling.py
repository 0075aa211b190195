"""What binds all calls that a tenant places: their pace, and whom not to call."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from callsphere.lib.e164 import WHOLE_E164
from tenants.models import Tenant, TenantOwned

LONGEST_REASON = 200


class Dialler(TenantOwned):
    """When a tenant's next call may be placed. Whoever claims a tenant's calls locks this row first.

    The provider takes one call a second of an account, and refuses for a while what is too much: `free_at` is
    put off by both. `refused` counts refusals in a row.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="+", editable=False)
    free_at = models.DateTimeField(db_default=Now())
    refused = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["free_at"], name="dialler_free")]

    def __str__(self) -> str:
        return f"dialler, free at {self.free_at:%H:%M:%S} UTC"


class DoNotCall(TenantOwned):
    """A number (E.164) that the tenant must not call. `reason` says where that comes from, for people."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    number = models.CharField(max_length=16)
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    added_by = models.CharField(max_length=254, blank=True)

    class Meta:
        verbose_name = "number not to call"
        verbose_name_plural = "numbers not to call"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                name="do_not_call_once",
                violation_error_message="This number is on the list already.",
            ),
            models.CheckConstraint(condition=Q(number__regex=WHOLE_E164), name="do_not_call_e164"),
        ]
        indexes = [
            models.Index(F("tenant"), F("created_at").desc(), F("id").desc(), name="do_not_call_newest")
        ]

    def __str__(self) -> str:
        return self.number
