"""The form of a health policy."""

from __future__ import annotations

from typing import Any

from tenants.forms import EditForm, RangeField
from trunks.models import HealthPolicy


class PolicyForm(EditForm):
    """How a trunk's gateways are watched."""

    interval_s = RangeField(
        label="Ask every",
        min_value=15,
        max_value=3600,
        unit="seconds",
        help_text="From 15 to 3600 seconds.",
    )
    failures_to_down = RangeField(
        label="Down after",
        min_value=1,
        max_value=10,
        unit="checks",
        help_text="Failed checks in a row, 1 to 10.",
    )
    successes_to_up = RangeField(
        label="Up again after",
        min_value=1,
        max_value=10,
        unit="answers",
        help_text="Answers in a row, 1 to 10.",
    )

    @staticmethod
    def initial_of(policy: HealthPolicy) -> dict[str, Any]:
        """Return what the form shows of a policy."""
        names = ("interval_s", "failures_to_down", "successes_to_up", "version")
        return {name: getattr(policy, name) for name in names}

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = ("interval_s", "failures_to_down", "successes_to_up")
        return {name: self.cleaned_data[name] for name in names}
