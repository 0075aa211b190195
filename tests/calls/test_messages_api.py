"""What calls leave behind, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.calls.models import CallbackRequest, CallerMessage, TextMessage
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.builtin_tools.conftest import make_call
from tests.calls.conftest import CALLER, NUMBER, Line
from tests.conftest import Person

pytestmark = pytest.mark.django_db
MESSAGES, CALLBACKS, TEXTS = "/api/v1/caller-messages/", "/api/v1/callbacks/", "/api/v1/text-messages/"
LIST_QUERIES = 12


def make(line: Line, model: Any, **fields: Any) -> Any:
    """Let a call leave something behind."""
    usual: dict[Any, dict[str, Any]] = {
        CallerMessage: {"name": "Jane Roe", "number": CALLER, "text": "Please call."},
        CallbackRequest: {"number": CALLER, "wanted_at": database_now(), "time_zone": "UTC"},
        TextMessage: {"to_number": CALLER, "from_number": NUMBER, "body": "Hello", "state": "sent"},
    }
    call = make_call(line)
    with tenant_context(line.person.tenant):
        return model.objects.create(tenant=line.person.tenant, call=call, **{**usual[model], **fields})


def when(moment: Any) -> str:
    return str(moment.isoformat().replace("+00:00", "Z"))


def ids(person: Person, address: str) -> list[str]:
    answer = person.api("calls:read").get(address)
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


def test_a_message_in_full(line: Line) -> None:
    row = make(line, CallerMessage, is_urgent=True)
    (shown,) = line.person.api("calls:read").get(MESSAGES).json()["results"]
    assert shown == {
        "id": str(row.pk),
        "created_at": when(row.created_at),
        "call_id": str(row.call_id),
        "name": "Jane Roe",
        "number": CALLER,
        "text": "Please call.",
        "is_urgent": True,
        "handled_at": None,
        "handled_by": "",
    }
    assert line.person.api("calls:read").get(f"{MESSAGES}{row.pk}/").json() == shown


def test_a_callback_in_full(line: Line) -> None:
    row = make(line, CallbackRequest, note="Invoice")
    (shown,) = line.person.api("calls:read").get(CALLBACKS).json()["results"]
    assert shown == {
        "id": str(row.pk),
        "created_at": when(row.created_at),
        "call_id": str(row.call_id),
        "number": CALLER,
        "wanted_at": when(row.wanted_at),
        "time_zone": "UTC",
        "note": "Invoice",
        "state": "open",
        "handled_at": None,
        "handled_by": "",
    }


def test_a_text_in_full(line: Line) -> None:
    row = make(line, TextMessage, message_sid="SM1")
    (shown,) = line.person.api("calls:read").get(TEXTS).json()["results"]
    assert shown == {
        "id": str(row.pk),
        "created_at": when(row.created_at),
        "call_id": str(row.call_id),
        "direction": "outbound",
        "to_number": CALLER,
        "from_number": NUMBER,
        "body": "Hello",
        "word": "",
        "state": "sent",
        "message_sid": "SM1",
        "error_code": None,
        "error": "",
        "ended_at": None,
    }


def test_filters(line: Line) -> None:
    now = database_now()
    old, urgent = make(line, CallerMessage, handled_at=now), make(line, CallerMessage, is_urgent=True)
    assert ids(line.person, f"{MESSAGES}?is_handled=true") == [str(old.pk)]
    assert ids(line.person, f"{MESSAGES}?is_handled=false") == [str(urgent.pk)]
    assert ids(line.person, f"{MESSAGES}?is_urgent=true") == [str(urgent.pk)]
    assert ids(line.person, f"{MESSAGES}?call_id={old.call_id}") == [str(old.pk)]
    done = make(line, CallbackRequest, state="done", handled_at=now)
    make(line, CallbackRequest)
    assert ids(line.person, f"{CALLBACKS}?state=done") == [str(done.pk)]
    failed = make(line, TextMessage, state="failed")
    make(line, TextMessage)
    assert ids(line.person, f"{TEXTS}?state=failed") == [str(failed.pk)]
    reply = make(line, TextMessage, direction="inbound", state="received")
    assert ids(line.person, f"{TEXTS}?direction=inbound") == [str(reply.pk)]
    assert len(ids(line.person, f"{TEXTS}?direction=outbound")) == 2


@pytest.mark.parametrize(
    ("model", "address", "verb"),
    [(CallerMessage, MESSAGES, "caller_message.handled"), (CallbackRequest, CALLBACKS, "callback.handled")],
)
def test_dealing_with_it_once(line: Line, model: Any, address: str, verb: str) -> None:
    row = make(line, model)
    api = line.person.api("calls:read", "calls:write")
    shown = api.post(f"{address}{row.pk}/handle/")
    assert (shown.status_code, shown.json()["handled_by"]) == (200, "test key")
    again = api.post(f"{address}{row.pk}/handle/")
    assert (again.status_code, again.json()["type"]) == (409, "urn:callsphere:error:handled_already")
    with tenant_context(line.person.tenant):
        stored = model.objects.get()
        assert when(stored.handled_at) == shown.json()["handled_at"]
        assert AuditEvent.objects.filter(verb=verb).count() == 1


@pytest.mark.parametrize(("model", "address"), [(CallerMessage, MESSAGES), (CallbackRequest, CALLBACKS)])
def test_who_may(line: Line, charlie: Person, model: Any, address: str) -> None:
    row = make(line, model)
    own = f"{address}{row.pk}/handle/"
    assert line.person.api("calls:read").post(own).status_code == 403
    assert line.person.api("trunks:read").get(address).status_code == 403
    assert charlie.api("calls:write").post(own).status_code == 404
    assert ids(charlie, address) == []


@pytest.mark.parametrize(
    ("model", "address"), [(CallerMessage, MESSAGES), (CallbackRequest, CALLBACKS), (TextMessage, TEXTS)]
)
@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_so_many_queries(line: Line, model: Any, address: str, count: int) -> None:
    for _ in range(count):
        make(line, model)
    api = line.person.api("calls:read")
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(address).json()["results"]) == count
    assert len(queries) == LIST_QUERIES
