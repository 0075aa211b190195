"""Telling everybody who was asked how it ended, each once. Call it with the escalation locked."""

from __future__ import annotations

from datetime import datetime

from callsphere.escalations.enums import StepKind
from callsphere.escalations.models import Escalation
from callsphere.escalations.steps import note, why_no_text, write_text
from callsphere.escalations.wording import text_end


def tell_asked(run: Escalation, now: datetime, *, but: str = "") -> None:
    """Send a text to everybody who was asked, but for the number of whoever knows already.

    Who is in several tiers gets one: the database takes no second (`escalation_told_once`).
    """
    asked = run.asks.filter(asked_at__isnull=False)
    done = {but, *asked.filter(told_at__isnull=False).values_list("number", flat=True)}
    for ask in asked:
        if ask.number in done or why_no_text(run, ask):
            continue
        done.add(ask.number)
        ask.told_at = now
        ask.save(update_fields=["told_at"])
        write_text(run, ask, text_end(run), now)
        note(run, StepKind.TOLD, f"{ask.name} is told by text how it ended.", now, ask)
