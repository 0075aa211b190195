"""Where help is to be sent when somebody calls an emergency number from a bought number."""

from __future__ import annotations

from django.db import models

from tenants.models import TenantOwned
from trunks.models.numbers import Lent, PhoneNumber


class EmergencyAddress(Lent, TenantOwned):
    """The address that is, or is to be, registered for a number, in the number's country.

    `due_at` is set until the provider has taken or refused it; `error` says why it refused.
    """

    phone_number = models.OneToOneField(
        PhoneNumber, on_delete=models.CASCADE, related_name="emergency_address"
    )
    customer_name = models.CharField(max_length=100, help_text="Who is found there")
    street = models.CharField(max_length=100)
    street_more = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100)
    postal_code = models.CharField(max_length=20)
    provider_sid = models.CharField(max_length=34, blank=True)

    class Meta:
        verbose_name = "emergency address"
        verbose_name_plural = "emergency addresses"
        indexes = [
            models.Index(
                fields=["due_at"], name="emergency_address_due", condition=models.Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"emergency address of {self.phone_number}"
