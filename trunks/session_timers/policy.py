"""What a trunk's session-timer policy means for its calls (RFC 4028), and how that reads."""

from __future__ import annotations

from typing import Literal, Protocol

from callsphere.sip.session_timer import GRACE_S, SessionTimer, TimerPolicy
from trunks.enums import RefreshBy, RefreshMethod, SessionTimerMode


class Policy(Protocol):
    """What these functions read: a SessionTimerPolicy, stored or not."""

    mode: str
    session_interval_s: int
    min_se_s: int
    refresher: str
    refresh_method: str
    longest_call_s: int | None


_PROPOSED: dict[str, Literal["uac", "uas"] | None] = {
    RefreshBy.UAC: "uac",
    RefreshBy.UAS: "uas",
    RefreshBy.PEER: None,
}
_METHOD: dict[str, Literal["UPDATE", "INVITE"] | None] = {
    RefreshMethod.UPDATE: "UPDATE",
    RefreshMethod.INVITE: "INVITE",
    RefreshMethod.AUTO: None,
}


def timers_of(policy: Policy) -> TimerPolicy | None:
    """Return what calls that we place ask for; None when no timer is asked for."""
    if policy.mode == SessionTimerMode.OFF:
        return None
    return TimerPolicy(
        interval=policy.session_interval_s,
        min_se=policy.min_se_s,
        refresher=_PROPOSED[policy.refresher],
        method=_METHOD[policy.refresh_method],
        required=policy.mode == SessionTimerMode.REQUIRED,
    )


def ends_after_s(session_interval_s: int) -> float:
    """Return after how many seconds without a refresh the waiting side hangs up (RFC 4028 §10)."""
    return SessionTimer(session_interval_s, "remote", 0.0).expires_at


_MODES = {
    SessionTimerMode.SUPPORTED: "A carrier that knows no session timers is called all the same, without one.",
    SessionTimerMode.REQUIRED: "A call with a carrier that knows no session timers is refused.",
}
_REFRESHERS = {
    RefreshBy.UAC: "by the side that calls",
    RefreshBy.UAS: "by the side that is called",
    RefreshBy.PEER: "by the side that the carrier names",
}
_METHODS = {
    RefreshMethod.AUTO: "we use UPDATE where the carrier takes it, else re-INVITE",
    RefreshMethod.UPDATE: "we use UPDATE",
    RefreshMethod.INVITE: "we use re-INVITE",
}


def policy_sentences(policy: Policy) -> list[str]:
    """Say what a policy means, with the arithmetic of its numbers."""
    longest = policy.longest_call_s
    limit = (
        f"No call lasts longer than {exactly(longest)}." if longest else "A call may last any length of time."
    )
    if policy.mode == SessionTimerMode.OFF:
        return ["No session timer: a call that breaks silently is not noticed by either side.", limit]
    interval = policy.session_interval_s
    who = f"{_REFRESHERS[RefreshBy(policy.refresher)]}; {_METHODS[RefreshMethod(policy.refresh_method)]}"
    less = exactly(min(GRACE_S, interval // 3))
    return [
        f"Each call is refreshed after {exactly(interval // 2)}, half the interval, {who}.",
        f"Without a refresh, calls end after {exactly(ends_after_s(interval))}: the interval less {less}.",
        f"A carrier that asks for less than {exactly(policy.min_se_s)} is asked for more.",
        _MODES[SessionTimerMode(policy.mode)],
        limit,
    ]


def exactly(seconds: float) -> str:
    """Write a length of time to the second, each number with its unit: "1 min 30 s"."""
    total = int(seconds)
    parts = ((total // 3600, "h"), (total % 3600 // 60, "min"), (total % 60, "s"))
    return (
        " ".join(f"{number}\N{NO-BREAK SPACE}{unit}" for number, unit in parts if number)
        or "0\N{NO-BREAK SPACE}s"
    )
