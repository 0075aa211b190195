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
    *("DialCallSid", "DialCallStatus", "DialCallDuration", "DialBridged", "DialSipResponseCode"),
    *("RecordingSid", "RecordingStatus", "RecordingDuration", "StreamSid", "StreamEvent", "StreamError"),
)
_KNOWN = frozenset(KNOWN_FIELDS)
_SUBJECTS = ("DialCallSid", "RecordingSid", "StreamSid")
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
_HIGHEST_SEQUENCE = 2**31 - 1


def known_fields(form: QueryDict) -> dict[str, str]:
    """Return the fields that we know and that say something, each cut to LONGEST_VALUE characters.

    What stands behind a SIP address (RFC 3261 §19.1.1: headers) is left out: it may prove who sent a call.
    """
    told = ((name, without_nul(form.get(name, ""))[:LONGEST_VALUE]) for name in form if name in _KNOWN)
    known = {name: value for name, value in told if value}
    for party in _PARTIES:
        if known.get(party, "").lower().startswith(("sip:", "sips:")):
            known[party] = known[party].partition("?")[0]
    return known


def call_sid_of(form: QueryDict) -> str:
    """Return the id of the call, or of the leg, that is spoken of; "" when there is none."""
    return _call_sid(form, "CallSid")


def root_sid_of(form: QueryDict) -> str:
    """Return the id of the call that a leg belongs to: that of a call which is no leg is its own."""
    return _call_sid(form, "ParentCallSid") or call_sid_of(form)


def subject_of(form: QueryDict) -> str:
    """Return the id of the leg, recording or stream that a request without a count is about; "" for none."""
    sids = (form.get(name, "") for name in _SUBJECTS)
    return next((sid for sid in sids if _SID.fullmatch(sid)), "")


def _call_sid(form: QueryDict, name: str) -> str:
    sid = form.get(name, "")
    return sid if _CALL_SID.fullmatch(sid) else ""


def sequence_number_of(form: QueryDict) -> int | None:
    """Return which of the things told of the call this is, from 0; None when it does not say."""
    text = form.get("SequenceNumber", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_SEQUENCE))):
        return None
    return min(int(text), _HIGHEST_SEQUENCE)
