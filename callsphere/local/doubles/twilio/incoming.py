"""Calls that come in: which address Twilio asks what to do with them."""

from __future__ import annotations

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.messages import Row, invalid, not_found
from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.sip import DOMAINS
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store, new_sid
from callsphere.local.doubles.twilio.trunks import BYOC_TRUNKS

_API_VERSION = "2010-04-01"


def ring(store: Store, *, to: str, caller: str) -> callbacks.Reply:
    """Send the voice webhook of a call to a number (+1…) or SIP address (sip:user@domain); return the TwiML.

    Raises a Refusal when nobody has the number, or nothing is to be asked: a number on an elastic trunk
    ignores its own addresses.
    """
    place, url, method = _sip_place(store, to) if to.startswith("sip:") else _number_place(store, to)
    if not url:
        raise invalid(11200, f"{to} has no voice address")
    account = store.get(ACCOUNTS, sid=place["account_sid"])
    fields = {
        "AccountSid": account["sid"],
        "ApiVersion": _API_VERSION,
        "CallSid": new_sid("CA"),
        "CallStatus": "ringing",
        "Direction": "inbound",
        "To": to,
        "Called": to,
        "From": caller,
        "Caller": caller,
    }
    if to.startswith("sip:"):
        fields |= {
            "SipDomain": place["domain_name"],
            "SipDomainSid": place["sid"],
            "SipSourceIp": "127.0.0.1",
        }
    return callbacks.send(account, method, url, fields)


def _number_place(store: Store, number: str) -> tuple[Row, str, str]:
    row = store.find(NUMBERS, phone_number=number)
    if row is None:
        raise not_found(number)
    if row["trunk_sid"]:
        raise invalid(32011, f"{number} is on the elastic trunk {row['trunk_sid']}, which asks no address")
    return row, row["voice_url"], row["voice_method"]


def _sip_place(store: Store, address: str) -> tuple[Row, str, str]:
    """A domain with a BYOC trunk takes that trunk's address."""
    name = address.removeprefix("sip:").rpartition("@")[2].partition(";")[0].partition(":")[0]
    domain = store.find(DOMAINS, domain_name=name)
    if domain is None:
        raise not_found(name)
    trunk = store.find(BYOC_TRUNKS, sid=domain["byoc_trunk_sid"]) if domain["byoc_trunk_sid"] else None
    source = trunk or domain
    return domain, source["voice_url"], source["voice_method"]
