"""Text messages: sent with what their address is told of them, and those that come in.

| the recipient's number ends in | the message |
|---|---|
| 71 | is refused: they answered STOP (21610) |
| 72 | is filtered by the carrier (30007) |
| 73 | does not reach the phone (30003) |
| 74 | fails: the sender is not registered (30034) |
| 75 | cannot reach a landline (30006) |
| anything else | is delivered |
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

from callsphere.lib.e164 import is_e164
from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.callbacks import Reply
from callsphere.local.doubles.twilio.messages import Answer, Row, invalid, not_found
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, answer, shown
from callsphere.local.doubles.twilio.specification import find
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store, new_sid
from callsphere.local.doubles.twilio.times import is_in_time
from callsphere.local.doubles.twilio.trust import SERVICE_NUMBERS
from callsphere.local.doubles.twilio.voice.telling import Disturbances, Mailbox

MESSAGES = "api/Messages"
_STOPPED = "double/StoppedRecipients"
_STOP_WORDS, _START_WORDS = {"STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "STOPALL"}, {"START", "UNSTOP"}
_LONGEST_BODY, _PRICE = 1600, 0.0083
_STOPS = "71"
_FAILS: Mapping[str, tuple[str, int]] = {
    "72": ("undelivered", 30007),
    "73": ("undelivered", 30003),
    "74": ("failed", 30034),
    "75": ("undelivered", 30006),
}
# GSM 03.38, its basic set: 160 letters fit into a segment of it, 70 of anything else, which is sent in UCS-2.
_GSM = re.compile(
    r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\\[~\]|€]*"
)


class TextMessages:
    """Sends messages, each by a thread of its own. `lock` is the double's."""

    def __init__(self, store: Store, lock: threading.RLock, disturbances: Disturbances) -> None:
        self._store = store
        self._lock = lock
        self._disturbances = disturbances

    def answer(self, deed: Deed) -> Answer:
        """Do what was asked of messages."""
        if deed.operation.method == "POST" and "Sid" not in deed.ids:
            row = self._create(deed)
            reply = Answer(deed.operation.status, shown(deed, Rules(), row))
            threading.Thread(target=self._send, args=(row,), daemon=True, name="twilio message").start()
            return reply
        if deed.operation.rows:
            rows = [shown(deed, Rules(), row) for row in _listed(deed)]
            return Answer(200, page(deed.operation, deed.request, rows))
        return answer(deed, Rules(changing=_check_change))

    def receive(self, to: str, sender: str, body: str) -> tuple[Row, Reply]:
        """Have somebody write to a number, and return the message and what the number's address answered.

        Raises a Refusal when nobody has the number or it has no address, OSError when nothing answers.
        """
        number = self._store.find(NUMBERS, phone_number=to)
        if number is None:
            raise not_found(to)
        if not number["sms_url"]:
            raise invalid(11200, f"{to} has no address for messages")
        account = self._store.get(ACCOUNTS, sid=number["account_sid"])
        with self._lock:
            row = self._keep(account, "inbound", "received", {"To": to, "From": sender, "Body": body})
            self._note_stop(to, sender, body)
        reply = callbacks.send(account, number["sms_method"], number["sms_url"], _incoming_fields(row))
        for text in _replies(reply):
            with self._lock:
                sent = {"To": sender, "From": to, "Body": text}
                answered = self._keep(account, "outbound-reply", "queued", sent)
            self._send(answered)
        return row, reply

    def _note_stop(self, to: str, sender: str, body: str) -> None:
        word = body.strip().upper()
        if word in _STOP_WORDS:
            self._store.add(_STOPPED, {"sid": new_sid("ST"), "from": to, "to": sender})
        elif word in _START_WORDS:
            self._store.remove(_STOPPED, **{"from": to, "to": sender})

    def _create(self, deed: Deed) -> Row:
        sent = dict(deed.sent)
        if not is_e164(str(sent["To"])):
            raise invalid(21211, f"The 'To' number {sent['To']} is not a valid phone number.")
        sent["From"] = sender = _sender(deed)
        if not sent.get("Body"):
            raise invalid(21602, "Message body is required.")
        if len(sent["Body"]) > _LONGEST_BODY:
            raise invalid(21617, "The concatenated message body exceeds the 1600 character limit.")
        stopped = self._store.find(_STOPPED, **{"from": sender, "to": sent["To"]})
        if stopped or sent["To"].endswith(_STOPS):
            raise invalid(21610, "Attempt to send to unsubscribed recipient")
        return self._keep(deed.account, "outbound-api", "queued", sent)

    def _keep(self, account: Row, direction: str, status: str, sent: Mapping[str, Any]) -> Row:
        operation = find("api.twilio.com", "GET", "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json")
        segments = segments_of(sent["Body"])
        row: Row = dict.fromkeys(operation.answer if operation else ())
        row |= {
            "sid": new_sid("SM"),
            "account_sid": account["sid"],
            "api_version": "2010-04-01",
            "direction": direction,
            "status": status,
            "to": sent["To"],
            "from": sent["From"],
            "body": sent["Body"],
            "messaging_service_sid": sent.get("MessagingServiceSid"),
            "num_segments": str(segments),
            "num_media": "0",
            "price_unit": "USD",
            "subresource_uris": {},
            "date_created": _now(),
            "date_updated": _now(),
            "_callback": sent.get("StatusCallback") or "",
        }
        return self._store.add(MESSAGES, row)

    def _send(self, row: Row) -> None:
        account = self._store.get(ACCOUNTS, sid=row["account_sid"])
        mailbox = Mailbox(account, self._disturbances)
        last, code = _FAILS.get(row["to"][-2:], ("delivered", 0))
        for status in ("queued", *(("sent",) if last != "failed" else ()), last):
            self._go_on(row, status, code if status == last else 0)
            if row["_callback"]:
                mailbox.post(row["_callback"], "POST", _status_fields(row, status))
        mailbox.close()
        with self._lock:
            self._store.save()

    def _go_on(self, row: Row, status: str, code: int) -> None:
        with self._lock:
            row.update(status=status, date_updated=_now())
            if status == "sent":
                row.update(date_sent=_now(), price=f"-{_PRICE * int(row['num_segments']):.5f}")
            if code:
                row.update(error_code=code, error_message="The message did not arrive")


def _listed(deed: Deed) -> Iterator[Row]:
    """Yield the newest first."""
    asked = {name: values[0] for name, values in deed.request.query.items() if values[0]}
    same = {name.lower(): asked[name] for name in ("To", "From") if name in asked}
    times = [(name, value) for name, value in asked.items() if name.startswith("DateSent")]
    for row in reversed(list(deed.store.all(MESSAGES, account_sid=deed.account["sid"], **same))):
        if all(is_in_time(row["date_sent"], name, value) for name, value in times):
            yield row


def segments_of(body: str) -> int:
    """Return in how many parts a text is sent."""
    alone, joined = (160, 153) if _GSM.fullmatch(body) else (70, 67)
    return 1 if len(body) <= alone else -(-len(body) // joined)


def _sender(deed: Deed) -> str:
    """Return the number that a message comes from; a messaging service has the first of its own send."""
    own = deed.account["sid"]
    service = deed.sent.get("MessagingServiceSid")
    if service and not deed.sent.get("From"):
        entry = deed.store.find(SERVICE_NUMBERS, account_sid=own, service_sid=service)
        row = deed.store.find(NUMBERS, account_sid=own, sid=entry["sid"]) if entry else None
        if row is None:
            raise invalid(21703, "The Messaging Service does not have a phone number available")
        return str(row["phone_number"])
    sender = deed.sent.get("From")
    if not sender:
        raise invalid(21603, "A 'From' phone number is required.")
    row = deed.store.find(NUMBERS, account_sid=own, phone_number=sender)
    if row is None or not row["capabilities"]["sms"]:
        raise invalid(21606, f"The 'From' phone number {sender} is not a message-capable number of yours.")
    return str(sender)


def _check_change(deed: Deed, row: Row) -> None:
    """A text can be taken away; only a message that is still to be sent can be cancelled."""
    if deed.sent.get("Status"):
        raise invalid(30409, "The message is not in a cancelable state")
    if deed.request.form.get("Body") not in (None, [""]):
        raise invalid(21620, "Body may only be emptied")
    row["body"] = ""


def _status_fields(row: Row, status: str) -> dict[str, str]:
    fields = {
        "AccountSid": row["account_sid"],
        "ApiVersion": row["api_version"],
        "From": row["from"],
        "To": row["to"],
        "MessageSid": row["sid"],
        "SmsSid": row["sid"],
        "MessageStatus": status,
        "SmsStatus": status,
    }
    if row["messaging_service_sid"]:
        fields["MessagingServiceSid"] = row["messaging_service_sid"]
    return fields | ({"ErrorCode": str(row["error_code"])} if row["error_code"] else {})


def _incoming_fields(row: Row) -> dict[str, str]:
    return {
        "AccountSid": row["account_sid"],
        "ApiVersion": row["api_version"],
        "Body": row["body"],
        "From": row["from"],
        "To": row["to"],
        "MessageSid": row["sid"],
        "SmsMessageSid": row["sid"],
        "SmsSid": row["sid"],
        "SmsStatus": "received",
        "NumMedia": "0",
        "NumSegments": row["num_segments"],
    }


def _replies(reply: Reply) -> list[str]:
    """Return what the address of a number has answered to a message, if that is TwiML."""
    if reply.status >= 400 or not reply.text.lstrip().startswith("<"):
        return []
    try:
        root = ElementTree.fromstring(reply.text)  # noqa: S314  # what our own product answered
    except ElementTree.ParseError:
        return []
    return [text for each in root.iter("Message") if (text := "".join(each.itertext()).strip())]


def _now() -> str:
    return format_datetime(datetime.fromtimestamp(int(time.time()), UTC))
