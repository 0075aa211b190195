"""Calls that prove that a number is its owner's: the page shows a code, who answers types it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tenants.models import TenantOwned
from trunks.enums import VerificationState
from trunks.models.numbers import Lent, PhoneNumber

OPEN_VERIFICATIONS = (VerificationState.WAITING, VerificationState.CALLING)


class NumberVerification(Lent, TenantOwned):
    """A call to a number of the tenant's own. `called_at` is when one was placed, or may have been.

    `code` is what whoever answers has to type; it is gone when the call has ended.
    """

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="verifications")
    state = models.CharField(max_length=16, choices=VerificationState, default=VerificationState.WAITING)
    extension = models.CharField(max_length=8, blank=True, help_text="Dialled when somebody answers")
    code = models.CharField(max_length=12, blank=True)
    called_at = models.DateTimeField(null=True)
    actor_label = models.CharField(max_length=254, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "verification of a number"
        verbose_name_plural = "verifications of numbers"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["phone_number"],
                condition=Q(state__in=OPEN_VERIFICATIONS),
                name="number_verification_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_VERIFICATIONS, due_at__isnull=False, ended_at=None)
                | Q(
                    state__in=[VerificationState.DONE, VerificationState.FAILED],
                    due_at=None,
                    ended_at__isnull=False,
                ),
                name="number_verification_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state=VerificationState.CALLING, called_at__isnull=False) & ~Q(code="")
                | ~Q(state=VerificationState.CALLING) & Q(code=""),
                name="number_verification_code_while_calling",
            ),
            models.CheckConstraint(
                condition=Q(extension__regex="^[0-9]{0,8}$"), name="number_verification_extension_digits"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="number_verification_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"call to {self.phone_number}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN_VERIFICATIONS
