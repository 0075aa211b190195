"""Phone numbers, what is to be done to them at the provider, and the account that holds them there."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from callsphere.lib.e164 import WHOLE_E164
from tenants.fields import EncryptedTextField
from tenants.models import TenantOwned, VersionedOwned
from trunks.enums import (
    AccountStatus,
    Attestation,
    BusinessState,
    JobState,
    NumberJobKind,
    NumberKind,
    NumberSource,
    NumberState,
    PaperState,
    Verification,
)
from trunks.models.trunks import Trunk

LONGEST_ERROR = 500
LONGEST_LABEL = 64
OVER_STATES = (NumberState.FAILED, NumberState.RELEASED)
OPEN_JOBS = (JobState.WAITING, JobState.UNDOING)


class Lent(models.Model):
    """Work at the provider, done outside any transaction: lent to one worker until `due_at`.

    Each claim raises `claim`; whoever stores names the number that it was lent with, so that a worker which
    stalled beyond its lease changes nothing. Times are the database's.
    """

    due_at = models.DateTimeField(
        "next attempt", null=True, help_text="While one is under way: when its lease ends"
    )
    claim = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=LONGEST_ERROR, blank=True)
    error_code = models.CharField(max_length=48, blank=True)

    class Meta:
        abstract = True


class ProviderAccount(Lent, TenantOwned):
    """A tenant's subaccount at the provider. `status` is what it is, `wanted` what it should be.

    The token makes its keys and signs its callbacks; the key opens everything else. Both are sealed. A closed
    account is gone for ever: its row forgets it, and another one is made when one is wanted again.
    """

    sid = models.CharField(max_length=34, blank=True)
    auth_token = EncryptedTextField(blank=True, default="")
    key_sid = models.CharField(max_length=34, blank=True)
    key_secret = EncryptedTextField(blank=True, default="")
    status = models.CharField(max_length=16, choices=AccountStatus, default=AccountStatus.CLOSED)
    wanted = models.CharField(max_length=16, choices=AccountStatus, default=AccountStatus.ACTIVE)
    held_until = models.DateTimeField(
        null=True, help_text="Until when a worker has its trunks to itself: one at a time asks for them"
    )
    # Whom the provider knows the customer to be
    business_state = models.CharField(
        max_length=16, choices=BusinessState, default=BusinessState.UNKNOWN, editable=False
    )
    business_error = models.CharField(max_length=LONGEST_ERROR, blank=True, editable=False)
    calls_at_once = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text="Null: no limit that is known"
    )
    business_read_at = models.DateTimeField(null=True, editable=False)
    business_due_at = models.DateTimeField(
        null=True, editable=False, help_text="When it is read next; while it is read, when that lease ends"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="provider_account_once"),
            models.UniqueConstraint(
                fields=["sid"], condition=~Q(sid=""), name="provider_account_of_one_tenant"
            ),
            models.CheckConstraint(
                condition=Q(status__in=AccountStatus.values, wanted__in=AccountStatus.values),
                name="provider_account_states_known",
            ),
            models.CheckConstraint(
                condition=Q(sid="", auth_token="", key_sid="", status=AccountStatus.CLOSED)
                | ~Q(sid="") & ~Q(auth_token=""),
                name="provider_account_whole",
            ),
            models.CheckConstraint(
                condition=Q(key_sid="", key_secret="") | ~Q(key_sid="") & ~Q(key_secret=""),
                name="provider_account_key_whole",
            ),
            models.CheckConstraint(
                condition=Q(business_state__in=BusinessState.values),
                name="provider_account_business_known",
            ),
            models.CheckConstraint(
                condition=~Q(key_sid="") | Q(business_due_at=None), name="provider_account_business_readable"
            ),
            # what differs from what is wanted is looked at until it does not
            models.CheckConstraint(
                condition=Q(status=F("wanted")) | Q(due_at__isnull=False),
                name="provider_account_followed",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="provider_account_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["business_due_at"],
                name="provider_account_business_due",
                condition=Q(business_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.sid or "account to be made"

    @property
    def is_ready(self) -> bool:
        """Whether numbers can be bought with it now."""
        return self.status == AccountStatus.ACTIVE == self.wanted and bool(self.key_sid)


class PhoneNumber(VersionedOwned):
    """A phone number (E.164): bought for the tenant, or its own on one of its trunks.

    Own numbers belong to the trunk they ride on and go with it. `attestation` is what calls are expected to
    be signed with, empty where a carrier of the tenant's decides that.
    """

    number = models.CharField(max_length=16)
    label = models.CharField(max_length=LONGEST_LABEL, blank=True)
    source = models.CharField(max_length=16, choices=NumberSource)
    state = models.CharField(max_length=16, choices=NumberState, editable=False)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code; empty for no country's")
    kind = models.CharField(max_length=16, choices=NumberKind, blank=True)
    trunk = models.ForeignKey(
        Trunk, null=True, blank=True, on_delete=models.CASCADE, related_name="phone_numbers"
    )
    verified_by = models.CharField(max_length=16, choices=Verification, blank=True, editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    # What the provider has
    provider_sid = models.CharField(max_length=34, blank=True, editable=False)
    address_sid = models.CharField(max_length=34, blank=True, help_text="The address it is bought with")
    bundle_sid = models.CharField(max_length=34, blank=True, help_text="The papers it is bought with")
    has_voice = models.BooleanField(default=True, editable=False)
    has_sms = models.BooleanField(default=False, editable=False)
    has_mms = models.BooleanField(default=False, editable=False)
    attestation = models.CharField(max_length=1, choices=Attestation, blank=True, editable=False)
    emergency_state = models.CharField(
        max_length=16, choices=PaperState, default=PaperState.NONE, editable=False
    )
    messaging_state = models.CharField(
        max_length=16, choices=PaperState, default=PaperState.NONE, editable=False
    )
    messaging_detail = models.CharField(max_length=LONGEST_ERROR, blank=True, editable=False)
    active_at = models.DateTimeField(null=True, editable=False)
    over_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=LONGEST_ERROR, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"],
                condition=~Q(state__in=OVER_STATES),
                name="phone_number_once",
                violation_error_message="You have this number.",
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(state=NumberState.ACTIVE),
                name="phone_number_of_one_tenant",
                violation_error_message="Another organisation has this number. Ask support.",
            ),
            models.CheckConstraint(condition=Q(number__regex=WHOLE_E164), name="phone_number_e164"),
            models.CheckConstraint(
                condition=Q(country__regex="^([A-Z]{2})?$"), name="phone_number_country_letters"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["", *NumberKind.values]), name="phone_number_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(source=NumberSource.BOUGHT, trunk=None, verified_by="", verified_at=None)
                | Q(source=NumberSource.OWN, trunk__isnull=False, provider_sid="", attestation=""),
                name="phone_number_source_whole",
            ),
            models.CheckConstraint(
                condition=Q(source=NumberSource.BOUGHT)
                & Q(
                    state__in=[
                        NumberState.ORDERED,
                        NumberState.ACTIVE,
                        NumberState.RELEASING,
                        *OVER_STATES,
                    ]
                )
                | Q(source=NumberSource.OWN)
                & Q(state__in=[NumberState.UNVERIFIED, NumberState.ACTIVE, NumberState.RELEASED]),
                name="phone_number_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER_STATES, over_at__isnull=False)
                | ~Q(state__in=OVER_STATES) & Q(over_at=None),
                name="phone_number_over_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state=NumberState.ACTIVE)
                | Q(active_at__isnull=False) & (~Q(provider_sid="") | Q(verified_at__isnull=False)),
                name="phone_number_active_whole",
            ),
            models.CheckConstraint(
                condition=Q(verified_by="", verified_at=None)
                | Q(verified_by__in=Verification.values, verified_at__isnull=False),
                name="phone_number_verified_whole",
            ),
            models.CheckConstraint(
                condition=Q(attestation__in=["", *Attestation.values]), name="phone_number_attestation_known"
            ),
            models.CheckConstraint(
                condition=Q(emergency_state__in=PaperState.values, messaging_state__in=PaperState.values),
                name="phone_number_papers_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_over(self) -> bool:
        """Whether nobody has it any more."""
        return self.state in OVER_STATES


class NumberJob(Lent, TenantOwned):
    """A number to buy or to release at the provider: a saga, whose row says how it goes on after a crash.

    `undoing` gives back what was bought so far. `unsure_at` is when an answer about the purchase was lost
    last: until some time after that the number may still appear, and is looked for.
    """

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=16, choices=NumberJobKind)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    unsure_at = models.DateTimeField(null=True)
    actor_label = models.CharField(max_length=254, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["phone_number"], condition=Q(state__in=OPEN_JOBS), name="number_job_one_open"
            ),
            models.CheckConstraint(condition=Q(kind__in=NumberJobKind.values), name="number_job_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_JOBS, due_at__isnull=False, ended_at=None)
                | Q(state__in=[JobState.DONE, JobState.FAILED], due_at=None, ended_at__isnull=False),
                name="number_job_due_while_open",
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.UNDOING) | Q(kind=NumberJobKind.BUY),
                name="number_job_undoes_purchases",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="number_job_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.phone_number}"


class NumberSearch(Lent, TenantOwned):
    """Something that was asked for among the numbers for sale, and what a worker found.

    `found` has one object for each number, `regulations` what the law asks a business for: both as the API
    shows them. Forgotten after a day: numbers are sold meanwhile.
    """

    country = models.CharField(max_length=2, help_text="ISO 3166 code")
    kind = models.CharField(max_length=16, choices=NumberKind, default=NumberKind.LOCAL)
    area_code = models.CharField(max_length=3, blank=True, help_text="In the US and Canada")
    contains = models.CharField(max_length=16, blank=True, help_text="Digits, letters and * for any digit")
    needs_voice = models.BooleanField(default=True)
    needs_sms = models.BooleanField(default=False)
    needs_mms = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    found = models.JSONField(default=list)
    regulations = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "search for numbers"
        verbose_name_plural = "searches for numbers"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(country__regex="^[A-Z]{2}$"), name="number_search_country_letters"
            ),
            models.CheckConstraint(condition=Q(kind__in=NumberKind.values), name="number_search_kind_known"),
            models.CheckConstraint(
                condition=Q(area_code__regex="^([2-9][0-9]{2})?$"), name="number_search_area_code_digits"
            ),
            models.CheckConstraint(
                condition=Q(contains__regex=r"^([0-9A-Za-z*]{2,16})?$"), name="number_search_contains_digits"
            ),
            models.CheckConstraint(
                condition=Q(area_code="") | Q(country__in=["US", "CA"]),
                name="number_search_area_code_in_america",
                violation_error_message="Only numbers of the US and Canada are searched by area code.",
            ),
            models.CheckConstraint(
                condition=Q(state=JobState.WAITING, due_at__isnull=False, ended_at=None)
                | Q(state__in=[JobState.DONE, JobState.FAILED], due_at=None, ended_at__isnull=False),
                name="number_search_due_while_open",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="number_search_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["ended_at"], name="number_search_over", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.get_kind_display().lower()} {self.area_code or self.contains}".strip()
