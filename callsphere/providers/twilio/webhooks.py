"""Requests that Twilio sends: whether the signature proves that an account's are its own."""

from __future__ import annotations

from django.http import QueryDict
from twilio.request_validator import HMAC_SHA1, RequestValidator, get_signature_algorithm


def why_unproven(token: str, url: str, form: QueryDict, signature: str, signature_settings: str = "") -> str:
    """Return "" when the account's auth token signed this form for this address; else why not, for the log.

    The address is the one that Twilio was told, never what the request says of itself. Fields without a
    value are signed too. A signature by a shared key (HMAC-SHA256, named in `signature_settings`) proves
    nothing here: no such key is known. Signatures carry no time: whoever stores what they prove must take a
    repeated request for what it is.
    """
    if get_signature_algorithm(signature_settings).upper() != HMAC_SHA1:
        return "shared_key_unknown"
    if not signature:
        return "no_signature"
    return "" if RequestValidator(token).validate(url, form, signature) else "wrong_signature"
