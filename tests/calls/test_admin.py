"""What support sees of calls."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callsphere.calls.models import CallbackRequest, CallerMessage, TextMessage
from tests.calls.conftest import CALLER, Line
from tests.calls.test_messages_api import make
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db
LIST = "/admin/calls/callevent/"


def test_support_looks_and_changes_nothing(line: Line, desk: Client) -> None:
    line.tell()
    (event,) = line.events()
    listed, page = desk.get(LIST), desk.get(f"{LIST}{event.pk}/change/")
    assert (listed.status_code, page.status_code) == (200, 200)
    assert (event.call_sid in listed.content.decode(), CALLER in page.content.decode()) == (True, True)
    assert desk.get(f"{LIST}?q={event.call_sid}").status_code == 200
    answers = [desk.post(f"{LIST}add/"), desk.post(f"{LIST}{event.pk}/delete/", {"post": "yes"})]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert len(line.events()) == 1


@pytest.mark.parametrize(
    ("model", "address"),
    [
        (CallerMessage, "/admin/calls/callermessage/"),
        (CallbackRequest, "/admin/calls/callbackrequest/"),
        (TextMessage, "/admin/calls/textmessage/"),
    ],
)
def test_what_calls_left_behind(line: Line, desk: Client, model: Any, address: str) -> None:
    row = make(line, model)
    listed, page = desk.get(address), desk.get(f"{address}{row.pk}/change/")
    assert (listed.status_code, page.status_code) == (200, 200)
    assert str(row.call_id) in page.content.decode()
    assert all(text not in page.content.decode() for text in ("Please call.", "Jane Roe", CALLER, "Hello"))
    assert desk.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_long_list_takes_no_more_queries(line: Line, desk: Client) -> None:
    counts = []
    for _ in range(2):
        line.tell()
        line.tell()
        desk.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]
