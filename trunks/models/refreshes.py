"""When a tenant's bought numbers are looked at again at the provider."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tenants.models import TenantOwned
from trunks.models.numbers import Lent


class NumberRefresh(Lent, TenantOwned):
    """Reads what others decide of a tenant's bought numbers: signatures, emergency addresses, messages.

    One row for each tenant, due once a day; never while it has no number. `looked_at` is when all was read.
    """

    looked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "look at numbers"
        verbose_name_plural = "looks at numbers"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="number_refresh_once")]
        indexes = [
            models.Index(fields=["due_at"], name="number_refresh_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return "look at numbers"
