"""Text messages that come in: kept with the call that they follow, once each, and never answered.

Twilio itself obeys STOP, START and HELP and answers them (page "Twilio support for opt-out keywords"); what
is sent to somebody who stopped, it refuses with 21610. So nothing is sent to them here.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import partial

import structlog
from django.http import QueryDict

from callsphere.calls.enums import Direction, TextState, TextWord
from callsphere.calls.intake import Unproven, check_signature, proven
from callsphere.calls.models import Call, TextMessage
from callsphere.calls.models.texts import LONGEST_TEXT
from callsphere.calls.places import find_number
from callsphere.calls.proving import Prover
from callsphere.calls.text_intake import SID, NotAText
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.storable import without_nul

_NUMBER = re.compile(r"\+?[0-9]{3,15}")
_WORDS = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), TextWord.STOP
    ),
    **dict.fromkeys(("START", "YES", "UNSTOP"), TextWord.START),
    **dict.fromkeys(("HELP", "INFO"), TextWord.HELP),
}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ToldOfReply:
    """A request as it came. The address names a number; `url` is that address."""

    number_id: uuid.UUID
    url: str
    form: QueryDict
    signature: str
    signature_settings: str


def take(told: ToldOfReply) -> None:
    """Keep a text message. Call it outside any context. Raises Unproven and NotAText."""
    proven(told.form.get("AccountSid", ""), partial(_take, told))


def word_of(body: str) -> str:
    """Return which word a text consists of, if it is one that Twilio obeys."""
    return _WORDS.get(body.strip().upper(), "")


def _take(told: ToldOfReply, prover: Prover) -> None:
    check_signature(prover, told.url, told.form, told.signature, told.signature_settings)
    with tenant_context(prover.tenant):
        number = find_number(told.number_id, prover)
        if number is None or not number.is_proven:
            raise Unproven("unknown_place" if number is None else "unknown_account")
        if not SID.fullmatch(told.form.get("MessageSid", "")):
            raise NotAText
        _keep(prover.tenant, told)


def _keep(tenant: Tenant, told: ToldOfReply) -> None:
    ours, theirs = told.form.get("To", ""), told.form.get("From", "")
    call = _call_before(tenant, told.number_id, theirs) if _NUMBER.fullmatch(theirs) else None
    if call is None or not _NUMBER.fullmatch(ours):
        log.info("text_without_a_call", number=str(told.number_id), tenant_id=str(tenant.pk))
        return
    body, now = without_nul(told.form.get("Body", "")), database_now()
    text = TextMessage(
        tenant=tenant,
        call_id=call,
        direction=Direction.INBOUND,
        to_number=ours,
        from_number=theirs,
        body=body[:LONGEST_TEXT],
        word=word_of(body),
        state=TextState.RECEIVED,
        message_sid=told.form.get("MessageSid", ""),
        created_at=now,
        ended_at=now,
    )
    TextMessage.objects.bulk_create([text], ignore_conflicts=True)


def _call_before(tenant: Tenant, number_id: uuid.UUID, theirs: str) -> uuid.UUID | None:
    """Return the last call in which somebody was sent a text from a number, else their last call to it."""
    calls = Call.objects.filter(tenant=tenant, phone_number=number_id, their_number=theirs).order_by("-id")
    texted = calls.filter(text_messages__direction=Direction.OUTBOUND)
    return texted.values_list("pk", flat=True).first() or calls.values_list("pk", flat=True).first()
