"""What is kept of what the provider sends: the fields that we know, of a length that we expect."""

from __future__ import annotations

import re

from django.http import QueryDict

from trunks.storable import without_nul

LONGEST_VALUE = 255
_PARTIES = ("From", "To", "Caller", "Called")
# Tokens that let their holder place calls (CallToken, StirPassportToken) are not kept, nor headers of SIP.
KNOWN_FIELDS = (
    *("AccountSid", "ApiVersion", "CallSid", "ParentCallSid", "CallStatus", "Direction", "ForwardedFrom"),
    *_PARTIES,
    *(f"{party}{part}" for party in _PARTIES for part in ("City", "State", "Zip", "Country")),
    *("CallerName", "StirVerstat", "StirStatus", "SipCallId", "SipDomain", "SipDomainSid", "SipSourceIp"),
    *("CallDuration", "Duration", "SipResponseCode", "SequenceNumber", "Timestamp", "CallbackSource"),
    *("AnsweredBy", "ErrorCode", "ErrorMessage", "ErrorUrl"),
)
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_HIGHEST_SEQUENCE = 2**31 - 1


def known_fields(form: QueryDict) -> dict[str, str]:
    """Return the fields that we know and that say something, each cut to LONGEST_VALUE characters."""
    known = {name: without_nul(form.get(name, ""))[:LONGEST_VALUE] for name in KNOWN_FIELDS}
    return {name: value for name, value in known.items() if value}


def call_sid_of(form: QueryDict) -> str:
    """Return the call's id; "" when there is none."""
    sid = form.get("CallSid", "")
    return sid if _CALL_SID.fullmatch(sid) else ""


def sequence_number_of(form: QueryDict) -> int | None:
    """Return which of the things told of the call this is, from 0; None when it does not say."""
    text = form.get("SequenceNumber", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_SEQUENCE))):
        return None
    return min(int(text), _HIGHEST_SEQUENCE)
