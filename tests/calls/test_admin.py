"""What support sees of calls."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.calls.conftest import CALLER, Line
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
