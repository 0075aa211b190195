"""What a trunk is at Twilio: what is wanted, what was seen last, and what is to be done about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tenants.models import TenantOwned, VersionedOwned
from trunks.enums import ProvisionKind, ProvisionState, ProvisionTask, TransferMode
from trunks.models.numbers import Lent, PhoneNumber, ProviderAccount
from trunks.models.trunks import Trunk

LONGEST_LABEL = 40


class TrunkProvision(Lent, VersionedOwned):
    """A trunk at Twilio. Its id is the trunk's, which it outlives until nothing of it is left there.

    Most of what is wanted is the trunk's own; the settings here are what Twilio alone knows. `plan` holds the
    differences that were found last (`trunks.provisioning.differences.Difference`), `notes` what cannot be
    said to Twilio; `plan_fingerprint` names them, so that whoever applies names what was looked at.
    """

    trunk = models.OneToOneField(
        Trunk, null=True, on_delete=models.SET_NULL, related_name="provision", editable=False
    )
    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+", editable=False)
    kind = models.CharField(max_length=16, choices=ProvisionKind)
    domain_label = models.CharField(
        "domain name",
        max_length=LONGEST_LABEL,
        blank=True,
        help_text="The first part of the domain at Twilio; empty: one is made up of your organisation's name",
    )
    secure = models.BooleanField("TLS with SRTP alone", default=False)
    transfer_mode = models.CharField(max_length=16, choices=TransferMode, default=TransferMode.NONE)
    auto_apply = models.BooleanField(
        "apply edits by themselves",
        default=False,
        help_text="Edits of the trunk are put to Twilio at once, unless something was changed there",
    )
    # What the workers know
    domain_name = models.CharField(max_length=80, blank=True, editable=False)
    state = models.CharField(
        max_length=16, choices=ProvisionState, default=ProvisionState.NEW, editable=False
    )
    task = models.CharField(max_length=16, choices=ProvisionTask, default=ProvisionTask.LOOK, editable=False)
    is_awaited = models.BooleanField(default=True, editable=False, help_text="Somebody waits for it")
    is_set_up = models.BooleanField(default=False, editable=False, help_text="A plan was applied as a whole")
    plan = models.JSONField(default=list, editable=False)
    notes = models.JSONField(default=list, editable=False)
    plan_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    chosen_keys = models.JSONField(
        default=list, editable=False, help_text="Which differences are applied; none named: all"
    )
    requested_at = models.DateTimeField(null=True, editable=False)
    begun_fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of what was wanted when applying began"
    )
    put_fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of what was wanted when all was put last"
    )
    put_passwords = models.JSONField(
        default=dict, editable=False, help_text="A keyed hash of each password that was put there"
    )
    sids = models.JSONField(default=dict, editable=False, help_text="What is ours there, by part")
    unsure_at = models.DateTimeField(
        null=True, editable=False, help_text="When something was written last whose end nobody knows"
    )
    observed_at = models.DateTimeField(null=True, editable=False)
    applied_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "set-up at Twilio"
        verbose_name_plural = "set-ups at Twilio"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ProvisionKind.values, transfer_mode__in=TransferMode.values),
                name="trunk_provision_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ProvisionState.values, task__in=ProvisionTask.values),
                name="trunk_provision_state_known",
            ),
            models.CheckConstraint(
                condition=Q(domain_label__regex="^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$"),
                name="trunk_provision_domain_letters",
                violation_error_message="Use small letters, digits and hyphens, and no hyphen at the ends.",
            ),
            # whose trunk is gone is being removed
            models.CheckConstraint(
                condition=Q(trunk__isnull=False) | Q(task=ProvisionTask.REMOVE),
                name="trunk_provision_outlives_to_be_removed",
            ),
            models.CheckConstraint(
                condition=Q(task=ProvisionTask.REMOVE, state=ProvisionState.REMOVING)
                | ~Q(task=ProvisionTask.REMOVE) & ~Q(state=ProvisionState.REMOVING),
                name="trunk_provision_removing_whole",
            ),
            # what has begun goes on, and what is set up is looked at for ever
            models.CheckConstraint(
                condition=Q(task=ProvisionTask.LOOK, is_set_up=False) | Q(due_at__isnull=False),
                name="trunk_provision_followed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["is_awaited", "due_at"],
                name="trunk_provision_due",
                condition=Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.domain_name or f"{self.kind} trunk"

    @property
    def name(self) -> str:
        """Our name for all that belongs to it at Twilio."""
        return f"callsphere {self.pk}"


class TrunkNumber(TenantOwned):
    """A bought number whose calls go to an Elastic SIP trunk, in place of our voice addresses."""

    provision = models.ForeignKey(TrunkProvision, on_delete=models.CASCADE, related_name="numbers")
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "phone_number"],
                name="trunk_number_once",
                violation_error_message="This number is on a trunk already.",
            )
        ]

    def __str__(self) -> str:
        return str(self.phone_number)


class ProviderPace(models.Model):
    """When the next look that nobody waits for may begin: one row for all tenants and workers together."""

    name = models.CharField(max_length=40, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
