"""Twilio's error codes in plain words: what happened, who has to act, where, and whether to try again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from callsphere.providers.twilio.problems.accounts import ACCOUNTS
from callsphere.providers.twilio.problems.calls import CALLS
from callsphere.providers.twilio.problems.entry import Problem, Who
from callsphere.providers.twilio.problems.messages import MESSAGES
from callsphere.providers.twilio.problems.numbers import NUMBERS
from callsphere.providers.twilio.problems.trunks import TRUNKS

__all__ = ["PROBLEMS", "Problem", "Who", "problem_of"]

PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {entry.name: entry for entry in (*ACCOUNTS, *NUMBERS, *TRUNKS, *CALLS, *MESSAGES)}
)
"""Every problem by its name, read-only."""

_BY_CODE = {code: entry for entry in PROBLEMS.values() for code in entry.codes}
_BY_STATUS = {
    401: "credentials_rejected",
    403: "credentials_rejected",
    404: "not_there",
    409: "already_there",
    429: "too_many_requests",
}


def problem_of(code: int, status: int = 0) -> Problem:
    """Return the problem of a Twilio code; for an unknown one, that of the HTTP status."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= 500:
        return PROBLEMS["twilio_down"]
    return PROBLEMS[_BY_STATUS.get(status, "request_refused")]
