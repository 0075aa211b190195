"""A person has a call ended."""

from __future__ import annotations

import pytest

from callsphere.calls import services
from callsphere.calls.models import Call
from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.conftest import Line
from trunks.live_calls.enders import ender_of


def test_a_call_is_to_end_at_once(line: Line) -> None:
    line.tell()
    person = line.person
    with tenant_context(person.tenant):
        call = services.hang_up(tenant=person.tenant, actor=person.actor, call=Call.objects.get())
        assert (call.end_reason, call.end_due_at is not None) == ("asked", True)
        event = AuditEvent.objects.get(verb="call.hung_up")
    assert (event.object_id, event.object_label) == (call.pk, "Inbound call, +12125550100")


def test_a_call_that_is_over_is_left_alone(line: Line) -> None:
    line.tell()
    person = line.person
    with tenant_context(person.tenant):
        call = Call.objects.get()
        now = call.started_at
        Call.objects.update(state="ended", outcome="missed", ended_at=now, end_due_at=None)
        with pytest.raises(Refused, match="This call has ended already"):
            services.hang_up(tenant=person.tenant, actor=person.actor, call=call)
        assert AuditEvent.objects.filter(verb="call.hung_up").count() == 0


def test_the_sweep_of_trunks_calls_can_end_these() -> None:
    assert ender_of("twilio") is not None
