"""Calls under way and ended: ending them, sending them elsewhere, what they cost, and new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.lists import EVERYTHING
from callsphere.providers.twilio.twiml import InstructionsInvalid

LONGEST_TWIML = 4000
"""Characters of a document that is sent along with a request."""

_NEWEST = 50
"""Calls between the same two numbers that are looked through."""

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The statuses of a call that is over."""

AT_ANSWER, MESSAGE_END = "Enable", "DetectMessageEnd"
"""When it is said whether a machine answered (page "Answering Machine Detection")."""

CALL_OVER = "call_over"
"""The problem's name when a call that is over was to do something."""


@dataclass(frozen=True, slots=True)
class CallState:
    """A call as Twilio has it; what it says may be some seconds old.

    `status` is queued, ringing, in-progress or one of ENDED. `duration_s` counts from the answer, and is None
    until the call is over. `price` is negative, in `price_unit` (USD), and known minutes after the end.
    `parent_sid` is that of the call which dialled this leg. `answered_by` is human, machine_start, fax … or
    nothing.
    """

    sid: str
    status: str
    direction: str
    to_number: str
    from_number: str
    parent_sid: str
    answered_by: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None
    price: Decimal | None
    price_unit: str
    created_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens in it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to place: to a number (E.164) or a SIP address, from one of the account's numbers.

    `url` is asked what to do when somebody answers, or `twiml` says it. `status_callback` is told how it
    goes, from the first to the last. With `detects` the answer is held back until it is known who answered,
    or, by MESSAGE_END, until a machine's tone; with `amd_callback` the call goes on meanwhile, and that
    address is told. `byoc_trunk_sid` (BY…) has it go over the customer's carrier.
    """

    to_number: str
    from_number: str
    url: str = ""
    twiml: str = ""
    status_callback: str = ""
    timeout_s: int = 60
    time_limit_s: int | None = None
    detects: str = ""
    amd_callback: str = ""
    byoc_trunk_sid: str = ""


def read_call(account: TwilioAccount, sid: str) -> CallState:
    """Return how a call stands. Raises TwilioError."""
    return _state(_calls(account)(sid).fetch())


def find_legs(account: TwilioAccount, parent_sid: str) -> list[CallState]:
    """Return the legs that a call dialled, the newest first. Raises TwilioError."""
    return [_state(row) for row in _calls(account).list(parent_call_sid=parent_sid, page_size=EVERYTHING)]


def find_calls(
    account: TwilioAccount, *, to_number: str, from_number: str, since: datetime
) -> list[CallState]:
    """Return the account's calls from one number to another that were asked for at `since` or later.

    The oldest comes first. A call may be missing for some seconds after it was asked for (page "Call
    resource"). Raises TwilioError.
    """
    rows = _calls(account).list(to=to_number, from_=from_number, limit=_NEWEST, page_size=_NEWEST)
    found = [_state(row) for row in rows]
    later = [state for state in found if state.created_at is not None and state.created_at >= since]
    return sorted(later, key=lambda state: state.created_at or since)


def hang_up_call(account: TwilioAccount, sid: str) -> CallState:
    """End a call and the legs it dialled; one that is over already counts as done. Raises TwilioError."""
    return _unless_over(account, sid, lambda: _calls(account)(sid).update(status="completed"))


def redirect_call(account: TwilioAccount, sid: str, document: str) -> CallState:
    """Have a call do something else at once (TwiML): the leg it dialled ends, unless the document keeps it.

    Raises InstructionsInvalid for a document that is too long, TwilioError with the problem CALL_OVER when
    the call is over. With the error's `outcome_unknown` it may do so nevertheless: look at its legs.
    """
    _check_length(document)
    return _state(_calls(account)(sid).update(twiml=document))


def set_time_limit(account: TwilioAccount, sid: str, seconds: int) -> CallState:
    """Have a call end so many seconds after it was answered; one that is over counts as done.

    Raises TwilioError.
    """
    return _unless_over(account, sid, lambda: _calls(account)(sid).update(time_limit=seconds))


def create_call(account: TwilioAccount, call: NewCall) -> CallState:
    """Place a call. Raises TwilioError; with `outcome_unknown` it may ring nevertheless: look before another.

    Raises InstructionsInvalid when it does not say what the call is to do.
    """
    if bool(call.url) == bool(call.twiml):
        raise InstructionsInvalid("A call has either an address that says what to do, or TwiML.")
    _check_length(call.twiml)
    return _state(_calls(account).create(to=call.to_number, from_=call.from_number, **_options(call)))


def _options(call: NewCall) -> dict[str, object]:
    options: dict[str, object] = {
        "url": call.url,
        "twiml": call.twiml,
        "timeout": call.timeout_s,
        "time_limit": call.time_limit_s,
        "byoc": call.byoc_trunk_sid,
    }
    if call.status_callback:
        options["status_callback"] = call.status_callback
        options["status_callback_event"] = ["initiated", "ringing", "answered", "completed"]
    if call.detects:
        options["machine_detection"] = call.detects
    if call.detects and call.amd_callback:
        options["async_amd"] = "true"
        options["async_amd_status_callback"] = call.amd_callback
    return {name: value for name, value in options.items() if value not in ("", None)}


def _unless_over(account: TwilioAccount, sid: str, change: Callable[[], Any]) -> CallState:
    try:
        return _state(change())
    except TwilioError as error:
        if error.problem.name != CALL_OVER:
            raise
    return read_call(account, sid)


def _check_length(document: str) -> None:
    if len(document) > LONGEST_TWIML:
        raise InstructionsInvalid(
            f"Instructions for a call are longer than {LONGEST_TWIML} characters. Let it ask an address."
        )


def _calls(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).calls


def _state(row: Any) -> CallState:
    return CallState(
        sid=row.sid,
        status=str(row.status),
        direction=str(row.direction or ""),
        to_number=row.to or "",
        from_number=row._from or "",
        parent_sid=row.parent_call_sid or "",
        answered_by=row.answered_by or "",
        started_at=row.start_time,
        ended_at=row.end_time,
        duration_s=None if row.duration is None else int(row.duration),
        price=None if row.price is None else Decimal(row.price),
        price_unit=(row.price_unit or "").upper(),
        created_at=row.date_created,
    )
