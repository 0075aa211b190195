"""Odd answers to the session timer of an INVITE (RFC 4028 §9)."""

from __future__ import annotations

from collections.abc import Callable

from callsphere.sip.message import Request
from callsphere.sip.session_timer import MIN_SE, TimerAnswer, answer_timer

LONG_S = 600


def none(request: Request, now: float) -> TimerAnswer:
    """Know nothing of session timers."""
    return TimerAnswer(200, (), None)


def at_least(seconds: int) -> Callable[[Request, float], TimerAnswer]:
    """Take no interval shorter than this."""
    return lambda request, now: answer_timer(request, now, min_se=seconds)


def never_enough(request: Request, now: float) -> TimerAnswer:
    """Ask for more, whatever is offered."""
    answer = answer_timer(request, now)
    if answer.timer is None:
        return answer
    return TimerAnswer(422, (("Min-SE", str(answer.timer.interval + MIN_SE)),), None)
