"""What an attempt means for a registration, and when the next one is due: rules only, `now` is an argument.

docs/registrations.md says in plain words what follows from the rules here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trunks.enums import RegistrationState as State
from trunks.enums import RegistrationStep as Step

REFUSALS_ALLOWED = 2
"""Carriers ban who insists: after so many refusals of the credentials an edit is waited for."""
REFUSED_RETRY_S = 60.0
REFRESH_MARGIN_S = 30.0
"""A refresh goes out at half the granted time, but so long before its end at the latest."""
JITTER = 0.1
"""Times are up to this share earlier, each trunk's by itself, so that trunks spread."""
FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 300.0
"""Without a binding the carrier is tried again after times that double between these."""
REJECTED_RETRY_S = 1800.0
"""A registrar that refuses for good (404, 405, 6xx) is asked again after so long: somebody may have acted."""
LONGEST_RETRY_AFTER_S = 3600.0
"""A Retry-After beyond this is believed no further."""
REMOVALS_TRIED = 3
"""A binding that cannot be taken away is left to run out."""
SHORTEST_WAIT_S = 5.0
"""A registrar that grants seconds is not asked more often than this."""
LONGEST_WAIT_S = 43_200.0
"""Nor is one that grants for ever left alone for longer: it may have forgotten us meanwhile."""

_CREDENTIALS = frozenset({"credentials_rejected", "credentials_missing", "realm_mismatch"})
"""What an edit alone mends. A challenge that nobody can answer is the carrier's to mend, without one."""
_IN_TROUBLE = frozenset({408, 480, 500, 502, 504})
"""Answers of a registrar that cannot now, and does not say when: tried like one that is out of reach."""
_UNREACHABLE = frozenset(
    {
        *("dns_not_found", "dns_timeout", "dns_srv_broken", "connect_refused", "connect_timeout"),
        *("connection_closed", "no_answer", "malformed_answer", "address_refused"),
        *("tls_expired", "tls_not_yet_valid", "tls_name_mismatch", "tls_untrusted", "tls_version"),
        *("tls_client_cert_required", "tls_client_cert_rejected", "tls_not_spoken"),
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one registration. Times are aware datetimes, durations seconds."""

    state: State
    granted_s: int | None = None
    expires_at: datetime | None = None
    registered_at: datetime | None = None
    next_attempt_at: datetime | None = None
    removing: bool = False
    failures: int = 0
    refusals: int = 0
    retry_after_s: int | None = None
    cause: str = ""
    detail: str = ""

    def bound(self, now: datetime) -> bool:
        """Whether the carrier still has the binding, as far as we know."""
        return self.expires_at is not None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt: `cause` is "" for success, `retry_after_s` what the registrar asked for."""

    cause: str = ""
    detail: str = ""
    code: int | None = None
    granted_s: int | None = None
    retry_after_s: float | None = None


def step_of(standing: Standing, now: datetime) -> Step:
    """What the next attempt is for."""
    if standing.removing:
        return Step.REMOVE
    return Step.REFRESH if standing.bound(now) else Step.REGISTER


def after(standing: Standing, result: Result, now: datetime, chance: float) -> Standing:
    """The standing after an attempt that ended now. `chance` is a random number from 0 to below 1."""
    if standing.removing:
        return _after_removal(standing, result, now)
    if not result.cause:
        return _registered(result, now, chance)
    return _failed(standing, result, now, chance)


def refresh_after_s(granted_s: float, chance: float) -> float:
    """Seconds until the refresh: half the grant, 30 s before its end at the latest, a little less by chance.

    Of a grant too short for that, a third; of one without end, half a day.
    """
    wait = max(min(granted_s / 2, granted_s - REFRESH_MARGIN_S), granted_s / 3)
    return max(min(wait, LONGEST_WAIT_S) * (1 - JITTER * chance), SHORTEST_WAIT_S)


def retry_after_s(failures: int, chance: float) -> float:
    """Seconds until the next try after so many failures in a row."""
    return min(FIRST_RETRY_S * 2.0 ** min(failures - 1, 10), LONGEST_RETRY_S) * (1 - JITTER * chance)


def _registered(result: Result, now: datetime, chance: float) -> Standing:
    granted = result.granted_s or 0
    return Standing(
        State.REGISTERED,
        granted_s=granted,
        expires_at=now + timedelta(seconds=granted),
        registered_at=now,
        next_attempt_at=now + timedelta(seconds=refresh_after_s(granted, chance)),
    )


def _failed(standing: Standing, result: Result, now: datetime, chance: float) -> Standing:
    failed = replace(
        standing,
        failures=min(standing.failures + 1, 1000),
        cause=result.cause,
        detail=result.detail,
        retry_after_s=None if result.retry_after_s is None else int(min(result.retry_after_s, 2**31 - 1)),
    )
    if result.cause in _CREDENTIALS:
        return _credentials_refused(failed, result, now, chance)
    if result.retry_after_s is not None or result.code == 503:
        wait = result.retry_after_s or retry_after_s(failed.failures, chance)
        wait = min(max(wait, 1.0), LONGEST_RETRY_AFTER_S) * (1 + JITTER * chance)
        return replace(failed, state=State.THROTTLED, next_attempt_at=now + timedelta(seconds=wait))
    if result.cause in _UNREACHABLE:
        return replace(failed, state=State.UNREACHABLE, next_attempt_at=_retry_at(failed, now, chance))
    wait = REJECTED_RETRY_S * (1 - JITTER * chance)
    if failed.bound(now) or result.code in _IN_TROUBLE:  # it may be a passing mood
        wait = min(wait, retry_after_s(failed.failures, chance))
    return replace(failed, state=State.REJECTED, next_attempt_at=now + timedelta(seconds=wait))


def _credentials_refused(standing: Standing, result: Result, now: datetime, chance: float) -> Standing:
    refusals = standing.refusals + 1
    wait = timedelta(seconds=REFUSED_RETRY_S * (1 + JITTER * chance))
    return replace(
        standing,
        state=State.REJECTED,
        refusals=refusals,
        next_attempt_at=None if _is_final(result, refusals) else now + wait,
    )


def _retry_at(standing: Standing, now: datetime, chance: float) -> datetime:
    wait = retry_after_s(standing.failures, chance)
    if standing.expires_at is not None and standing.bound(now):
        # While the binding lives it is tried more eagerly, the last time shortly before it would lapse.
        left = (standing.expires_at - now).total_seconds()
        wait = min(wait, max(left / 3, 1.0))
    return now + timedelta(seconds=wait)


def _after_removal(standing: Standing, result: Result, now: datetime) -> Standing:
    over = Standing(State.PAUSED, cause=result.cause, detail=result.detail)
    failures = standing.failures + 1
    refusals = standing.refusals + (result.cause in _CREDENTIALS)
    wait = removal_retry_s(result, failures, refusals)
    if not result.cause or wait is None or not standing.bound(now):
        return over
    return replace(
        standing,
        failures=failures,
        refusals=refusals,
        cause=result.cause,
        detail=result.detail,
        next_attempt_at=now + timedelta(seconds=wait),
    )


def removal_retry_s(result: Result, failures: int, refusals: int) -> float | None:
    """Seconds until a binding that was not taken away is tried again; None when it is left to run out."""
    if failures >= REMOVALS_TRIED or _is_final(result, refusals):
        return None
    wait = REFUSED_RETRY_S if result.cause in _CREDENTIALS else FIRST_RETRY_S * failures
    return max(wait, min(result.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))


def _is_final(result: Result, refusals: int) -> bool:
    """Whether an edit is to be waited for.

    Without a password, or with none that may be used here, nothing was refused yet and nothing will change.
    """
    refused = result.cause in _CREDENTIALS
    return refused and (refusals >= REFUSALS_ALLOWED or result.cause != "credentials_rejected")
