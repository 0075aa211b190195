"""What people hear and read of escalations."""

from __future__ import annotations

from callsphere.escalations.models import Escalation

LONGEST_TEXT = 480
"""Characters: three parts, each of which is paid for."""
LONGEST_SPOKEN = 3_500
"""Characters: Twilio says 4096 at most at once."""
NO_KEY = "Nothing was pressed. You may still be called again. Goodbye."
PASSED = "All right. Goodbye."


def spoken_number(number: str) -> str:
    """Return a number (E.164) as it is understood when it is read out: digit by digit."""
    return " ".join(number.removeprefix("+"))


def spoken_request(run: Escalation) -> str:
    """Return what somebody on call hears."""
    who = f"A caller from {spoken_number(run.caller_number)}" if run.caller_number else "A caller"
    words = f"This is {run.tenant.name}. {who} needs help. {run.summary}"
    return f"{words[:LONGEST_SPOKEN]} Press 1 to take it, 2 to pass."


def spoken_thanks(run: Escalation) -> str:
    """Return what the one who took it hears."""
    number = run.caller_number
    where = f" Call back {spoken_number(number)}. Again: {spoken_number(number)}." if number else ""
    return f"Thank you, it is yours.{where} Goodbye."


def spoken_end(run: Escalation) -> str:
    """Return what somebody hears who comes too late."""
    return f"{how_it_ended(run)} Thank you. Goodbye."


def how_it_ended(run: Escalation) -> str:
    """Return in a sentence who has it, or that nobody is needed."""
    return f"{run.accepted_name} has taken it." if run.accepted_name else "It was canceled: nobody is needed."


def text_request(run: Escalation) -> str:
    """Return the text that somebody on call gets while they are called."""
    who = run.caller_number or "A caller"
    words = f"{run.tenant.name}: {who} needs help. You are being called: press 1 to take it. {run.summary}"
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"


def text_end(run: Escalation) -> str:
    """Return the text that says how it ended."""
    return f"{run.tenant.name}: {how_it_ended(run)} ({run.caller_number or 'a caller'})"
