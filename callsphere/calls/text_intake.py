"""What the provider tells of text messages: proven as what it tells of calls, and only going forward."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import partial

from django.http import QueryDict

from callsphere.calls.intake import Unproven, check_signature, proven
from callsphere.calls.places import find_number
from callsphere.calls.proving import Prover
from callsphere.calls.text_sending import follow, found_in
from tenants.context import tenant_context

SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
_HIGHEST_CODE = 2**31 - 1


class NotAText(Exception):
    """The provider did send it, and no message is named in it."""


@dataclass(frozen=True, slots=True)
class ToldOfText:
    """A request as it came. The address names a number and a message; `url` is that address."""

    number_id: uuid.UUID
    text_id: uuid.UUID
    url: str
    form: QueryDict
    signature: str
    signature_settings: str


def take(told: ToldOfText) -> None:
    """Keep how a message stands. Call it outside any context. Raises Unproven and NotAText."""
    proven(told.form.get("AccountSid", ""), partial(_take, told))


def _take(told: ToldOfText, prover: Prover) -> None:
    check_signature(prover, told.url, told.form, told.signature, told.signature_settings)
    with tenant_context(prover.tenant):
        number = find_number(told.number_id, prover)
        if number is None or not number.is_proven:
            raise Unproven("unknown_place" if number is None else "unknown_account")
        sid = told.form.get("MessageSid", "")
        if not SID.fullmatch(sid):
            raise NotAText
        found = found_in(told.form.get("MessageStatus", ""), sid, _error_code(told.form))
        if found is not None and not follow(prover.tenant, told.text_id, found):
            raise Unproven("unknown_place")


def _error_code(form: QueryDict) -> int:
    text = form.get("ErrorCode", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_CODE))
    return min(int(text), _HIGHEST_CODE) if is_number else 0
