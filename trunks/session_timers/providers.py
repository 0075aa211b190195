"""Which provider can be told of a trunk's session-timer policy, and what it is told.

What is said of Twilio's and OpenAI's behaviour was observed in traces: neither documents session timers.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunks.enums import SessionTimerMode
from trunks.session_timers.policy import Policy, exactly


@dataclass(frozen=True, slots=True)
class ProviderTimers:
    """What a provider of calls can be told. `longest_option` is the parameter of its API, empty for none."""

    code: str
    name: str
    takes_timer: bool
    longest_option: str
    observed: str


@dataclass(frozen=True, slots=True)
class ToldProvider:
    """What a policy comes to in the calls of one provider, in words."""

    name: str
    timer: str
    longest: str


PROVIDERS = (
    ProviderTimers(
        "twilio",
        "Twilio",
        takes_timer=False,
        longest_option="TimeLimit",
        observed=(
            "It goes along with a timer of 120 s or more that the other side asks for, "
            "and refreshes by re-INVITE."
        ),
    ),
    ProviderTimers(
        "openai",
        "OpenAI",
        takes_timer=False,
        longest_option="",
        observed="It asks for none itself, and ends every call after 60 min.",
    ),
)


def call_options(code: str, policy: Policy) -> dict[str, int]:
    """Return what of a policy goes along when a call is placed with a provider, by its API's parameters."""
    for each in PROVIDERS:
        if each.code == code and each.longest_option and policy.longest_call_s is not None:
            return {each.longest_option: policy.longest_call_s}
    return {}


def told_providers(policy: Policy) -> list[ToldProvider]:
    """Say for each provider what of a policy it takes, and what it cannot be told."""
    return [ToldProvider(each.name, _timer(each, policy), _longest(each, policy)) for each in PROVIDERS]


def untold_sentence(policy: Policy) -> str:
    """Name the providers that the timer asked for cannot be told to; "" when none is missed."""
    untold = [each.name for each in PROVIDERS if not each.takes_timer]
    if policy.mode == SessionTimerMode.OFF or not untold:
        return ""
    return f"{' and '.join(untold)} cannot be told of the session timer."


def _timer(provider: ProviderTimers, policy: Policy) -> str:
    if policy.mode == SessionTimerMode.OFF:
        return f"Off, and it has no setting for one. {provider.observed}"
    return f"Cannot be told: it has no setting for session timers. {provider.observed}"


def _longest(provider: ProviderTimers, policy: Policy) -> str:
    if policy.longest_call_s is None:
        return "None set."
    length = exactly(policy.longest_call_s)
    if provider.longest_option:
        return f"Told ({provider.longest_option}): it ends the call after {length}."
    return f"Cannot be told: we end the call after {length}."
