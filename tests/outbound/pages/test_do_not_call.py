"""The list of numbers not to call, in the browser."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.outbound.models import DoNotCall
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.conftest import Line
from tests.outbound.making import TO, make_entry
from tests.outbound.pages.test_orders import LIST_QUERIES, address
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db


def test_a_number_is_added_once_and_removed(line: Line) -> None:
    client = line.person.client()
    added = client.post(address("forbid", line.person), {"number": TO, "reason": "Asked us to"}, follow=True)
    assert "+1 212-555-0199 Asked us to" in text_of(added.content)
    again = client.post(address("forbid", line.person), {"number": TO})
    assert (again.status_code, "on the list already" in again.content.decode()) == (422, True)
    with tenant_context(line.person.tenant):
        entry = DoNotCall.objects.get()
    removed = client.post(address("allow", line.person, entry_id=entry.pk), follow=True)
    assert "Everybody may be called" in text_of(removed.content)
    with tenant_context(line.person.tenant):
        verbs = AuditEvent.objects.filter(verb__startswith="do_not_call.").values_list("verb", flat=True)
        assert sorted(verbs) == ["do_not_call.added", "do_not_call.removed"]


@pytest.mark.parametrize("rows", [1, 3])
def test_as_many_queries_for_one_row_as_for_three(line: Line, rows: int) -> None:
    for number in range(rows):
        make_entry(line.person, f"+1212555020{number}")
    client = line.person.client()
    with CaptureQueriesContext(connection) as asked:
        assert len(client.get(address("do-not-call", line.person)).context["rows"]) == rows
    assert len(asked) == LIST_QUERIES
