"""Words with a fixed meaning in the tenants app."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a member is in a tenant; `tenants.access` says what each may do."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    DEVELOPER = "developer", "Developer"
    BILLING = "billing", "Billing"
    VIEWER = "viewer", "Viewer"


class ActorKind(TextChoices):
    """Who did something that the audit log tells of."""

    USER = "user", "Member"
    STAFF = "staff", "CallSphere support"
    API_KEY = "api_key", "API key"
    SYSTEM = "system", "CallSphere"


class MailState(TextChoices):
    """What became of a mail."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class RouteKind(TextChoices):
    """What a hash in `TenantRoute` leads to."""

    API_KEY = "api_key", "API key"
    INVITATION = "invitation", "Invitation"
    CHECK_SHARE = "check_share", "Link to a report"
    PROVIDER_ACCOUNT = "provider_account", "Account for phone numbers"
