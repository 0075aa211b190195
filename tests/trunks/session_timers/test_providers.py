"""What providers are told of a policy, and what the page says about the rest."""

from __future__ import annotations

import pytest

from trunks.models import SessionTimerPolicy
from trunks.session_timers.providers import call_options, told_providers, untold_sentence


@pytest.mark.parametrize(
    ("provider", "longest", "options"),
    [
        ("twilio", 3600, {"TimeLimit": 3600}),
        ("twilio", None, {}),
        ("openai", 3600, {}),
        ("nobody", 3600, {}),
    ],
)
def test_what_goes_along_with_a_call(provider: str, longest: int | None, options: dict[str, int]) -> None:
    assert call_options(provider, SessionTimerPolicy(longest_call_s=longest)) == options


def test_what_cannot_be_told_is_said() -> None:
    twilio, openai = told_providers(SessionTimerPolicy(longest_call_s=3600))
    assert twilio.timer.startswith("Cannot be told: it has no setting for session timers.")
    assert twilio.longest == "Told (TimeLimit): it ends the call after 1\N{NO-BREAK SPACE}h."
    assert openai.longest == "Cannot be told: we end the call after 1\N{NO-BREAK SPACE}h."
    assert [each.longest for each in told_providers(SessionTimerPolicy())] == ["None set.", "None set."]


def test_nothing_is_missed_where_timers_are_off() -> None:
    assert untold_sentence(SessionTimerPolicy()) == "Twilio and OpenAI cannot be told of the session timer."
    assert untold_sentence(SessionTimerPolicy(mode="off")) == ""
