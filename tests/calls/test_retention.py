"""Who called whom is forgotten, is never changed, and goes with the trunk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from callsphere.calls import retention
from callsphere.calls.models import CallEvent
from callsphere.calls.tasks import forget_events
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tests.calls.conftest import Line, make_line, new_sid
from tests.conftest import Person
from trunks import services

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def add(line: Line, age: timedelta) -> str:
    sid = new_sid("CA")
    with tenant_context(line.person.tenant):
        CallEvent.objects.create(
            tenant=line.person.tenant,
            phone_number=line.number,
            kind="incoming",
            call_sid=sid,
            received_at=database_now() - age,
        )
    return sid


def kept(line: Line) -> list[str]:
    return [event.call_sid for event in line.events()]


def test_events_are_forgotten_after_ninety_days_in_every_tenant(line: Line, charlie: Person) -> None:
    other = make_line(charlie, "+14155550102", "+4930901821")
    for each in (line, other):
        add(each, 91 * DAY)
    young = [add(each, 89 * DAY) for each in (line, other)]

    forget_events()

    assert [*kept(line), *kept(other)] == young


def test_many_are_forgotten_in_portions(line: Line, monkeypatch: Any) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        add(line, 91 * DAY)
    assert retention.forget_old_events(database_now()) == 5
    assert kept(line) == []


def test_what_was_told_is_never_changed(line: Line) -> None:
    sid = add(line, DAY)
    contexts = (tenant_context(line.person.tenant), platform_context("test"))
    for context in contexts:
        with context, pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            CallEvent.objects.update(call_status="completed")
    assert kept(line) == [sid]


def test_events_go_with_their_trunk(line: Line) -> None:
    add(line, DAY)
    line.tell(line.place(trunk=True), line.fields(To="+4930901820"))
    with tenant_context(line.person.tenant):
        services.delete_trunk(
            tenant=line.person.tenant,
            actor=line.person.actor,
            trunk=line.trunk,
            expected_version=line.trunk.version,
        )
    assert [event.phone_number_id for event in line.events()] == [line.number.pk]
