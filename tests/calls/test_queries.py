"""When calls came in last."""

from __future__ import annotations

import pytest

from callsphere.calls.queries import last_call_events
from tenants.context import tenant_context
from tests.calls.conftest import Line, make_line, new_sid
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_last_call_of_each_number(line: Line) -> None:
    last = new_sid("CA")
    for sid in (new_sid("CA"), last):
        line.tell(fields=line.fields(CallSid=sid))
    line.tell(line.place("status"), line.fields(CallSid=new_sid("CA"), SequenceNumber="0"))
    with tenant_context(line.person.tenant):
        found = last_call_events(line.person.tenant, [line.number.pk, line.own.pk])
    assert {pk: event.call_sid for pk, event in found.items()} == {line.number.pk: last}


def test_own_number_is_found_by_calls_over_its_trunk(line: Line) -> None:
    line.tell(line.place(trunk=True), line.fields(To="+4930901820"))
    with tenant_context(line.person.tenant):
        assert set(last_call_events(line.person.tenant, [line.own.pk])) == {line.own.pk}


def test_others_numbers_have_no_calls(line: Line, charlie: Person) -> None:
    line.tell()
    make_line(charlie, "+14155550102", "+4930901821")
    with tenant_context(charlie.tenant):
        assert last_call_events(charlie.tenant, [line.number.pk]) == {}
