"""Plans, what tenants bought of them, their invoices; and what is asked and heard of Stripe."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.affiliates.models import Affiliate as Affiliate  # the app's models are found from here
from billing.affiliates.models import AffiliateKey as AffiliateKey
from billing.affiliates.models import ClickSalt as ClickSalt
from billing.affiliates.models import Commission as Commission
from billing.affiliates.models import LedgerEntry as LedgerEntry
from billing.affiliates.models import LedgerTransaction as LedgerTransaction
from billing.affiliates.models import Payout as Payout
from billing.affiliates.models import Referral as Referral
from billing.affiliates.models import ReferralClick as ReferralClick
from billing.affiliates.models import ReferralTouch as ReferralTouch
from billing.enums import (
    CUSTOMER_KINDS,
    LIVING,
    InvoiceStatus,
    NoticeKind,
    RequestKind,
    Stage,
    Status,
    WorkState,
)
from callsphere.lib.ids import uuid7
from tenants.fields import EncryptedTextField
from tenants.models import TenantOwned

LONGEST_ERROR = 300
LIMIT_FIELDS = (
    "number_limit",
    "trunk_limit",
    "member_limit",
    "api_key_limit",
    "api_requests_per_minute",
    "concurrent_call_limit",
)
"""What a plan allows, by the name that a tenant's column has too."""


class Plan(models.Model):
    """What can be bought. A version never changes (the database sees to it): subscribers keep theirs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(
        max_length=32, validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use a-z, 0-9, _.")]
    )
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=64)
    price = models.PositiveIntegerField(help_text="A month, in minor units: cents")
    currency = models.CharField(max_length=3, default="usd")
    trial_days = models.PositiveSmallIntegerField(default=14)
    number_limit = models.PositiveIntegerField()
    trunk_limit = models.PositiveIntegerField()
    member_limit = models.PositiveIntegerField()
    api_key_limit = models.PositiveIntegerField()
    api_requests_per_minute = models.PositiveIntegerField()
    concurrent_call_limit = models.PositiveIntegerField()
    is_offered = models.BooleanField(default=True, help_text="Whether somebody may choose it now")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["price", "version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="plan_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(is_offered=True), name="plan_offered_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lookup_key(self) -> str:
        """The name of this version's price at Stripe."""
        return f"callsphere_{self.code}_v{self.version}"

    @property
    def limits(self) -> dict[str, int]:
        """What the plan allows, by the tenant's columns."""
        return {name: getattr(self, name) for name in LIMIT_FIELDS}


class PlanWish(models.Model):
    """Which plan a person pressed before they signed up. It is shown first where they choose one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    plan_code = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.plan_code


class Subscription(TenantOwned):
    """What a tenant bought, as Stripe said when it was last asked, and how far a missing payment has got.

    There is one row for each tenant that ever looked for a plan. Support may give a plan (`comped_plan`)
    beside it. `fetch_number` is raised by whoever goes to ask Stripe: an answer that was asked for earlier
    than another is not stored after it.
    """

    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    next_plan = models.ForeignKey(
        Plan, null=True, on_delete=models.PROTECT, related_name="+", help_text="From the next period on"
    )
    comped_plan = models.ForeignKey(
        Plan, null=True, on_delete=models.PROTECT, related_name="+", help_text="Given by support"
    )
    comped_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=24, choices=Status, default=Status.NONE)
    customer = models.CharField(max_length=64, blank=True)
    stripe_id = models.CharField("id at Stripe", max_length=64, blank=True)
    doubled = models.CharField(
        "second one at Stripe",
        max_length=255,
        blank=True,
        help_text="Another that is charged too, and could not be ended by itself. Support ends it at Stripe",
    )
    card = models.CharField(max_length=64, blank=True)
    had_trial = models.BooleanField(default=False)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.FINE)
    grace_until = models.DateTimeField(null=True, help_text="Read-only from then on")
    release_at = models.DateTimeField(null=True, help_text="Numbers are held until then")
    look_at = models.DateTimeField(null=True, help_text="When something changes by itself")
    entitled = models.JSONField(default=dict, help_text="What was last written to the tenant's columns")
    fetch_number = models.PositiveBigIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="subscription_one"),
            # a customer's events lead to one tenant
            models.UniqueConstraint(
                fields=["customer"], condition=~Q(customer=""), name="subscription_customer_once"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="subscription_status_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="subscription_stage_known"),
            models.CheckConstraint(
                condition=~Q(status__in=LIVING) | Q(plan__isnull=False) & ~Q(stripe_id=""),
                name="subscription_living_has_plan",
            ),
        ]
        indexes = [
            # what changes by itself
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="subscription_look"),
        ]

    def __str__(self) -> str:
        return f"{self.plan or 'no plan'} ({self.get_status_display()})"

    @property
    def is_chosen(self) -> bool:
        """Whether a plan was ever chosen, or given."""
        return self.status != Status.NONE or self.comped_plan_id is not None

    @property
    def is_living(self) -> bool:
        """Whether it goes on, paid or not."""
        return self.status in LIVING


class Invoice(TenantOwned):
    """An invoice, with amounts in minor units of its currency. `net` is without tax."""

    stripe_id = models.CharField("id at Stripe", max_length=64)
    number = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=InvoiceStatus)
    reason = models.CharField(max_length=48, blank=True)
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    due = models.BigIntegerField()
    paid = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0, help_text="Given back of what was paid, tax included")
    disputed = models.BigIntegerField(default=0, help_text="Taken back by the bank for now, tax included")
    commission_due = models.BooleanField(
        default=True, help_text="Amounts changed since an affiliate's share was last worked out"
    )
    page_url = models.CharField(max_length=2000, blank=True)
    pdf_url = models.CharField(max_length=2000, blank=True)
    issued_at = models.DateTimeField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "stripe_id"], name="invoice_once"),
            models.CheckConstraint(
                condition=Q(total=models.F("net") + models.F("tax")), name="invoice_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=models.F("paid")), name="invoice_refund_was_paid"
            ),
            models.CheckConstraint(condition=Q(disputed__gte=0), name="invoice_dispute_not_negative"),
            models.CheckConstraint(condition=Q(status__in=InvoiceStatus.values), name="invoice_status_known"),
        ]
        indexes = [
            # what affiliates' shares follow
            models.Index(fields=["id"], condition=Q(commission_due=True), name="invoice_commission_due"),
            # the page and the API, newest first
            models.Index(fields=["tenant", "-issued_at", "-id"], name="invoice_newest"),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class Work(models.Model):
    """Something to do outside any transaction: claimed with a lease, finished with the claim's number."""

    state = models.CharField(max_length=16, choices=WorkState, default=WorkState.WAITING)
    due_at = models.DateTimeField(
        "next attempt",
        null=True,
        default=timezone.now,
        help_text="While one is under way: when its lease ends",
    )
    claim = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=LONGEST_ERROR, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class BillingRequest(Work, TenantOwned):
    """Something that somebody asked for and that only Stripe can do: a worker does it within seconds.

    `url` is where the person goes on, a page of Stripe's that lets its holder in: it is sealed.
    """

    kind = models.CharField(max_length=16, choices=RequestKind)
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    moment = models.DateTimeField(null=True)
    return_path = models.CharField(max_length=500, blank=True)
    url = EncryptedTextField(blank=True, default="")
    error_code = models.CharField(max_length=48, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            # people press twice; two changes at once would undo each other
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(state=WorkState.WAITING, kind__in=CUSTOMER_KINDS),
                name="billing_request_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(state=WorkState.WAITING, due_at__isnull=False, ended_at=None)
                | Q(due_at=None, ended_at__isnull=False) & ~Q(state=WorkState.WAITING),
                name="billing_request_due_while_waiting",
            ),
        ]
        indexes = [
            # what workers claim
            models.Index(fields=["due_at"], condition=Q(state=WorkState.WAITING), name="billing_request_due"),
            models.Index(fields=["tenant", "-created_at", "-id"], name="billing_request_newest"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class StripeEvent(Work):
    """That Stripe said something happened: stored before it is answered, processed afterwards.

    Kept are the ids alone: what is so now is asked again, and customers' data stay at Stripe.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    customer = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    charge = models.CharField(max_length=255, blank=True, help_text="Of a refund or dispute")
    api_version = models.CharField(max_length=40, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "event of Stripe's"
        verbose_name_plural = "events of Stripe's"
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="stripe_event_once"),
            models.CheckConstraint(
                condition=Q(state=WorkState.WAITING, due_at__isnull=False, ended_at=None)
                | Q(due_at=None, ended_at__isnull=False) & ~Q(state=WorkState.WAITING),
                name="stripe_event_due_while_waiting",
            ),
        ]
        indexes = [
            # what workers claim
            models.Index(fields=["due_at"], condition=Q(state=WorkState.WAITING), name="stripe_event_due"),
            models.Index(fields=["-received_at", "-id"], name="stripe_event_newest"),
        ]

    def __str__(self) -> str:
        return self.kind


class Notice(TenantOwned):
    """A mail that announced something, so that nothing is announced twice. `about` says which time it was."""

    kind = models.CharField(max_length=24, choices=NoticeKind)
    about = models.CharField(max_length=64)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "about"], name="notice_once"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
