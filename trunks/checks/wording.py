"""Readiness checks in words that customers use. Pure functions: values in, words out."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from callsphere.sip.causes import Cause

STEP_TITLES = {
    "target": "Address",
    "dns": "Name look-up (DNS)",
    "connect": "Connection",
    "tls": "Encryption (TLS)",
    "options": "Is the carrier there? (OPTIONS)",
    "register": "Sign in (REGISTER)",
    "invite": "Call (INVITE)",
    "ack": "Confirm the answer (ACK)",
    "session_timer": "Session timer",
    "hold": "Hold and resume",
    "refresh": "Keep the call alive",
    "bye": "Hang up (BYE)",
}
# In the middle of a sentence: "hold worked yesterday".
_STEP_NOUNS = {
    "target": "the address",
    "dns": "the name look-up",
    "connect": "the connection",
    "tls": "encryption",
    "options": "the carrier's answer to OPTIONS",
    "register": "the registration",
    "invite": "the call",
    "ack": "the confirmation of the answer",
    "session_timer": "the session timer",
    "hold": "hold",
    "refresh": "keeping the call alive",
    "bye": "the hang-up",
}
_GOOD = frozenset({"pass"})
_BAD = frozenset({"warn", "fail"})

Results = Mapping[tuple[str, str], tuple[str, str]]
"""Result and cause of each step, by the gateway's URI and the step's name."""


def call_warnings(call: str, gateways: int) -> list[str]:
    """Say what a check costs, before it runs; nothing where it places no call."""
    if not call:
        return []
    calls = "One short call" if gateways < 2 else f"{gateways} short calls, one through each gateway,"
    verb = "goes" if gateways < 2 else "go"
    return [f"{calls} {verb} to {call}. It is hung up within seconds; your carrier may charge for it."]


def comparison(now: Results, before: Results, *, days: int, titles: Mapping[str, str]) -> list[str]:
    """Say what changed since the check before, that many calendar days ago, worst news first.

    `titles` has the words of each cause. Steps that were skipped in either check are no news.
    """
    when = {0: "earlier today", 1: "yesterday"}.get(days, f"{days} days ago")
    several = len({uri for uri, _name in now}) > 1
    worse, other, better = [], [], []
    for (uri, name), (result, cause) in now.items():
        where = f" at {uri}" if several else ""
        noun = _STEP_NOUNS.get(name, name) + where
        earlier, earlier_cause = before.get((uri, name), ("", ""))
        title = titles.get(cause, cause)
        if result in _BAD and earlier in _GOOD:
            worse.append(f"{_capital(noun)} worked {when}. New: {_lower(title)}.")
        elif result in _BAD and earlier in _BAD and cause != earlier_cause:
            old = _lower(titles.get(earlier_cause, earlier_cause))
            other.append(f"{_capital(noun)}: {_lower(title)}; {when} it was: {old}.")
        elif result in _GOOD and earlier in _BAD:
            old = _lower(titles.get(earlier_cause, earlier_cause))
            better.append(f"{_capital(noun)} works now; {when}: {old}.")
    return [*worse, *other, *better]


def days_between(now: datetime, before: datetime) -> int:
    """How many calendar days lie between two moments."""
    return (now.date() - before.date()).days


def progress_words(steps_done: Sequence[object]) -> str:
    """Say how far a running check has come, for those who hear the page."""
    return f"{len(steps_done)} steps done" if len(steps_done) != 1 else "1 step done"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    """A title inside a sentence: "The carrier …" becomes "the carrier …", "DNS …" stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def carrier_message(
    uri: str,
    *,
    cause: Cause,
    step: str,
    detail: str,
    target: str,
    call_id: str,
    at: datetime,
    sources: Collection[str] = (),
) -> str:
    """Write the message that a customer sends to the carrier about a check that failed."""
    opening = f"a test of our SIP trunk to {uri} found a problem. {cause.meaning}"
    lines = ["Hello,", "", *textwrap.wrap(opening, 64, break_on_hyphens=False), ""]
    lines += [f"Step: {step}", f"Result: {detail}", f"Time: {at:%Y-%m-%d %H:%M:%S} UTC"]
    if target:
        lines.append(f"Sent to: {target}")
    if call_id:
        lines.append(f"Call-ID: {call_id}")
    if sources:
        lines.append(f"We send from: {', '.join(sources)}")
    return "\n".join([*lines, "", f"Could you look into it? {cause.title}.", "Thank you."])
