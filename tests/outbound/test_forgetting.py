"""Calls that were asked for are forgotten like those of the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callsphere.lib.ids import uuid7_at
from callsphere.outbound.forgetting import forget_old_orders
from callsphere.outbound.models import OutboundCall
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.calls.conftest import Line
from tests.outbound.making import make_order

pytestmark = pytest.mark.django_db


def test_words_go_with_transcripts_and_orders_with_calls(line: Line) -> None:
    now = database_now()
    for days in (366, 91, 89):
        when = now - timedelta(days=days)
        make_order(line.person, id=uuid7_at(when), state="canceled", due_at=None, brief=f"{days} days ago")
    make_order(line.person, id=uuid7_at(now - timedelta(days=366)), brief="It waits still")
    forget_old_orders(now)
    with tenant_context(line.person.tenant):
        briefs = list(OutboundCall.objects.order_by("-id").values_list("brief", flat=True))
    assert briefs == ["89 days ago", "", "It waits still"]
