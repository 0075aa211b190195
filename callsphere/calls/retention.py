"""How long calls are remembered, and who called whom: in portions, so that no transaction lasts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet

from agents.models import ToolInvocation
from callsphere.calls.enums import SoundState
from callsphere.calls.models import (
    Call,
    CallbackRequest,
    CallerMessage,
    CallEvent,
    CallNote,
    CallRetention,
    FunctionCall,
    TextMessage,
    TranscriptLine,
    VoiceMessage,
    VoiceSound,
)
from callsphere.calls.models.keeping import CALLS_KEPT_DAYS, TRANSCRIPTS_KEPT_DAYS
from callsphere.lib.ids import first_uuid_of
from tenants.context import platform_context
from tenants.models import Tenant

Find = Callable[[], "QuerySet[Any]"]
"""Finds rows anew each time: what was done to some may be found no more."""
EVENTS_KEPT = timedelta(days=90)
BATCH = 10_000
_CALLS_AT_ONCE = 500
"""Each takes a dozen rows of other tables along."""


def forget_old_events(now: datetime) -> int:
    """Delete what was told longer ago than EVENTS_KEPT; return how much that was."""
    return forget(lambda: CallEvent.objects.filter(received_at__lt=now - EVENTS_KEPT), BATCH)


def forget_old_calls(now: datetime) -> int:
    """Delete what each tenant does not keep any longer: what was said and done in calls, then calls.

    Return how many rows that were, those that hang on calls counting too.
    """
    count = 0
    for tenant_id, calls_days, transcripts_days in kept_days():
        said_before = now - timedelta(days=min(transcripts_days, calls_days))
        for find in _details(tenant_id, said_before):
            count += forget(find, BATCH)
        for find, words in _words(tenant_id, said_before):
            count += in_portions(find, BATCH, partial(_write, words))
        while sounds := _forget_some_sounds(tenant_id, said_before):
            count += sounds
        count += forget(_calls(tenant_id, now - timedelta(days=calls_days)), _CALLS_AT_ONCE)
    return count


def kept_days() -> list[tuple[uuid.UUID, int, int]]:
    """Return for each tenant how many days calls and transcripts are kept."""
    with platform_context("read how long calls are kept"):
        own = {row.tenant_id: row for row in CallRetention.objects.all()}
        tenants = list(Tenant.objects.values_list("pk", flat=True))
    default = CallRetention(calls_kept_days=CALLS_KEPT_DAYS, transcripts_kept_days=TRANSCRIPTS_KEPT_DAYS)
    kept = ((pk, own.get(pk, default)) for pk in tenants)
    return [(pk, row.calls_kept_days, row.transcripts_kept_days) for pk, row in kept]


def _calls(tenant_id: uuid.UUID, before: datetime) -> Find:
    return lambda: Call.objects.filter(tenant=tenant_id, id__lt=first_uuid_of(before))


def _details(tenant_id: uuid.UUID, before: datetime) -> Iterable[Find]:
    """Return what was said and done in the calls that began before a moment, found by the calls' keys."""
    first = first_uuid_of(before)
    return (
        lambda: TranscriptLine.objects.filter(tenant=tenant_id, call__lt=first),
        lambda: CallNote.objects.filter(tenant=tenant_id, call__lt=first),
        lambda: CallerMessage.objects.filter(tenant=tenant_id, call__lt=first),
        lambda: FunctionCall.objects.filter(tenant=tenant_id, session__call__lt=first),
        # `reference` is the call's key as text, which sorts as keys do
        lambda: ToolInvocation.objects.filter(
            tenant=tenant_id, reference__gt="", reference__lt=str(first), created_at__lt=before
        ),
    )


def _words(tenant_id: uuid.UUID, before: datetime) -> Iterable[tuple[Find, dict[str, str]]]:
    """Return rows that outlast what was said in such calls, with what is left of their words: nothing.

    That a text message went out, and that somebody is to be called back, stays as long as the call.
    """
    of_old: dict[str, Any] = {"tenant": tenant_id, "call__lt": first_uuid_of(before)}
    without_call: dict[str, Any] = {"tenant": tenant_id, "call": None, "created_at__lt": before}
    return (
        (lambda: TextMessage.objects.filter(**without_call).exclude(body=""), {"body": ""}),
        (lambda: TextMessage.objects.filter(**of_old).exclude(body=""), {"body": ""}),
        (lambda: CallbackRequest.objects.filter(**of_old).exclude(note=""), {"note": ""}),
    )


def _forget_some_sounds(tenant_id: uuid.UUID, before: datetime) -> int:
    """Delete how some voice messages sounded that were left in calls before a moment; they say so."""
    with platform_context("forget what is old of calls"):
        first = first_uuid_of(before)
        # what has not been fetched by now is not
        waiting = VoiceMessage.objects.filter(tenant=tenant_id, call__lt=first, sound_due_at__isnull=False)
        waiting.update(sound_state=SoundState.FORGOTTEN, sound_due_at=None, sound_error="")
        old = VoiceSound.objects.filter(tenant=tenant_id, message__call__lt=first)
        messages = list(old.values_list("message_id", flat=True)[:_CALLS_AT_ONCE])
        VoiceMessage.objects.filter(pk__in=messages).update(sound_state=SoundState.FORGOTTEN)
        return VoiceSound.objects.filter(message__in=messages).delete()[0]


def _write(words: dict[str, str], rows: QuerySet[Any]) -> int:
    return rows.update(**words)


def forget(find: Find, at_once: int = BATCH) -> int:
    """Delete what is found, in portions; return how many rows that were, with those that hang on them."""
    return in_portions(find, at_once, lambda rows: rows.delete()[0])


def in_portions(find: Find, at_once: int, act: Callable[[QuerySet[Any]], int]) -> int:
    """Act on what is found until nothing is, in portions; return how many rows that were."""
    count = 0
    while done := _act_on_some(find, at_once, act):
        count += done
    return count


def _act_on_some(find: Find, at_once: int, act: Callable[[QuerySet[Any]], int]) -> int:
    """Act on some in a transaction of their own, so that none holds its rows for long."""
    with platform_context("forget what is old of calls"):
        old = find()
        model: type[Model] = old.model
        portion = old.order_by().values("pk")[:at_once]
        return act(model._default_manager.filter(pk__in=portion))
