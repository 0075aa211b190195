"""What lists read: the database's rule against the one in Python, pages, and a fixed number of queries."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.headlines import (
    NO_AUTHENTICATION,
    NO_CREDENTIAL,
    NO_NETWORK,
    NO_REGISTRATION,
    PASSWORD_CLEARED,
    Gap,
    trunk_state,
)
from trunks.health.summaries import trunk_rows
from trunks.models import AllowedNetwork, DigestCredential, Gateway, GatewayHealth, Trunk
from trunks.queries import gap_of, headline_of, matching, page_of, tally_of, trunks_of, verdict_of, watched

STATES = ("up", "impaired", "down", "unknown")


def set_states(trunk: Trunk, *states: str) -> None:
    """Put a trunk's gateways into these states, in the order in which they were added."""
    gateways = Gateway.objects.filter(trunk=trunk).order_by("created_at")
    for gateway, state in zip(gateways, states, strict=True):
        GatewayHealth.objects.filter(gateway=gateway).update(state=state)


@pytest.mark.parametrize("states", list(itertools.combinations_with_replacement(STATES, 2)))
def test_the_database_works_out_the_same_state(alice: Person, states: tuple[str, str]) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5", "sip:203.0.113.6")
    with tenant_context(alice.tenant):
        set_states(trunk, *states)

        found: Any = trunks_of(alice.tenant).get()

        assert found.state == trunk_state(tally_of(found))
        assert headline_of(found).state == found.state


@pytest.mark.parametrize("enabled", [True, False])
def test_a_paused_trunk_is_paused_whatever_its_gateways_are(alice: Person, enabled: bool) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        Trunk.objects.filter(pk=trunk.pk).update(is_enabled=enabled)
        Gateway.objects.filter(trunk=trunk).update(is_enabled=False)

        assert trunks_of(alice.tenant).get().state == "paused"


def test_a_trunk_and_its_gateways_are_of_one_moment(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    asked: list[str] = []

    def answer_between(execute: Any, sql: str, *rest: Any) -> Any:
        """Store an answer after the trunk was read, and before its gateways are."""
        asked.append(sql)
        if len(asked) == 2:
            GatewayHealth.objects.update(state="down", checked_at=timezone.now())
        return execute(sql, *rest)

    with tenant_context(alice.tenant):
        with connection.execute_wrapper(answer_between):
            found = watched(trunks_of(alice.tenant), trunk.pk)

        assert found is not None
        assert (found[0].state, [each.health.state for each in found[1]]) == ("down", ["down"])
        assert watched(trunks_of(alice.tenant), uuid.uuid4()) is None


def test_down_since_is_when_the_last_gateway_went_down(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5", "sip:203.0.113.6")
    now = timezone.now()
    with tenant_context(alice.tenant):
        set_states(trunk, "down", "down")
        for minutes, gateway in zip((9, 4), Gateway.objects.order_by("created_at"), strict=True):
            GatewayHealth.objects.filter(gateway=gateway).update(since=now - timedelta(minutes=minutes))

        assert trunks_of(alice.tenant).get().state_since == now - timedelta(minutes=4)


@pytest.fixture
def many(alice: Person) -> Tenant:
    """Five trunks; by urgency, then name: Delta (down), alpha, Bravo, Charlie, Echo (unknown)."""
    for number, name in enumerate(("alpha", "Bravo", "Charlie", "Delta", "Echo")):
        trunk = make_trunk(alice, name, f"sip:203.0.113.{number}")
        if name == "Delta":
            with tenant_context(alice.tenant):
                set_states(trunk, "down")
    return alice.tenant


def names(rows: list[Any]) -> list[str]:
    """Return the names of trunks."""
    return [row.name for row in rows]


def test_pages_go_forwards_and_back(many: Tenant) -> None:
    with tenant_context(many):
        first = page_of(trunks_of(many), size=2)
        second = page_of(trunks_of(many), first.next, size=2)
        third = page_of(trunks_of(many), second.next, size=2)
        back = page_of(trunks_of(many), third.previous, size=2)

    assert [names(page.rows) for page in (first, second, third, back)] == [
        ["Delta", "alpha"],
        ["Bravo", "Charlie"],
        ["Echo"],
        ["Bravo", "Charlie"],
    ]
    assert (first.previous, third.next) == ("", "")


@pytest.mark.parametrize("cursor", ["x", "%%%", "WyJhZnRlciJd", "bnVsbA", "IiI", "é"])
def test_an_unreadable_cursor_means_the_first_page(many: Tenant, cursor: str) -> None:
    with tenant_context(many):
        assert names(page_of(trunks_of(many), cursor, size=1).rows) == ["Delta"]


@pytest.mark.parametrize(
    ("search", "state", "expected"),
    [
        ("", "", ["Delta", "alpha", "Bravo", "Charlie", "Echo"]),
        ("ALPH", "", ["alpha"]),
        ("203.0.113.2", "", ["Charlie"]),
        ("203.0.113", "down", ["Delta"]),
        ("", "up", []),
        ("%", "", []),
    ],
)
def test_search_looks_at_names_and_hosts(many: Tenant, search: str, state: str, expected: list[str]) -> None:
    with tenant_context(many):
        assert names(list(matching(trunks_of(many), search=search, state=state))) == expected


def test_the_verdict_counts_by_state_in_one_query(
    many: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant_context(many), django_assert_num_queries(1):
        headline, counts = verdict_of(many)
    assert (headline.text(), counts) == ("1 of 5 lines is down", {"down": 1, "unknown": 4})


@pytest.mark.parametrize(
    ("methods", "direction", "has_network", "passwords", "expected"),
    [
        (["ip_allowlist"], "both", False, ["kept"], NO_NETWORK),
        (["ip_allowlist"], "inbound", False, [], NO_NETWORK),
        (["ip_allowlist"], "outbound", False, [], None),
        (["ip_allowlist"], "both", True, [], None),
        (["ip_allowlist", "digest"], "both", True, [], NO_CREDENTIAL),
        (["ip_allowlist", "digest"], "both", False, [], NO_NETWORK),
        (["registration"], "outbound", False, [], NO_REGISTRATION),
        (["digest"], "inbound", False, ["kept"], None),
        (["digest"], "outbound", False, ["kept", "cleared"], PASSWORD_CLEARED),
        (["ip_allowlist"], "outbound", False, ["cleared"], None),
        ([], "both", False, [], NO_AUTHENTICATION),
        ([], "inbound", True, ["kept"], NO_AUTHENTICATION),
        ([], "outbound", False, [], None),
    ],
)
def test_what_keeps_calls_from_running(
    alice: Person,
    methods: list[str],
    direction: str,
    has_network: bool,
    passwords: list[str],
    expected: Gap | None,
) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        set_states(trunk, "up")
        Trunk.objects.filter(pk=trunk.pk).update(authentication=methods, direction=direction)
        if has_network:
            AllowedNetwork.objects.create(tenant=alice.tenant, trunk=trunk, cidr="203.0.113.0/24")
        for name in passwords:
            services.add_credential(
                tenant=alice.tenant,
                actor=alice.actor,
                trunk=trunk,
                direction="outbound",
                username=name,
                secret="first",
            )
        DigestCredential.objects.filter(username="cleared").update(secret=None)

        found: Any = trunks_of(alice.tenant).get()

        assert (gap_of(found), headline_of(found).gap, verdict_of(alice.tenant)[0].gap) == (expected,) * 3


def test_a_line_that_takes_no_call_comes_before_those_that_work(alice: Person) -> None:
    for name in ("Alpha", "Bravo", "Charlie"):
        trunk = make_trunk(alice, name, "sip:203.0.113.5")
        with tenant_context(alice.tenant):
            set_states(trunk, {"Alpha": "up", "Bravo": "up", "Charlie": "impaired"}[name])
    with tenant_context(alice.tenant):
        Trunk.objects.filter(name="Bravo").update(direction="both")

        assert names(list(trunks_of(alice.tenant))) == ["Charlie", "Bravo", "Alpha"]


def test_rows_of_200_trunks_take_as_many_queries_as_those_of_two(alice: Person) -> None:
    def queries() -> int:
        with tenant_context(alice.tenant), CaptureQueriesContext(connection) as captured:
            trunk_rows(list(trunks_of(alice.tenant)))
        return len(captured)

    make_trunk(alice, "Trunk 0", "sip:203.0.113.5", "sip:203.0.113.6")
    make_trunk(alice, "Trunk 1", "sip:203.0.113.5")
    with_two = queries()
    with tenant_context(alice.tenant):
        for number in range(2, 200):
            services.provision_trunk(
                tenant=alice.tenant,
                actor=alice.actor,
                name=f"Trunk {number}",
                gateways=[{"uri": "sip:203.0.113.5"}],
            )

    assert queries() == with_two
