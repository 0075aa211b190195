"""Sending the caller a text message."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.callers import caller_number
from callsphere.calls.builtin_tools.contract import Builtin, Reply, Run, declined, done
from callsphere.calls.enums import Direction
from callsphere.calls.models import TextMessage
from callsphere.calls.stopping import has_stopped
from callsphere.calls.text_sending import QUEUE, TASK
from callsphere.celery import wake
from tenants.models import Tenant
from trunks.numbers.texting import why_no_texts

MOST_TEXTS = 3
"""Of one call."""
LONGEST_TEXT = 480
"""Characters: three parts, each of which is paid for."""
AN_HOUR = timedelta(hours=1)
_NO_TEXTS = "This number cannot send text messages. Say what it is about instead."
_WANTS_NONE = (
    "The caller has asked by text for no more messages, so nothing can be sent. Whoever wants them again"
    " texts START to this number. Say what it is about instead."
)
_NOT_NOW = "No text messages can be sent at the moment. Say what it is about instead."


def send_sms(run: Run) -> Reply:
    """Have a text sent to whoever calls, from the number that they called: nowhere else."""
    text, number = run.text("text"), caller_number(run.call)
    if not text:
        return declined("The text is empty. Say what is to be sent.")
    if not number:
        return declined("The caller's number is withheld: nothing can be sent to it.")
    sender = run.call.phone_number
    why_not = why_no_texts(sender) if sender else "The call came over a line that sends no text messages."
    if sender is None or why_not:
        return declined(_NO_TEXTS, detail=f"{sender.number} {why_not}" if sender else why_not)
    if has_stopped(run.tenant, ours=sender.number, theirs=number):
        return declined(_WANTS_NONE, detail="They answered STOP to an earlier text (Twilio error 21610).")
    sent = TextMessage.objects.filter(tenant=run.tenant, direction=Direction.OUTBOUND)
    if sent.filter(call=run.call).count() >= MOST_TEXTS:
        return declined(f"{MOST_TEXTS} text messages were sent in this call. Send no more.")
    # locked, so that two calls at once do not both count the same others
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=run.tenant.pk)
    if tenant.read_only_reason or not tenant.is_active:
        return declined(_NOT_NOW, detail="The organisation is read-only or switched off.")
    lately = sent.filter(call__isnull=False, created_at__gt=run.now - AN_HOUR)
    if lately.count() >= settings.TEXTS_PER_HOUR:
        words = f"{settings.TEXTS_PER_HOUR} text messages were sent within an hour, which is the limit."
        return declined(_NOT_NOW, detail=words)
    TextMessage.objects.create(
        tenant=run.tenant,
        call=run.call,
        to_number=number,
        from_number=sender.number,
        body=text,
        due_at=run.now,
        created_at=run.now,
    )
    transaction.on_commit(partial(wake, TASK, QUEUE))
    return done(what_to_do="It is being sent. Tell the caller that it arrives within a minute or so.")


SEND_SMS = Builtin(
    BuiltinTool.SEND_SMS,
    "Send a text message to the number that the caller calls from; it can go to no other. Use it for what is"
    " hard to note down: an address, a link, a confirmation. Ask the caller first whether they want it, and"
    " whether they call from a mobile phone. Write nothing that others may not read on their screen.",
    {
        "text": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_TEXT,
            "description": "What the message says, with the name of the business",
        }
    },
    send_sms,
    required=("text",),
)
