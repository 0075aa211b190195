"""Numbers of others that an account may show: each is called, and whoever answers types a code."""

from __future__ import annotations

import secrets
import time

from callsphere.lib.e164 import is_e164
from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.inventory import GONE_ENDING
from callsphere.local.doubles.twilio.messages import Answer, Row, invalid, not_found
from callsphere.local.doubles.twilio.resources import Deed, Rules, answer, now
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store, new_sid

CALLER_IDS = "api/OutgoingCallerIds"
CALLS = "double/ValidationCalls"
_ALREADY = 21450


def answer_caller_ids(deed: Deed) -> Answer:
    """Call a number and answer the code that is to be typed; everything else as any resource does."""
    if deed.operation.method != "POST" or "Sid" in deed.ids:
        return answer(deed, Rules())
    number, account = str(deed.sent["PhoneNumber"]), deed.account["sid"]
    if not is_e164(number):
        raise invalid(21401, f"Phone number {number} is not valid")
    if deed.store.find(CALLER_IDS, account_sid=account, phone_number=number):
        raise invalid(_ALREADY, "Phone number is already verified for your account")
    call: Row = {
        "sid": new_sid("CA"),
        "account_sid": account,
        "phone_number": number,
        "friendly_name": deed.sent.get("FriendlyName") or number,
        "validation_code": f"{secrets.randbelow(10**6):06}",
        "status_callback": deed.sent.get("StatusCallback"),
        "date_created": now(deed.operation),
        "placed_at": time.time(),
    }
    deed.store.add(CALLS, call)
    shown = {**call, "call_sid": call["sid"]}
    return Answer(deed.operation.status, {name: shown.get(name) for name in deed.operation.answer})


def pick_up(store: Store, number: str, digits: str | None) -> Row:
    """End the newest call to a number: the digits that were typed, None for the right code, "" for nobody.

    Returns the call with its `status`. Raises a Refusal when nobody calls it.
    """
    call = next(iter(reversed(list(store.all(CALLS, phone_number=number)))), None)
    if call is None:
        raise not_found(f"a validation call to {number}")
    store.remove(CALLS, sid=call["sid"])
    call["status"] = "success" if digits in (None, call["validation_code"]) else "failed"
    if call["status"] == "success":
        fields = ("account_sid", "phone_number", "friendly_name", "date_created")
        row = {
            "sid": new_sid("PN"),
            "date_updated": call["date_created"],
            **{name: call[name] for name in fields},
        }
        call["caller_id_sid"] = store.add(CALLER_IDS, row)["sid"]
    store.save()
    return call


def pick_up_older(store: Store, moment: float) -> None:
    """Have whoever is called answer by themselves, as the demo has nobody there.

    Nobody answers at numbers that end as those which nobody can buy.
    """
    for call in list(store.all(CALLS)):
        if call["placed_at"] < moment and not call["phone_number"].endswith(GONE_ENDING):
            pick_up(store, call["phone_number"], None)


def tell(store: Store, call: Row) -> None:
    """Send the status callback of a call that has ended, if it has one. Raises OSError."""
    if call["status_callback"]:
        account = store.get(ACCOUNTS, sid=call["account_sid"])
        fields = {
            "AccountSid": account["sid"],
            "CallSid": call["sid"],
            "To": call["phone_number"],
            "VerificationStatus": call["status"],
        }
        if "caller_id_sid" in call:
            fields["OutgoingCallerIdSid"] = call["caller_id_sid"]
        callbacks.send(account, "POST", call["status_callback"], fields)
