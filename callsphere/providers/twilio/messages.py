"""Text messages: sending them, and how they went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.problems import Problem, problem_of

LONGEST_BODY = 1600
"""Characters of a message."""

_ENDED = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "received"})


class MessageInvalid(ValueError):
    """Twilio would not take this message; `str()` says why."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to send, to a number (E.164): from one of the account's, or from a messaging service (MG…).

    `status_callback` is told how it goes. It is not delivered any more after `valid_for_s`.
    """

    to_number: str
    body: str = field(repr=False)
    from_number: str = ""
    service_sid: str = ""
    status_callback: str = ""
    valid_for_s: int | None = None


@dataclass(frozen=True, slots=True)
class MessageState:
    """How a message stands: queued, sending, sent, delivered, undelivered, failed … `segments` are paid for.

    `problem` says why it did not arrive, if it did not.
    """

    sid: str
    status: str
    from_number: str
    to_number: str
    segments: int
    error_code: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in _ENDED

    @property
    def problem(self) -> Problem | None:
        """Why it did not arrive, in plain words."""
        return problem_of(self.error_code) if self.error_code else None


def send_message(account: TwilioAccount, message: NewMessage) -> MessageState:
    """Send a message. Raises MessageInvalid before anything is sent, TwilioError when Twilio refuses.

    With the error's `outcome_unknown` it may arrive nevertheless: sending again may send it twice.
    """
    if not message.body.strip() or len(message.body) > LONGEST_BODY:
        raise MessageInvalid(f"A message has 1 to {LONGEST_BODY} characters.")
    if bool(message.from_number) == bool(message.service_sid):
        raise MessageInvalid("A message comes either from a number or from a messaging service.")
    options = {
        "from_": message.from_number,
        "messaging_service_sid": message.service_sid,
        "status_callback": message.status_callback,
        "validity_period": message.valid_for_s,
    }
    sent = {name: value for name, value in options.items() if value}
    return _state(_messages(account).create(to=message.to_number, body=message.body, **sent))


def read_message(account: TwilioAccount, sid: str) -> MessageState:
    """Return how a message stands. Raises TwilioError."""
    return _state(_messages(account)(sid).fetch())


def forget_text(account: TwilioAccount, sid: str) -> None:
    """Have Twilio forget what a message said, not that it was sent. Raises TwilioError."""
    _messages(account)(sid).update(body="")


def _messages(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).messages


def _state(row: Any) -> MessageState:
    return MessageState(
        sid=row.sid,
        status=str(row.status),
        from_number=row.from_ or "",
        to_number=row.to or "",
        segments=int(row.num_segments or 0),
        error_code=int(row.error_code or 0),
    )
