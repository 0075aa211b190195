"""The form of a trunk's session timers. It reads what people type; the rules live in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from callsphere.sip.session_timer import MIN_SE, RECOMMENDED_INTERVAL
from tenants.card_fields import CardChoiceField
from tenants.forms import EditForm, RangeField
from trunks.enums import RefreshBy, RefreshMethod, SessionTimerMode
from trunks.models import SessionTimerPolicy
from trunks.models.session_timers import LONGEST_S, SHORTEST_CALL_S
from trunks.session_timers.policy import policy_sentences

MODE_HELP = {
    SessionTimerMode.OFF: "A call that breaks silently is not noticed.",
    SessionTimerMode.SUPPORTED: "Used with carriers that know them. The usual choice.",
    SessionTimerMode.REQUIRED: "Calls are refused where the carrier knows none.",
}

_TOO_SHORT = {"min_value": f"Use at least {MIN_SE} seconds: RFC 4028 allows no shorter interval."}


class SessionTimerForm(EditForm):
    """How a trunk's calls prove that they are still there, and how long they may last."""

    mode = CardChoiceField(label="Session timers", choices=SessionTimerMode.choices, cards=MODE_HELP)
    session_interval_s = forms.IntegerField(
        label="Session interval",
        min_value=MIN_SE,
        max_value=LONGEST_S,
        help_text=f"From {MIN_SE} seconds to 24 hours (86400); {RECOMMENDED_INTERVAL} is usual.",
        error_messages=_TOO_SHORT,
    )
    min_se_s = forms.IntegerField(
        label="Shortest interval accepted",
        min_value=MIN_SE,
        max_value=LONGEST_S,
        help_text=f"From {MIN_SE} seconds to the session interval (Min-SE).",
        error_messages=_TOO_SHORT,
    )
    refresher = forms.ChoiceField(
        label="Who refreshes",
        choices=RefreshBy.choices,
        help_text="On calls from you to the carrier, we are the side that calls.",
    )
    refresh_method = forms.ChoiceField(
        label="How we refresh",
        choices=RefreshMethod.choices,
        help_text="UPDATE leaves the audio alone; some carriers take only re-INVITE.",
    )
    longest_call_s = RangeField(
        label="Longest call",
        unit="seconds",
        required=False,
        min_value=SHORTEST_CALL_S,
        max_value=LONGEST_S,
        help_text="Calls that last longer are hung up. Empty: no limit.",
    )

    NAMES = ("mode", "session_interval_s", "min_se_s", "refresher", "refresh_method", "longest_call_s")

    @staticmethod
    def initial_of(policy: SessionTimerPolicy) -> dict[str, Any]:
        """Return what the form shows of a policy."""
        return {name: getattr(policy, name) for name in (*SessionTimerForm.NAMES, "version")}

    def meaning(self) -> list[str]:
        """Return what the values mean, in sentences; none when they cannot be used."""
        if not self.is_valid():
            return []
        policy = SessionTimerPolicy(**self.changes())
        return policy_sentences(policy) if policy.min_se_s <= policy.session_interval_s else []

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in self.NAMES}
