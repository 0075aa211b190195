"""How the database finds calls, as the application's login and under row-level security, among 20,000."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from callsphere.calls.listing import PAGE_SIZE, CallFilter, read_sip_codes, select_calls
from callsphere.lib.ids import first_uuid_of
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.agents.conftest import make_agent
from tests.calls.conftest import make_line
from tests.calls.many import Many, fill_calls
from tests.conftest import Person
from tests.databases import owner_connection

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MANY, FEW = 20_000, 2_000
_PASS_ON = ("Limit", "Result")


@dataclass
class Log:
    """A busy tenant's, beside another's."""

    tenant: Tenant
    number: uuid.UUID
    trunk: uuid.UUID
    agent: uuid.UUID

    def scans(self, which: CallFilter, place: uuid.UUID | None = None) -> list[tuple[str, str, str]]:
        """Return the nodes of a page's plan that read or sort, each with its direction and index."""
        with tenant_context(self.tenant):
            rows = select_calls(self.tenant, which)
            rows = rows.filter(id__lt=place) if place else rows
            plan = json.loads(rows[: PAGE_SIZE + 1].explain(format="json"))
        return [
            (node["Node Type"], node.get("Scan Direction", ""), node.get("Index Name", ""))
            for node in _nodes_of(plan[0]["Plan"])
            if node["Node Type"] not in _PASS_ON
        ]


def _nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes_of(child)


@pytest.fixture
def log(alice: Person, charlie: Person) -> Log:
    line, other = make_line(alice), make_line(charlie, "+14155550102", "+4930901821")
    agents = [make_agent(alice, f"Agent {n}").pk for n in range(10)]
    fill_calls(
        alice.tenant,
        Many(
            MANY,
            FIRST,
            timedelta(days=100),
            numbers=[line.number.pk, *[line.own.pk] * 19],
            agents=agents,
            trunks=[line.trunk.pk],
        ),
    )
    fill_calls(charlie.tenant, Many(FEW, FIRST, timedelta(days=100), numbers=[other.number.pk]))
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("ANALYZE calls_call")
    return Log(alice.tenant, line.number.pk, line.trunk.pk, agents[0])


def filters_of(log: Log) -> dict[str, CallFilter]:
    """Return a filter for each index that gives the order by itself."""
    return {
        "call_of_tenant": CallFilter(),
        "call_of_number": CallFilter(phone_number_id=log.number),
        "call_of_agent": CallFilter(agent_id=log.agent),
        "call_of_trunk": CallFilter(trunk_id=log.trunk),
        "call_by_direction": CallFilter(direction="outbound"),
        "call_by_outcome": CallFilter(outcome="busy"),
        "call_by_sip_code": CallFilter(sip_codes=read_sip_codes("486")),
        "call_live": CallFilter(live=True),
    }


def test_first_page_and_deep_page_walk_one_index_without_sorting(log: Log) -> None:
    deep = first_uuid_of(FIRST + timedelta(days=5))
    for name, which in filters_of(log).items():
        walked = [("Index Scan", "Forward", name)]
        assert (log.scans(which), log.scans(which, deep)) == (walked, walked)


def test_a_period_is_a_range_of_keys(log: Log) -> None:
    period = CallFilter(
        started_from=FIRST + timedelta(days=3), started_before=FIRST + timedelta(days=60), outcome="missed"
    )
    assert log.scans(period) == [("Index Scan", "Forward", "call_by_outcome")]
    assert log.scans(CallFilter(started_before=FIRST + timedelta(days=5))) == [
        ("Index Scan", "Forward", "call_of_tenant")
    ]


def test_few_of_a_range_are_found_by_their_index_and_sorted(log: Log) -> None:
    ranges = {
        "call_by_their_number": CallFilter(their_number="4930"),
        "call_by_sip_code": CallFilter(sip_codes=read_sip_codes("5xx")),
        "call_by_duration": CallFilter(shortest_s=598),
    }
    for name, which in ranges.items():
        (sort, scan) = log.scans(which)
        assert (sort[0], scan) == ("Sort", ("Index Scan", "Forward", name))


def test_many_of_a_range_are_found_along_the_log(log: Log) -> None:
    ranges = [
        CallFilter(their_number="+1"),
        CallFilter(sip_codes=read_sip_codes("2xx")),
        CallFilter(longest_s=300),
    ]
    assert [log.scans(which) for which in ranges] == [[("Index Scan", "Forward", "call_of_tenant")]] * 3
