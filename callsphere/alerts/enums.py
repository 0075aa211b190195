"""Words with a fixed meaning in the alerts app."""

from django.db.models import TextChoices


class Severity(TextChoices):
    """How bad an incident is."""

    CRITICAL = "critical", "Critical"
    WARNING = "warning", "Warning"


class Resolution(TextChoices):
    """How an incident ended."""

    RECOVERED = "recovered", "Over by itself"
    CLOSED = "closed", "Resolved by a person"


class State(TextChoices):
    """Whether an incident goes on."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
