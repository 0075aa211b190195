"""Affiliates, whom they brought, and a double-entry ledger of what they are owed.

Amounts are integers in minor units of their currency. An entry above zero is a credit. Nothing of the ledger
ever changes: the database lets nobody update or delete it, and takes entries only when they balance.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.enums import Account, Booking, TouchSource
from callsphere.lib.ids import uuid7
from tenants.models import ProgramKey

CURRENT_RATE = 2_200
"""What an affiliate earns of a payment, in hundredths of a percent."""
LONGEST_REASON = 254
OF_COMMISSIONS = (Booking.EARNED, Booking.RELEASED, Booking.CLAWED_BACK)


class Affiliate(models.Model):
    """A person who brings customers. Their row is locked while something of theirs is booked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(
        max_length=32,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]{2,31}$", "Use 3 to 32 of a-z, 0-9, -.")],
    )
    rate = models.PositiveIntegerField(
        default=CURRENT_RATE, help_text="For customers yet to come, in hundredths of a percent"
    )
    is_active = models.BooleanField(default=True, help_text="Whether links and codes bring new customers")
    terms_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When they took the terms by themselves; support enrolled the others",
    )
    last_number = models.PositiveBigIntegerField(default=0, help_text="Of what was booked")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="affiliate_code_once"),
            models.CheckConstraint(condition=Q(rate__lte=10_000), name="affiliate_rate_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.code


class AffiliateKey(ProgramKey):
    """A key with which a program reads an affiliate's figures: `cs_aff_…`. It reaches nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="+", editable=False)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "affiliate's key"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} (cs_aff_{self.public_id}_…)"


class ClickSalt(models.Model):
    """A day's random salt. It is forgotten with the next day: then nobody can tell who a click was."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()

    def __str__(self) -> str:
        return str(self.day)


class ReferralClick(models.Model):
    """That somebody followed a link, counted once a day for each visitor. No address is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    visitor = models.CharField(max_length=32, help_text="Hash with the day's salt")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "day", "visitor"], name="click_visitor_once"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class ReferralTouch(models.Model):
    """That a person who signed up had come through an affiliate: the first time counts, and stays."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=TouchSource)
    rate = models.PositiveIntegerField(help_text="What was promised then, in hundredths of a percent")
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(source__in=TouchSource.values), name="touch_source_known"),
            models.CheckConstraint(condition=Q(rate__lte=10_000), name="touch_rate_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.get_source_display()


class Referral(models.Model):
    """That a tenant came through an affiliate, at the share that was promised then.

    Whoever makes a tenant adds its referral with it; then only support ends one. What is paid from
    `ended_at` on earns nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.OneToOneField("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="referrals")
    rate = models.PositiveIntegerField(help_text="In hundredths of a percent")
    touched_at = models.DateTimeField()
    trial_at = models.DateTimeField(null=True, help_text="When the customer first had a plan")
    converted_at = models.DateTimeField(null=True, help_text="When the customer first paid")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__lte=10_000), name="referral_rate_is_a_share"),
            models.CheckConstraint(
                condition=Q(ended_at=None, end_reason="") | Q(ended_at__isnull=False) & ~Q(end_reason=""),
                name="referral_end_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-created_at", "-id"], name="referral_newest")]

    def __str__(self) -> str:
        return f"{self.customer_id} by {self.affiliate_id}"


class Commission(models.Model):
    """What an affiliate has of one invoice. `amount` repeats the ledger, for lists; the ledger decides."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="commissions")
    invoice = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(default=0)
    release_at = models.DateTimeField(help_text="Held until then")
    released_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="commission_not_negative"),
        ]
        indexes = [
            # what is released next
            models.Index(fields=["release_at"], condition=Q(released_at=None), name="commission_held"),
        ]

    def __str__(self) -> str:
        return f"commission on {self.invoice_id}"


class Payout(models.Model):
    """A batch of what was paid out together, in one currency. It never changes once it is there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    currency = models.CharField(max_length=3)
    minimum = models.PositiveBigIntegerField(help_text="Smaller balances were carried forward")
    actor_label = models.CharField(max_length=254)
    reason = models.CharField(max_length=LONGEST_REASON)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="payout_has_reason"),
            models.CheckConstraint(condition=Q(minimum__gt=0), name="payout_minimum_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.currency.upper()}"


class LedgerTransaction(models.Model):
    """Something that was booked for an affiliate, in one currency. `number` counts on without a gap."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=16, choices=Booking)
    currency = models.CharField(max_length=3)
    commission = models.ForeignKey(Commission, null=True, on_delete=models.PROTECT, related_name="+")
    payout = models.ForeignKey(Payout, null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=254)
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    booked_at = models.DateTimeField()

    class Meta:
        ordering = ["affiliate", "-number"]
        constraints = [
            # two that book at once without the lock do not both get in
            models.UniqueConstraint(fields=["affiliate", "number"], name="ledger_number_once"),
            models.UniqueConstraint(
                fields=["commission"], condition=Q(kind=Booking.RELEASED), name="ledger_released_once"
            ),
            models.UniqueConstraint(
                fields=["payout", "affiliate"], condition=Q(payout__isnull=False), name="ledger_paid_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=Booking.values), name="ledger_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=OF_COMMISSIONS, commission__isnull=False, payout=None)
                | Q(kind=Booking.PAID_OUT, commission=None, payout__isnull=False)
                | Q(kind=Booking.ADJUSTED, commission=None, payout=None) & ~Q(reason=""),
                name="ledger_says_what_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class LedgerEntry(models.Model):
    """What a transaction adds to one account: a credit above zero, a debit below."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(max_length=16, choices=Account)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["transaction", "account"], name="ledger_account_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_is_something"),
            models.CheckConstraint(condition=Q(account__in=Account.values), name="ledger_account_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_account_display()} {self.amount}"
