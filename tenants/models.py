"""People, tenants and what binds them; the log of what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from callsphere.lib.ids import uuid7
from tenants.enums import ActorKind, MailState, Role, RouteKind
from tenants.fields import EncryptedTextField
from tenants.scope import ScopedManager
from tenants.time_zones import LONGEST_NAME, UTC_NAME, validate_time_zone

INVITATION_LIFETIME = timedelta(days=7)


one_line = RegexValidator(r"^[^\x00-\x1f\x7f]*$", "Write it on one line, without control characters.")


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; the address is kept in lower case, since people type it either way."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a member of staff with every permission in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address. What they may do depends on the tenant: see Membership."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField("CallSphere support", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    get_short_name = get_full_name


def display_name(user: User) -> str:
    """Name a user in mails and messages."""
    return user.get_full_name()


class Versioned(models.Model):
    """What people edit: each edit raises `version`, and names the one it was made from."""

    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Tenant(Versioned):
    """A customer: everything it owns carries its id. Billing writes the limits, services enforce them.

    The defaults are what somebody may try before choosing a plan. `read_only_reason` says why nothing may be
    changed and what to do about it; empty, everything may. `billing_alert` is for those who pay.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, validators=[one_line])
    slug = models.CharField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", "Use a-z, 0-9 and hyphens.")],
        help_text="Part of the addresses of this tenant's pages.",
    )
    time_zone = models.CharField(
        max_length=LONGEST_NAME,
        default=UTC_NAME,
        db_default=UTC_NAME,
        validators=[validate_time_zone],
        help_text="IANA name, such as America/New_York: pages write times and days by it.",
    )
    number_limit = models.PositiveIntegerField(default=0, db_default=0)
    trunk_limit = models.PositiveIntegerField(default=2)
    member_limit = models.PositiveIntegerField(default=3)
    api_key_limit = models.PositiveIntegerField(default=2)
    api_requests_per_minute = models.PositiveIntegerField(default=60)
    concurrent_call_limit = models.PositiveIntegerField("outbound calls at a time", default=1, db_default=1)
    read_only_reason = models.CharField(max_length=254, blank=True, default="", db_default="")
    billing_alert = models.CharField(max_length=254, blank=True, default="", db_default="")
    numbers_held_until = models.DateTimeField(
        null=True, blank=True, help_text="When an unpaid tenant's numbers are released"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(time_zone=""), name="tenant_time_zone_given")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """By whose clock the tenant's days begin; UTC where this machine's data lack the chosen zone."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(UTC_NAME)

    @property
    def is_read_only(self) -> bool:
        """Whether members and programs may look and change nothing."""
        return bool(self.read_only_reason)


class TenantOwned(models.Model):
    """Base of every row that belongs to a tenant: the key, the scope and what composite keys point at."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[ScopedManager[Any]] = ScopedManager()

    class Meta:
        abstract = True


class VersionedOwned(Versioned, TenantOwned):
    """Base of every row of a tenant's that people edit."""

    class Meta:
        abstract = True


class Membership(TenantOwned):
    """A person in a tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="members", editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(TenantOwned):
    """An open offer to join, sent by e-mail. The link's token is kept only as a hash."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    token_hash = models.BinaryField(max_length=32, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return not self.accepted_at and not self.revoked_at and self.expires_at > timezone.now()


class ProgramKey(models.Model):
    """What keys of programs have in common: `<kind>_<public id>_<secret>`. Only the hash of one is kept."""

    name = models.CharField(max_length=100)
    public_id = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.BinaryField(max_length=32, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_usable(self) -> bool:
        return not self.revoked_at and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def state(self) -> str:
        """What the pages call it: active, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "active" if self.is_usable else "expired"


class ApiKey(ProgramKey, TenantOwned):
    """A key of a tenant's: `cs_live_…`."""

    capabilities = ArrayField(models.CharField(max_length=32))
    allowed_networks = ArrayField(models.CharField(max_length=49), default=list, blank=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} (cs_live_{self.public_id}_…)"


class TenantRoute(models.Model):
    """Where the hash of a token or of an account's id leads: the one table read before a tenant is known."""

    hash = models.BinaryField(primary_key=True, max_length=32)
    kind = models.CharField(max_length=16, choices=RouteKind)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return self.get_kind_display()


class TenantKey(TenantOwned):
    """A tenant's data key, wrapped by a key-encryption key. The newest seals; all can open."""

    wrapped = EncryptedTextField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Data key of {self.created_at:%Y-%m-%d}"


class Event(models.Model):
    """Something was done: who, what, to which object, and what changed. Never changed or deleted."""

    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    verb = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=32)
    object_id = models.UUIDField(null=True)
    object_label = models.CharField(max_length=254)
    changes = models.JSONField(default=dict)
    reason = models.CharField(max_length=254, blank=True)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.verb} {self.object_label}"


class AuditEvent(Event, TenantOwned):
    """Something was done in a tenant."""

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            # the audit page, newest first, and the history of one object
            models.Index(fields=["tenant", "-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["tenant", "object_id", "-created_at"], name="audit_of_object"),
        ]


class PlatformEvent(Event):
    """Something was done that belongs to no tenant: to a person's account, or to a mail.

    A person may read what was done to their own account; the platform's role reads all.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "account event"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="platform_event_newest"),
            # a person's own log
            models.Index(fields=["object_id", "-created_at"], name="platform_event_of_object"),
        ]


class IdempotentRequest(TenantOwned):
    """The answer to a POST that carried an Idempotency-Key, kept for a day to be given again."""

    key = models.CharField(max_length=255)
    endpoint = models.CharField(max_length=255)
    request_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = EncryptedTextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key


class OutgoingMail(models.Model):
    """A mail to one address: written with what it tells of, sent by a worker, its content erased afterwards.

    It belongs to no tenant, since people get mails before they have one. The application may only add rows;
    the platform's role sees them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sender = models.CharField("from", max_length=320)
    recipient = models.CharField("to", max_length=320)
    subject = models.CharField(max_length=255)
    content = EncryptedTextField(blank=True, default="", help_text="The whole mail, headers included")
    state = models.CharField(max_length=16, choices=MailState, default=MailState.WAITING)
    created_at = models.DateTimeField("written", default=timezone.now, editable=False)
    due_at = models.DateTimeField(
        "next attempt", null=True, help_text="While one is under way: when its lease ends"
    )
    give_up_at = models.DateTimeField("given up after")
    claim = models.PositiveBigIntegerField(default=0, help_text="Raised by each worker that takes the mail")
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=255, blank=True)
    ended_at = models.DateTimeField("sent or given up", null=True)

    class Meta:
        verbose_name = "mail"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MailState.values), name="outgoing_mail_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=MailState.WAITING, due_at__isnull=False, ended_at=None)
                | models.Q(due_at=None, ended_at__isnull=False) & ~models.Q(state=MailState.WAITING),
                name="outgoing_mail_due_while_waiting",
            ),
            # It may hold a link that lets its holder in.
            models.CheckConstraint(
                condition=~models.Q(state=MailState.SENT) | models.Q(content=""),
                name="outgoing_mail_erased_when_sent",
            ),
        ]
        indexes = [
            # what workers claim
            models.Index(
                fields=["due_at"], condition=models.Q(state=MailState.WAITING), name="outgoing_mail_due"
            ),
            # the admin's list
            models.Index(fields=["-created_at", "-id"], name="outgoing_mail_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"

    @property
    def can_be_sent_again(self) -> bool:
        return self.state == MailState.FAILED and bool(self.content)
