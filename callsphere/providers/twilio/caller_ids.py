"""Numbers that Twilio did not sell and an account may show: proved by a call that asks for a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import remove
from callsphere.providers.twilio.lists import EVERYTHING


@dataclass(frozen=True, slots=True)
class ValidationCall:
    """A call that asks whoever answers for `code`: digits as they are to be typed."""

    call_sid: str
    code: str


def call_to_verify(account: TwilioAccount, number: str, *, label: str, extension: str = "") -> ValidationCall:
    """Have a number (E.164) called at once; `extension` is dialled when somebody answers.

    Each call is another one, which costs money: look with `find_caller_id` whether it is needed. Raises
    TwilioError: `number_verified` when an earlier call had succeeded.
    """
    options = {"extension": extension} if extension else {}
    calls = open_client(account).api.v2010.accounts(account.account_sid).validation_requests
    row = calls.create(phone_number=number, friendly_name=label, **options)
    return ValidationCall(row.call_sid, str(row.validation_code))


def find_caller_id(account: TwilioAccount, number: str) -> str:
    """Return the id of a number that was proved; empty when it was not."""
    rows = _caller_ids(account).list(phone_number=number, page_size=EVERYTHING)
    return next((str(row.sid) for row in rows if row.phone_number == number), "")


def forget_caller_id(account: TwilioAccount, number: str) -> None:
    """Have a number proved no more; one that is not counts as done."""
    sid = find_caller_id(account, number)
    if sid:
        remove(_caller_ids(account)(sid).delete)


def _caller_ids(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).outgoing_caller_ids
