"""Words with a fixed meaning in the calls app."""

from django.db.models import TextChoices


class EventKind(TextChoices):
    """Which address the provider told something to."""

    INCOMING = "incoming", "A call comes in"
    FALLBACK = "fallback", "The answer to a call failed"
    STATUS = "status", "A call went on or ended"
