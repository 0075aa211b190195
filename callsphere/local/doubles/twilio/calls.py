"""The API of calls: reading them, changing those under way, and placing new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from callsphere.lib.e164 import is_e164
from callsphere.local.doubles.twilio.caller_ids import CALLER_IDS
from callsphere.local.doubles.twilio.messages import Answer, Row, invalid
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, answer, shown
from callsphere.local.doubles.twilio.times import is_in_time
from callsphere.local.doubles.twilio.voice.documents import Address
from callsphere.local.doubles.twilio.voice.ledger import CALLS, show_price
from callsphere.local.doubles.twilio.voice.lines import line_of
from callsphere.local.doubles.twilio.voice.live import Over, Replaced
from callsphere.local.doubles.twilio.voice.playing import Placed
from callsphere.local.doubles.twilio.voice.switchboard import Switchboard, is_over
from callsphere.local.doubles.twilio.voice.telling import Callback

_LONGEST_TWIML = 4000
_TIMES = {"StartTime": "start_time", "EndTime": "end_time"}
_EQUAL = {"To": "to", "From": "from", "ParentCallSid": "parent_call_sid", "Status": "status"}


def answer_calls(switchboard: Switchboard, deed: Deed) -> Answer:
    """Do what was asked of calls."""
    operation = deed.operation
    if operation.method == "POST":
        row = _change(switchboard, deed) if "Sid" in deed.ids else _create(switchboard, deed)
        return Answer(operation.status, shown(deed, _RULES, row))
    if operation.rows:
        rows = [shown(deed, _RULES, row) for row in _listed(deed)]
        return Answer(200, page(operation, deed.request, rows))
    return answer(deed, _RULES)


def _show(deed: Deed, row: Row) -> None:
    show_price(row)
    base = row["uri"].removesuffix(".json")
    names = ("notifications", "recordings", "streams", "events", "transcriptions", "siprec", "payments")
    row["subresource_uris"] = {name: f"{base}/{name.capitalize()}.json" for name in names}


def _keep_running(deed: Deed, row: Row) -> None:
    if not is_over(row):
        raise invalid(20001, "A call that is under way cannot be deleted")


_RULES = Rules(shown=_show, deleting=_keep_running)


def _listed(deed: Deed) -> Iterator[Row]:
    """Yield the newest first."""
    asked = {name: values[0] for name, values in deed.request.query.items() if values[0]}
    same = {field: asked[name] for name, field in _EQUAL.items() if name in asked}
    rows = list(deed.store.all(CALLS, account_sid=deed.account["sid"], **same))
    for row in reversed(rows):
        if all(
            is_in_time(row[_TIMES[name.rstrip("<>")]], name, value)
            for name, value in asked.items()
            if name.rstrip("<>") in _TIMES
        ):
            yield row


def _change(switchboard: Switchboard, deed: Deed) -> Row:
    row = deed.store.get(CALLS, account_sid=deed.account["sid"], sid=deed.ids["Sid"])
    sent = deed.sent
    if is_over(row):
        raise invalid(21220, "Call is not in-progress. Cannot redirect.")
    if sent.get("TimeLimit"):
        switchboard.limit(row["sid"], float(sent["TimeLimit"]))
    if sent.get("Status"):
        _stop(switchboard, row, str(sent["Status"]))
    elif sent.get("Twiml") or sent.get("Url"):
        _redirect(switchboard, row, sent)
    return row


def _stop(switchboard: Switchboard, row: Row, status: str) -> None:
    is_waiting = row["status"] in ("queued", "ringing")
    if status == "canceled" and not is_waiting:
        raise invalid(21220, "Call is in-progress. Cannot cancel.")
    ends_as = "canceled" if is_waiting and row["direction"] != "inbound" else ""
    if not switchboard.break_in(row["sid"], Over("api", ends_as, 487 if is_waiting else 0)):
        raise invalid(21220, "Call is not in-progress. Cannot redirect.")


def _redirect(switchboard: Switchboard, row: Row, sent: Any) -> None:
    if row["status"] != "in-progress" or row["parent_call_sid"]:
        raise invalid(21220, "Call is not in-progress. Cannot redirect.")
    _check_twiml(sent)
    replaced = Replaced(
        twiml=sent.get("Twiml") or "", url=sent.get("Url") or "", method=sent.get("Method") or "POST"
    )
    if not switchboard.break_in(row["sid"], replaced):
        raise invalid(21220, "Call is not in-progress. Cannot redirect.")


def _check_twiml(sent: Any) -> None:
    if len(sent.get("Twiml") or "") > _LONGEST_TWIML:
        raise invalid(21205, f"Twiml is longer than {_LONGEST_TWIML} characters")


def _create(switchboard: Switchboard, deed: Deed) -> Row:
    sent, account = deed.sent, deed.account
    to, caller = str(sent["To"]), str(sent["From"])
    _check_parties(deed, to, caller)
    if not sent.get("Url") and not sent.get("Twiml"):
        raise invalid(21205, "Url parameter is required.")
    _check_twiml(sent)
    own = deed.store.find(NUMBERS, account_sid=account["sid"], phone_number=caller)
    row = switchboard.ledger.open_call(
        account,
        to=to,
        caller=caller,
        direction="outbound-api",
        phone_number_sid=own["sid"] if own else None,
    )
    events = sent.get("StatusCallbackEvent") or ("completed",)
    switchboard.place(
        account,
        row,
        _placed(to, sent),
        voice=Address(sent.get("Url") or "", sent.get("Method") or "POST"),
        fallback=Address(sent.get("FallbackUrl") or "", sent.get("FallbackMethod") or "POST"),
        status=_callback(sent, events),
    )
    return row


def _callback(sent: Any, events: Any) -> Callback | None:
    url = sent.get("StatusCallback")
    return Callback.of(url, sent.get("StatusCallbackMethod") or "POST", events) if url else None


def _placed(to: str, sent: Any) -> Placed:
    told = sent.get("AsyncAmdStatusCallback") if str(sent.get("AsyncAmd")).lower() == "true" else ""
    return Placed(
        line=line_of(to, {}),
        twiml=sent.get("Twiml") or "",
        timeout_s=float(sent.get("Timeout") or 60),
        detects=sent.get("MachineDetection") or "",
        told=Address(told or "", sent.get("AsyncAmdStatusCallbackMethod") or "POST"),
        limit_s=float(sent["TimeLimit"]) if sent.get("TimeLimit") else None,
    )


def _check_parties(deed: Deed, to: str, caller: str) -> None:
    if not (is_e164(to) or re.fullmatch(r"sips?:\S+", to)):
        raise invalid(21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if to.startswith("sip"):
        return
    own = {"account_sid": deed.account["sid"], "phone_number": caller}
    if not (deed.store.find(NUMBERS, **own) or deed.store.find(CALLER_IDS, **own)):
        raise invalid(21210, f"The source phone number provided, {caller}, is not yet verified")
