"""Calls that come in: which address Twilio asks what to do with them, and tells how they went on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.callbacks import Reply
from callsphere.local.doubles.twilio.messages import Row, invalid, not_found
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.sip import DOMAINS
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store, new_sid
from callsphere.local.doubles.twilio.trunks import BYOC_TRUNKS

_API_VERSION = "2010-04-01"
_LASTED_S = 5


@dataclass(frozen=True, slots=True)
class Call:
    """A call that rang, and the TwiML that was answered."""

    sid: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Place:
    """What is called: whose it is, and the addresses and methods that were set there."""

    account: Row
    fields: dict[str, str]
    voice: tuple[str, str]
    fallback: tuple[str, str]
    status: tuple[str, str]
    number_sid: str | None = None


def ring(store: Store, *, to: str, caller: str) -> Call:
    """Send the voice webhook of a call to a number (+1…) or SIP address (sip:user@domain).

    When nothing useful is answered, the fallback address is asked, if there is one. Raises a Refusal when
    nobody has the number, or nothing is to be asked: a number on an elastic trunk ignores its own addresses.
    """
    place = find_place(store, to)
    if not place.voice[0]:
        raise invalid(11200, f"{to} has no voice address")
    fields = call_fields(place, to, caller, new_sid("CA"), "ringing")
    try:
        reply = _send(place, place.voice, fields)
    except OSError:
        if not place.fallback[0]:
            raise
        reply = Reply(502, "")
    if reply.status >= 400 and place.fallback[0]:
        reply = _send(place, place.fallback, {**fields, "ErrorCode": "11200", "ErrorUrl": place.voice[0]})
    return Call(fields["CallSid"], reply)


def tell_status(
    store: Store, *, to: str, caller: str, sid: str, status: str = "completed", sequence: int = 0
) -> Reply:
    """Tell how a call goes on, as often and in which order one likes; raises a Refusal without an address."""
    place = find_place(store, to)
    if not place.status[0]:
        raise invalid(11200, f"{to} has no address for statuses")
    fields = call_fields(place, to, caller, sid, status) | {
        "SequenceNumber": str(sequence),
        "Timestamp": format_datetime(datetime.now(UTC)),
        "CallbackSource": "call-progress-events",
    }
    if status == "completed":
        fields |= {"CallDuration": str(_LASTED_S), "Duration": "1", "SipResponseCode": "200"}
    return _send(place, place.status, fields)


def _send(place: Place, address: tuple[str, str], fields: dict[str, str]) -> Reply:
    url, method = address
    return callbacks.send(place.account, method, url, fields)


def call_fields(place: Place, to: str, caller: str, sid: str, status: str) -> dict[str, str]:
    """Return what goes along with whatever is asked or told of a call that comes in."""
    return {
        "AccountSid": place.account["sid"],
        "ApiVersion": _API_VERSION,
        "CallSid": sid,
        "CallStatus": status,
        "Direction": "inbound",
        "To": to,
        "Called": to,
        "From": caller,
        "Caller": caller,
        "CallerCity": "",  # sent though nothing is known
        **place.fields,
    }


def find_place(store: Store, to: str) -> Place:
    """Return who has a number or a SIP address; raise a Refusal when nobody does."""
    return _sip_place(store, to) if to.startswith("sip:") else _number_place(store, to)


def _number_place(store: Store, number: str) -> Place:
    row = store.find(NUMBERS, phone_number=number)
    if row is None:
        raise not_found(number)
    if row["trunk_sid"]:
        raise invalid(32011, f"{number} is on the elastic trunk {row['trunk_sid']}, which asks no address")
    return Place(
        account=store.get(ACCOUNTS, sid=row["account_sid"]),
        fields={},
        voice=(row["voice_url"], row["voice_method"]),
        fallback=(row["voice_fallback_url"], row["voice_fallback_method"]),
        status=(row["status_callback"], row["status_callback_method"]),
        number_sid=row["sid"],
    )


def _sip_place(store: Store, address: str) -> Place:
    """A domain with a BYOC trunk takes that trunk's addresses."""
    name = address.removeprefix("sip:").rpartition("@")[2].partition(";")[0].partition(":")[0]
    domain = store.find(DOMAINS, domain_name=name)
    if domain is None:
        raise not_found(name)
    trunk = store.find(BYOC_TRUNKS, sid=domain["byoc_trunk_sid"]) if domain["byoc_trunk_sid"] else None
    source, prefix = (trunk, "") if trunk else (domain, "voice_")
    return Place(
        account=store.get(ACCOUNTS, sid=domain["account_sid"]),
        fields={
            "SipDomain": domain["domain_name"],
            "SipDomainSid": domain["sid"],
            "SipSourceIp": "127.0.0.1",
        },
        voice=(source["voice_url"], source["voice_method"]),
        fallback=(source["voice_fallback_url"], source["voice_fallback_method"]),
        status=(source[f"{prefix}status_callback_url"], source[f"{prefix}status_callback_method"]),
    )
