"""The log as a file."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.pages.calls import address, make_call
from tests.conftest import Person


@pytest.mark.django_db(transaction=True)
def test_the_file_holds_what_the_page_shows(alice: Person) -> None:
    make_call(alice)
    busy = make_call(alice, outcome="busy", sip_code=486)
    client = alice.client()
    link = client.get(address("list", alice) + "?outcome=busy").context["export_url"]

    answer: Any = client.get(link)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="acme-dental-calls-')
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert [(row["id"], row["outcome"], row["sip_code"]) for row in rows] == [(str(busy.pk), "busy", "486")]
    with tenant_context(alice.tenant):
        assert AuditEvent.objects.filter(verb="calls.exported").count() == 1
