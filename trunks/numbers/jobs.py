"""Work at the provider that is stored as rows: lent to one worker for a while, stored by that one alone."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from callsphere.celery import wake
from callsphere.providers.twilio.errors import TwilioError
from tenants.context import platform_context
from trunks.models.numbers import LONGEST_ERROR, Lent

LEASE = timedelta(seconds=300)
"""Longer than all requests of one piece of work take, each with its time limit and repetitions."""
FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 900.0
LONGEST_ASKED_S = 3600.0
"""How long the provider may ask us to wait."""
JITTER = 0.2
_TASK, _QUEUE = "trunks.provision_numbers", "provision"
_random = secrets.SystemRandom()

L = TypeVar("L", bound=Lent)


class Overtaken(Exception):
    """Somebody else has the work by now, or it is to end otherwise: what was found may not be stored."""


def wake_provisioning() -> None:
    """Have a worker look for due work once this transaction is committed."""
    transaction.on_commit(partial(wake, _TASK, _QUEUE))


def claim_next(model: type[L], now: datetime) -> L | None:
    """Lend the row that waited longest, or return None; other workers skip it meanwhile."""
    with platform_context("claim work on phone numbers"):
        rows: QuerySet[Any] = model._default_manager.select_for_update(skip_locked=True, of=("self",))
        row: L | None = rows.filter(due_at__lte=now).order_by("due_at").first()
        if row is not None:
            row.claim, row.attempts, row.due_at = row.claim + 1, row.attempts + 1, now + LEASE
            row.save(update_fields=["claim", "attempts", "due_at"])
    return row


def store(row: Lent, **values: Any) -> None:
    """Store what was found, unless somebody else has the row by now. Call it inside a tenant's context.

    Raises Overtaken.
    """
    mine = type(row)._default_manager.filter(pk=row.pk, claim=row.claim, due_at__isnull=False)
    if not mine.update(**values):
        raise Overtaken
    for name, value in values.items():
        setattr(row, name, value)


def put_off(row: Lent, now: datetime, words: str, code: str = "", error: Exception | None = None) -> None:
    """Have the work tried again later, each time after twice as long. Call it inside a tenant's context.

    Not before the provider said so, within reason: `error` is what went wrong, and may know how long to wait.
    """
    wait_s = min(FIRST_DELAY_S * 2 ** min(row.attempts - 1, 30), LONGEST_DELAY_S)
    wait_s *= _random.uniform(1 - JITTER, 1 + JITTER)
    asked_s = min(getattr(error, "retry_after", None) or 0.0, LONGEST_ASKED_S)
    wait = timedelta(seconds=max(wait_s, asked_s))
    store(row, due_at=now + wait, error=words[:LONGEST_ERROR], error_code=code)


def told_error(error: Exception) -> tuple[str, str]:
    """Return what people are told of an error, and its code."""
    code = error.problem.name if isinstance(error, TwilioError) else getattr(error, "code", "internal_error")
    return str(error)[:LONGEST_ERROR], code


def make_due(model: type[L], pk: uuid.UUID, now: datetime, **values: Any) -> None:
    """Have a row looked at now, whoever has it: what that one finds is not stored any more."""
    model._default_manager.filter(pk=pk).update(due_at=now, attempts=0, claim=F("claim") + 1, **values)
