"""The inbox: open first, newest first, over all kinds; its filters, its pages, how much is open."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.calls.enums import LeftKind
from callsphere.calls.inbox import (
    MODELS,
    InboxFilter,
    TextFilter,
    _with_calls,
    inbox_page,
    kind_of,
    left_in,
    open_count,
    texts_page,
)
from callsphere.calls.keysets import Page
from callsphere.calls.models import Call, CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from tenants.context import tenant_context
from tests.calls.conftest import CALLER
from tests.calls.left import leave
from tests.calls.pages.calls import NOON, answered, make_agent, make_call
from tests.conftest import Person

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OTHER = "+4930901820"


def page(person: Person, cursor: str = "", size: int = 50, **which: Any) -> Page[Any]:
    with tenant_context(person.tenant):
        return inbox_page(person.tenant, InboxFilter(**which), cursor, size)


def ids(rows: list[Any]) -> list[uuid.UUID]:
    return [row.pk for row in rows]


def one_of_each(person: Person, first: int = 0, **fields: Any) -> list[Any]:
    """Leave one of each kind, an hour apart, the oldest first."""
    call = make_call(person)
    return [
        leave(call, model, at=NOON + HOUR * (first + number), **fields)
        for number, model in enumerate(MODELS.values())
    ]


def test_open_first_then_the_newest(alice: Person, charlie: Person) -> None:
    done = one_of_each(alice, first=10, is_done=True)
    waiting = one_of_each(alice)
    one_of_each(charlie)
    rows = page(alice).rows
    assert ids(rows) == ids([*reversed(waiting), *reversed(done)])
    assert [kind_of(row) for row in rows[:3]] == [LeftKind.VOICE, LeftKind.CALLBACK, LeftKind.MESSAGE]


def test_each_row_has_its_call_and_agent(alice: Person) -> None:
    version = make_agent(alice).published
    assert version is not None
    leave(make_call(alice, **answered(version)), CallerMessage)
    (row,) = page(alice).rows
    assert (row.call.their_number, row.call.agent.name) == (CALLER, "Front desk")


def test_filters(alice: Person) -> None:
    call, other = make_call(alice), make_call(alice, their_number=OTHER)
    message = leave(call, CallerMessage, at=NOON)
    callback = leave(call, CallbackRequest, at=NOON + HOUR, number=OTHER)
    voice = leave(other, VoiceMessage, at=NOON + 2 * HOUR, is_done=True)
    for which, found in (
        ({"kind": LeftKind.MESSAGE}, [message]),
        ({"kind": "voice"}, [voice]),
        ({"is_open": True}, [callback, message]),
        ({"is_open": False}, [voice]),
        ({"number": "49 30"}, [callback, voice]),
        ({"number": CALLER}, [callback, message]),
        ({"number": "+33"}, []),
        ({"call_id": other.pk}, [voice]),
        ({"kind": "message", "is_open": False}, []),
    ):
        assert (which, ids(page(alice, **which).rows)) == (which, ids(found))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_lead_through_all_and_back(alice: Person, size: int) -> None:
    one_of_each(alice, first=3, is_done=True)
    one_of_each(alice)
    one_of_each(alice, first=6)
    everything = ids(page(alice).rows)
    seen, cursors = [], [""]
    while True:
        found = page(alice, cursors[-1], size)
        seen += ids(found.rows)
        if not found.next:
            break
        cursors.append(found.next)
    assert seen == everything
    before: list[uuid.UUID] = []
    back = found
    while back.previous:
        back = page(alice, back.previous, size)
        before = ids(back.rows) + before
    assert before == everything[: len(everything) - len(found.rows)]


@pytest.mark.parametrize("cursor", ["nonsense", "====", "YQ", "é"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(alice: Person, cursor: str) -> None:
    rows = one_of_each(alice)
    assert ids(page(alice, cursor).rows) == ids(rows[::-1])


def test_how_much_is_open(alice: Person, charlie: Person) -> None:
    one_of_each(alice)
    one_of_each(alice, is_done=True)
    leave(make_call(alice), VoiceMessage)
    one_of_each(charlie)
    with tenant_context(alice.tenant), CaptureQueriesContext(connection) as queries:
        assert open_count(alice.tenant) == 4
    assert len(queries) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_takes_five_queries(alice: Person, count: int) -> None:
    version = make_agent(alice).published
    assert version is not None
    for number in range(count):
        leave(make_call(alice, **answered(version)), list(MODELS.values())[number])
    with tenant_context(alice.tenant), CaptureQueriesContext(connection) as queries:
        assert len(inbox_page(alice.tenant).rows) == count
    assert len(queries) == 5


def texts(person: Person, cursor: str = "", size: int = 50, **which: Any) -> Page[TextMessage]:
    with tenant_context(person.tenant):
        return texts_page(person.tenant, TextFilter(**which), cursor, size)


def test_texts_newest_first_and_filtered(alice: Person) -> None:
    call = make_call(alice)
    old = leave(call, TextMessage, at=NOON, state="failed", to_number=OTHER)
    new = leave(call, TextMessage, at=NOON + HOUR)
    for which, found in (
        ({}, [new, old]),
        ({"state": "failed"}, [old]),
        ({"number": "49"}, [old]),
        ({"call_id": call.pk}, [new, old]),
        ({"call_id": uuid.uuid4()}, []),
    ):
        assert (which, ids(texts(alice, **which).rows)) == (which, ids(found))


def test_pages_of_texts(alice: Person) -> None:
    call = make_call(alice)
    made = [leave(call, TextMessage, at=NOON + number * HOUR) for number in range(3)]
    first = texts(alice, size=2)
    second = texts(alice, first.next, size=2)
    assert (ids(first.rows), ids(second.rows), second.next) == (ids(made[:0:-1]), ids(made[:1]), "")
    assert ids(texts(alice, second.previous, size=2).rows) == ids(first.rows)


def test_what_was_left_in_one_call(alice: Person) -> None:
    call = make_call(alice)
    left = [leave(call, VoiceMessage, at=NOON), leave(call, CallerMessage, at=NOON + HOUR)]
    text = leave(call, TextMessage)
    one_of_each(alice)
    with tenant_context(alice.tenant):
        found, sent = left_in(alice.tenant, call, call.voice_messages.all())
    assert (ids(found), sent) == (ids(left[::-1]), [text])


def test_what_is_forgotten_while_it_is_read_is_left_out(alice: Person) -> None:
    gone, kept = (leave(make_call(alice), CallerMessage) for _ in range(2))
    with tenant_context(alice.tenant):
        Call.objects.filter(pk=gone.call_id).delete()
        assert _with_calls(alice.tenant, [gone, kept]) == [kept]
