"""Registrations in words that customers use: the state they are in, what is wrong, what to change.

Pure functions: what is known goes in, words come out. `now` is an argument.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from callsphere.sip.causes import CAUSES, Cause
from trunks.enums import HealthState
from trunks.enums import RegistrationState as State
from trunks.headlines import DOWN_PHRASES
from trunks.wording import about, told_cause, told_code

LATE_AFTER = timedelta(seconds=30)
"""What is due for longer than this waits for workers that are away."""

# What was refused, after "Rejected ·"; {} is the status code.
_REJECTIONS = {
    "credentials_rejected": "user name or password is wrong",
    "credentials_missing": "the carrier asks for a password",
    "realm_mismatch": "another realm asks for the password",
    "digest_unsupported": "no way of signing in that both sides know",
    "challenge_malformed": "the carrier's question for the password is unreadable",
    "challenge_loop": "the carrier asks for the password without end",
    "ip_not_allowed": "our address is not let in",
    "registration_rejected": "the carrier answers {}",
    "registration_not_kept": "accepted, but not kept",
    "registration_too_brief": "no interval is long enough for the carrier",
    "uri_invalid": "the registrar's address is not usable",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a registration, its trunk's switch included. Times are aware datetimes."""

    state: State
    since: datetime
    cause: str = ""
    code: int | None = None
    expires_at: datetime | None = None
    next_attempt_at: datetime | None = None
    has_slot: bool = False
    removing: bool = False
    retry_after_s: int | None = None
    is_paused: bool = False
    trunk_is_enabled: bool = True

    def bound(self, now: datetime) -> bool:
        """Whether the carrier still has the registration."""
        return self.expires_at is not None and self.expires_at > now

    def late(self, now: datetime) -> bool:
        """Whether what is due was left lying."""
        return self.next_attempt_at is not None and self.next_attempt_at < now - LATE_AFTER


@dataclass(frozen=True, slots=True)
class Told:
    """A registration's state in words: `label`, `detail`, and `moment`, which is read on after the detail.

    "Registered", "refreshes", a moment: "Registered · refreshes in 12 min". `state` is the one that people
    are told, `looks` the tone in which it is shown.
    """

    state: State
    looks: HealthState
    label: str
    detail: str = ""
    moment: datetime | None = None
    since: datetime | None = None

    @property
    def spoken(self) -> str:
        """The words that change only when something happens."""
        return f"{self.label} · {self.detail}" if self.detail else self.label

    def text(self, now: datetime) -> str:
        """The whole line, for those who have no clock of their own."""
        if self.moment is None:
            return self.spoken
        return f"{self.spoken} {_away(self.moment, now)}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong: title, what happened, what to change, whose side it is on, and what we do meanwhile."""

    tone: str
    title: str
    meaning: str
    fix: str
    who: str | None
    plan: str = ""


def told(known: Known, now: datetime) -> Told:
    """Say the state. A registration that has run out while nobody looked is told as expired."""
    if known.is_paused or not known.trunk_is_enabled or known.state == State.PAUSED:
        return _paused(known)
    state = told_state(known, now)
    match state:
        case State.REGISTERING:
            return _registering(known, now)
        case State.REGISTERED | State.REFRESHING:
            return _registered(known, now)
        case State.EXPIRED:
            detail = "registering again" if not known.late(now) else "our workers are late"
            since = known.expires_at or known.since
            return Told(state, HealthState.DOWN, "Expired", detail, since=since)
        case State.THROTTLED:
            return _throttled(known, now)
        case State.UNREACHABLE:
            phrase = DOWN_PHRASES.get(told_code(known.cause), "no usable answer from {}")
            return _failed(known, now, "Unreachable", phrase.format("the registrar"))
    return _failed(known, now, "Rejected", _rejection(known))


def told_state(known: Known, now: datetime) -> State:
    """The state as people are told it: nothing that has run out is called registered."""
    if known.expires_at is None or known.bound(now):
        return known.state
    holds = known.state in (State.REGISTERED, State.REFRESHING)
    waits = known.state != State.PAUSED and known.late(now)
    return State.EXPIRED if holds or waits else known.state


def trouble(known: Known, now: datetime) -> Trouble | None:
    """Say what is wrong and what to do, None while nothing is."""
    if known.is_paused or not known.trunk_is_enabled:
        return None
    state = told_state(known, now)
    tone = "warn" if known.bound(now) else "fail"
    match state:
        case State.REGISTERING | State.REGISTERED | State.REFRESHING:
            return _late(known, now) if known.late(now) else None
        case State.EXPIRED:
            return _expired(known, now)
        case State.THROTTLED:
            return _throttling(known, now, tone)
        case State.REJECTED | State.UNREACHABLE:
            cause = told_cause(known.cause) or CAUSES["unexpected_answer"]
            plan = _plan(known, now)
            return Trouble(tone, cause.title, cause.meaning, cause.fix, cause.who, plan)
    return None


def clock(moment: datetime, now: datetime) -> str:
    """Write a moment: "14:20 UTC", with the date unless it is near: "3 Oct, 14:20 UTC"."""
    local = timezone.localtime(moment)
    time = f"{local:%H:%M %Z}"
    return time if abs(moment - now) < timedelta(hours=12) else f"{local.day} {local:%b}, {time}"


def attempt_line(code: int | None, cause: str) -> str:
    """Say what one attempt met with: "200 OK"-like codes with their meaning, or the cause."""
    known = told_cause(cause)
    if not cause:
        return f"{code} accepted" if code else "accepted"
    title = known.title if known else "An answer that we do not know"
    return f"{code} · {title}" if code else title


def change_words(state: str, cause: str = "") -> str:
    """Say what a state of the past was, with its reason: "Rejected", "user name or password is wrong"."""
    known = told_cause(cause)
    return known.title if known and state not in (State.REGISTERED, State.PAUSED) else ""


def letter(
    username: str, registrar: str, *, cause: Cause, answer: str, sources: Collection[str], since: datetime
) -> str:
    """Write the message that a customer sends to the carrier about a registration that fails."""
    opening = f"our registration (REGISTER) of {username} at {registrar} fails. {cause.meaning}"
    lines = ["Hello,", "", *textwrap.wrap(opening, 64, break_on_hyphens=False), ""]
    lines.append(f"Since: {since:%Y-%m-%d %H:%M:%S} UTC")
    lines.append(f"Result: {answer}")
    if sources:
        lines.append(f"We send from: {', '.join(sources)}")
    return "\n".join([*lines, "", f"Could you look into it? {cause.title}.", "Thank you."])


def _paused(known: Known) -> Told:
    if known.removing:
        detail = "the carrier is being told to forget it"
    elif not known.trunk_is_enabled:
        detail = "the trunk is switched off"
    else:
        detail = "the carrier sends no calls here"
    return Told(State.PAUSED, HealthState.PAUSED, "Paused", detail)


def _registering(known: Known, now: datetime) -> Told:
    state, looks = State.REGISTERING, HealthState.UNKNOWN
    if known.late(now):
        return Told(state, looks, "Not registered yet", "our workers are late")
    if _waits(known, now):
        return Told(state, looks, "Waiting its turn", "registers", known.next_attempt_at)
    return Told(state, looks, "Registering", "this takes seconds")


def _registered(known: Known, now: datetime) -> Told:
    state = State.REGISTERED
    if known.late(now) and known.expires_at is not None:
        detail = f"its refresh is late, it lasts until {clock(known.expires_at, now)}"
        return Told(state, HealthState.IMPAIRED, "Registered", detail)
    if known.state == State.REFRESHING:
        return Told(state, HealthState.UP, "Registered", "being refreshed now")
    words = "its refresh waits its turn and goes out" if _waits(known, now) else "refreshes"
    return Told(state, HealthState.UP, "Registered", words, known.next_attempt_at)


def _throttled(known: Known, now: datetime) -> Told:
    looks = HealthState.IMPAIRED if known.bound(now) else HealthState.DOWN
    again = clock(known.next_attempt_at, now) if known.next_attempt_at else "later"
    asked = f"the carrier asked us to wait until {again}"
    detail = asked if known.retry_after_s is not None else f"the carrier has no room, asked again at {again}"
    detail += _still(known, now)
    return Told(State.THROTTLED, looks, "Throttled", detail, since=known.since)


def _failed(known: Known, now: datetime, label: str, reason: str) -> Told:
    looks = HealthState.IMPAIRED if known.bound(now) else HealthState.DOWN
    return Told(known.state, looks, label, reason + _still(known, now), since=known.since)


def _still(known: Known, now: datetime) -> str:
    if known.expires_at is None or not known.bound(now):
        return ""
    return f", still registered until {clock(known.expires_at, now)}"


def _rejection(known: Known) -> str:
    phrase = _REJECTIONS.get(told_code(known.cause))
    if phrase is None or ("{}" in phrase and known.code is None):
        return "the carrier does not take it"
    return phrase.format(known.code)


def _waits(known: Known, now: datetime) -> bool:
    return known.has_slot and known.next_attempt_at is not None and known.next_attempt_at > now


def _late(known: Known, now: datetime) -> Trouble:
    lasts = f" It lasts until {clock(known.expires_at, now)}." if known.expires_at else ""
    return Trouble(
        "warn",
        "We are late",
        f"The next REGISTER should have gone out by now.{lasts}",
        "Nothing to change on your side. If it stays like this for minutes, tell whoever runs this"
        " installation that its workers are late.",
        "callsphere",
    )


def _expired(known: Known, now: datetime) -> Trouble:
    ended = f" at {clock(known.expires_at, now)}" if known.expires_at else ""
    return Trouble(
        "fail",
        "The registration has run out",
        f"It was not refreshed in time and ended{ended}. The carrier does not know where to send calls.",
        "Nothing to change on your side: it is made again as soon as possible. If it stays like this for"
        " minutes, tell whoever runs this installation that its workers are late.",
        "callsphere",
    )


def _throttling(known: Known, now: datetime, tone: str) -> Trouble:
    answered = f"It answered {known.code}" if known.code else "It answered"
    if known.retry_after_s is not None:
        title = "The carrier asked us to wait"
        meaning = f"{answered} and asked for {about(known.retry_after_s)} without another attempt."
    else:
        title = "The carrier has no room for registrations now"
        meaning = f"{answered}: its registrar is overloaded or out of service."
    fix = (
        "Nothing to change: we wait and ask again. If it lasts, ask the carrier whether its registrar is in"
        " trouble, and how often it may be asked."
    )
    return Trouble(tone, title, meaning, fix, "carrier", _plan(known, now))


def _plan(known: Known, now: datetime) -> str:
    """What happens next, as a sentence."""
    stays = ""
    if known.expires_at is not None and known.bound(now):
        stays = f" The carrier sends calls here until {clock(known.expires_at, now)}."
    if known.next_attempt_at is None:
        return (
            "We do not ask again by ourselves, since carriers block who insists. Change the registration or"
            f" its password, and we try at once.{stays}"
        )
    return f"We try again at {clock(known.next_attempt_at, now)}.{stays}"


def _away(moment: datetime, now: datetime) -> str:
    seconds = int((moment - now).total_seconds())
    return f"in {about(seconds)}" if seconds >= 10 else "now"
