"""The support desk's lists of outbound calls and of numbers not to call."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.calls.conftest import Line
from tests.outbound.making import make_entry, make_order
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db


def test_support_finds_a_call_by_its_number_and_reads_why_it_failed(line: Line, desk: Client) -> None:
    order = make_order(
        line.person, state="failed", due_at=None, error="It cannot be reached.", brief="Private"
    )
    found = desk.get("/admin/outbound/outboundcall/?q=%2B12125550199")
    assert str(order.pk) in found.content.decode()
    page = desk.get(f"/admin/outbound/outboundcall/{order.pk}/change/").content.decode()
    assert ("It cannot be reached." in page, "Private" in page) == (True, False)


def test_numbers_not_to_call(line: Line, desk: Client) -> None:
    make_entry(line.person, reason="Asked us to")
    assert "Asked us to" in desk.get("/admin/outbound/donotcall/").content.decode()
