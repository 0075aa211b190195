"""The inbox: what callers left for people, and text messages that agents sent or callers wrote.

Call these inside the tenant's context. Three tables hold what callers left. Each has an index in the inbox's
order, so that a page is the beginning of three ranges: what is open comes first, then what is done, in each
the newest first, by keys that begin with the moment.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from agents.models import Agent
from callsphere.calls import lookups as lookups  # `begins_with`
from callsphere.calls.enums import Direction, LeftKind, TextState
from callsphere.calls.keysets import PAGE_SIZE, Page, Place, Wanted, cut, read_cursor
from callsphere.calls.listing import beginning_of
from callsphere.calls.models import Call, CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.models.calls import NEWEST
from tenants.models import Tenant

Left = CallerMessage | CallbackRequest | VoiceMessage
MODELS: dict[LeftKind, type[Left]] = {
    LeftKind.MESSAGE: CallerMessage,
    LeftKind.CALLBACK: CallbackRequest,
    LeftKind.VOICE: VoiceMessage,
}
MOST_COUNTED = 100
_OfCall = TypeVar("_OfCall", Left, TextMessage)
_ORDER = ("-is_open", "-id")


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which of what callers left; what is None or empty narrows nothing.

    `number` is how a number begins: the one to call back, or the one that called.
    """

    kind: LeftKind | str = ""
    is_open: bool | None = None
    number: str = ""
    call_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class TextFilter:
    """Which text messages; `number` is how the caller's begins, who was sent it or wrote it."""

    state: TextState | str = ""
    number: str = ""
    call_id: uuid.UUID | None = None


EVERYTHING = InboxFilter()
EVERY_TEXT = TextFilter()


def kind_of(row: Left) -> LeftKind:
    """Return what kind of thing a caller left."""
    return next(kind for kind, model in MODELS.items() if isinstance(row, model))


def inbox_page(
    tenant: Tenant, which: InboxFilter = EVERYTHING, cursor: str = "", size: int = PAGE_SIZE
) -> Page[Left]:
    """Return a page of what callers left, each with its call and the call's agent at hand.

    Five queries, or fewer where a kind is asked for or nothing is found.
    """
    wanted = read_cursor(cursor)
    kinds = [LeftKind(which.kind)] if which.kind else list(MODELS)
    found = [row for kind in kinds for row in _beyond(select_left(tenant, kind, which), wanted)[: size + 1]]
    found.sort(key=lambda row: (row.is_open, row.pk), reverse=not wanted.before)
    page = cut(found, wanted, lambda row: Place(row.is_open, row.pk), size)
    return replace(page, rows=_with_calls(tenant, page.rows))


def texts_page(
    tenant: Tenant, which: TextFilter = EVERY_TEXT, cursor: str = "", size: int = PAGE_SIZE
) -> Page[TextMessage]:
    """Return a page of text messages, the newest first, each with its call and the call's agent at hand."""
    wanted = read_cursor(cursor)
    rows = select_texts(tenant, which)
    if wanted.place is not None:
        key = wanted.place.key
        rows = rows.filter(id__gt=key).reverse() if wanted.before else rows.filter(id__lt=key)
    page = cut(list(rows[: size + 1]), wanted, lambda row: Place(False, row.pk), size)
    return replace(page, rows=_with_calls(tenant, page.rows))


def left_in(
    tenant: Tenant, call: Call, voice: Iterable[VoiceMessage]
) -> tuple[list[Left], list[TextMessage]]:
    """Return what a caller left in one call, with the voice messages in it, and its texts.

    Three queries.
    """
    which = InboxFilter(call_id=call.pk)
    written = (LeftKind.MESSAGE, LeftKind.CALLBACK)
    left = [*voice, *(row for kind in written for row in select_left(tenant, kind, which))]
    left.sort(key=lambda row: (row.is_open, row.pk), reverse=True)
    texts = list(select_texts(tenant, TextFilter(call_id=call.pk)))
    for row in (*left, *texts):
        row.call = call
    return left, texts


def open_count(tenant: Tenant) -> int:
    """Return how much is open, MOST_COUNTED at most of each kind. One query."""
    first, *others = (
        model.objects.filter(tenant=tenant, is_open=True).order_by().values("pk")[:MOST_COUNTED]
        for model in MODELS.values()
    )
    return first.union(*others, all=True).count()


def select_left(tenant: Tenant, kind: LeftKind, which: InboxFilter = EVERYTHING) -> QuerySet[Any]:
    """Return the rows of one kind, in the inbox's order."""
    model = MODELS[kind]
    rows: QuerySet[Any] = model.objects.filter(tenant=tenant).order_by(*_ORDER)
    if which.is_open is not None:
        rows = rows.filter(is_open=which.is_open)
    if which.call_id is not None:
        rows = rows.filter(call=which.call_id)
    if which.number:
        rows = rows.filter(_about(tenant, model, which.number))
    return rows


def select_texts(tenant: Tenant, which: TextFilter = EVERY_TEXT) -> QuerySet[TextMessage]:
    """Return text messages of calls, the newest first."""
    of_calls = TextMessage.objects.filter(tenant=tenant, call__isnull=False)
    rows: QuerySet[TextMessage] = of_calls.order_by(NEWEST)
    if which.state:
        rows = rows.filter(state=which.state)
    if which.call_id is not None:
        rows = rows.filter(call=which.call_id)
    if which.number:
        begins = beginning_of(which.number)
        sent = Q(direction=Direction.OUTBOUND, to_number__begins_with=begins)
        rows = rows.filter(sent | Q(direction=Direction.INBOUND, from_number__begins_with=begins))
    return rows


def _about(tenant: Tenant, model: type[Left], number: str) -> Q:
    """Return the rows with a number, or of calls with one: either is found by an index of its own."""
    begins = beginning_of(number)
    calls = Call.objects.filter(tenant=tenant, their_number__begins_with=begins).order_by().values("pk")
    found = model.objects.filter(tenant=tenant, call__in=calls).order_by().values("pk")
    if model is not VoiceMessage:
        own = model.objects.filter(tenant=tenant, number__begins_with=begins).order_by().values("pk")
        found = found.union(own)
    return Q(pk__in=found)


def _beyond(rows: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    if wanted.place is None:
        return rows
    place = (wanted.place.is_open, wanted.place.key)
    here = Tuple("is_open", "id")
    if wanted.before:
        return rows.filter(TupleGreaterThan(here, place)).reverse()
    return rows.filter(TupleLessThan(here, place))


def _with_calls(tenant: Tenant, rows: Sequence[_OfCall]) -> list[_OfCall]:
    """Give rows their calls, with the agents' names. Two queries, none where nothing is there.

    What was forgotten with its call since the rows were read is left out.
    """
    calls = _calls(tenant, (row.call_id for row in rows if row.call_id))
    there = []
    for row in rows:
        if row.call_id in calls:
            row.call = calls[row.call_id]
            there.append(row)
    return there


def _calls(tenant: Tenant, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Call]:
    agents = Agent.objects.only("id", "tenant_id", "name", "deleted_at")
    calls = Call.objects.filter(tenant=tenant, pk__in=set(ids)).prefetch_related(Prefetch("agent", agents))
    return {call.pk: call for call in calls.only("id", "tenant_id", "agent_id", "their_number", "our_number")}
