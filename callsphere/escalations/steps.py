"""The timeline of an escalation, and the texts that belong to it. Call these with its row locked."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Max

from callsphere.calls.models import TextMessage
from callsphere.calls.text_sending import QUEUE, TASK
from callsphere.celery import wake
from callsphere.escalations.enums import StepKind
from callsphere.escalations.models import Escalation, EscalationAsk, EscalationStep
from callsphere.escalations.models.runs import LONGEST_WORDS
from trunks.numbers.texting import why_no_texts


def note(
    run: Escalation, kind: StepKind, words: str, now: datetime, ask: EscalationAsk | None = None
) -> None:
    """Write down what happened."""
    last = run.steps.aggregate(number=Max("number"))["number"]
    EscalationStep.objects.create(
        tenant=run.tenant,
        escalation=run,
        number=(last or 0) + 1,
        kind=kind,
        words=words[:LONGEST_WORDS],
        at=now,
        person_id=ask.person_id if ask else None,
    )


def why_no_text(run: Escalation, ask: EscalationAsk) -> str:
    """Return why somebody is sent no text; "" where they are."""
    number = run.phone_number
    if not ask.takes_texts:
        return f"{ask.name} takes no texts."
    if number is None:
        return "The policy's number is gone: no text can be sent."
    why_not = why_no_texts(number)
    return f"No text: {number.number} {why_not}" if why_not else ""


def write_text(run: Escalation, ask: EscalationAsk, body: str, now: datetime) -> TextMessage:
    """Have a text sent, once: a worker does so when this transaction is there."""
    if run.phone_number is None:
        raise LookupError("the number is gone")
    transaction.on_commit(partial(wake, TASK, QUEUE))
    return TextMessage.objects.create(
        tenant=run.tenant,
        phone_number=run.phone_number,
        to_number=ask.number,
        from_number=run.phone_number.number,
        body=body,
        due_at=now,
        created_at=now,
    )
