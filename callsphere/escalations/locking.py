"""Whoever changes an escalation locks its row first: of two at once, the second sees what the first did.

What answers calls holds an order and its call already; whoever holds an escalation therefore never waits for
either.
"""

from __future__ import annotations

import uuid

from callsphere.escalations.models import Escalation, EscalationAsk


def lock_run(run_id: uuid.UUID) -> Escalation:
    """Return an escalation, locked until the transaction ends. Raises Escalation.DoesNotExist."""
    rows = Escalation.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("tenant", "phone_number").get(pk=run_id)


def lock_ask(order_id: uuid.UUID) -> EscalationAsk | None:
    """Return who is asked by a call, with their escalation locked; None for a call of nobody's."""
    found = EscalationAsk.objects.filter(order_id=order_id).values_list("pk", "escalation_id").first()
    if found is None:
        return None
    ask_id, run_id = found
    run = lock_run(run_id)
    ask = EscalationAsk.objects.get(pk=ask_id)
    ask.escalation = run
    return ask
