"""Routes from numbers to agents."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from agents import services
from agents.deciding import decide
from agents.models import NumberRoute
from agents.queries import plan_of, routes_of
from callsphere.lib.errors import Refused, VersionConflict
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.agents.conftest import edit, make_agent, make_hours, make_number, make_route, make_tool, publish
from tests.conftest import Person
from trunks.models import PhoneNumber

pytestmark = pytest.mark.django_db
OPEN = datetime(2027, 1, 4, 15, tzinfo=UTC)


@pytest.fixture
def number(alice: Person) -> PhoneNumber:
    return make_number(alice)


def change(person: Person, route: NumberRoute, **changes: Any) -> NumberRoute:
    return services.edit_route(
        tenant=person.tenant, actor=person.actor, route=route, expected_version=None, **changes
    )


def decided(person: Person, now: datetime = OPEN) -> tuple[str, int | None]:
    found = decide(plan_of(routes_of(person.tenant).get()), now)
    return found.action, found.target.version if found.target else None


def test_calls_follow_what_is_published_unless_a_version_is_pinned(
    alice: Person, in_acme: Tenant, number: PhoneNumber
) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    route = make_route(alice, number, agent, hours_id=make_hours(alice).pk)
    assert decided(alice) == ("answer", 1)
    edit(alice, agent, greeting="Hello.")
    publish(alice, agent)
    assert decided(alice) == ("answer", 2)
    assert change(alice, route, pinned_version=1).pinned is not None
    assert decided(alice) == ("answer", 1)
    other = make_agent(alice, "Other")
    publish(alice, other)
    moved = change(alice, route, agent_id=other.pk)
    assert (moved.agent, moved.pinned, moved.version) == (other, None, 3)


def test_an_edit_that_names_the_same_agent_keeps_the_pinned_version(
    alice: Person, in_acme: Tenant, number: PhoneNumber
) -> None:
    agent = make_agent(alice)
    version = publish(alice, agent)
    route = make_route(alice, number, agent, pinned_version=1)
    assert change(alice, route, agent_id=agent.pk, most_calls=2).pinned == version


def test_what_a_pinned_version_uses_is_not_deleted(
    alice: Person, in_acme: Tenant, number: PhoneNumber
) -> None:
    tool = make_tool(alice)
    agent = make_agent(alice, tool_ids=[tool.pk])
    publish(alice, agent)
    route = make_route(alice, number, agent, pinned_version=1)
    edit(alice, agent, tool_ids=[])
    publish(alice, agent)
    who: dict[str, Any] = {"tenant": in_acme, "actor": alice.actor}
    with pytest.raises(Refused, match="pin no version with it: Front desk"):
        services.delete_tool(**who, tool=tool)
    change(alice, route, pinned_version=None)
    services.delete_tool(**who, tool=tool)
    with pytest.raises(ValidationError) as refused:
        change(alice, route, pinned_version=1)
    assert refused.value.message_dict == {
        "pinned_version": ["Version 1 uses tools that were deleted: free_times."]
    }


def test_closed_full_and_out_of_reach(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    agent, night = make_agent(alice), make_agent(alice, "Night desk")
    publish(alice, agent), publish(alice, night)
    route = make_route(
        alice,
        number,
        agent,
        hours_id=make_hours(alice).pk,
        most_calls=3,
        closed_action="agent",
        closed_agent_id=night.pk,
        overflow_action="human",
        overflow_number="+1 212 555 0100",
    )
    plan = plan_of(routes_of(in_acme).get())
    assert plan.ways["overflow"].number == "+12125550100"
    assert decide(plan, datetime(2027, 1, 3, 15, tzinfo=UTC)).target == plan.ways["closed"].target
    # another action lets go of what belonged to the one before
    changed = change(alice, route, closed_action="voicemail", overflow_action="hang_up")
    assert (changed.closed_agent, changed.overflow_number) == (None, "")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"agent_id": uuid.UUID(int=1)}, "agent_id"),
        ({"phone_number_id": uuid.UUID(int=1)}, "phone_number_id"),
        ({"hours_id": uuid.UUID(int=1)}, "hours_id"),
        ({"pinned_version": 2}, "pinned_version"),
        ({"most_calls": 0}, "most_calls"),
        ({"closed_action": "dance"}, "closed_action"),
        ({"closed_action": "human"}, "closed_action"),
        ({"closed_action": "human", "closed_number": "911"}, "closed_number"),
        ({"closed_action": "agent"}, "closed_action"),
        ({"overflow_number": "+12125550100"}, "overflow_action"),
        ({"fallback_action": "agent", "fallback_agent_id": uuid.UUID(int=1)}, "fallback_agent_id"),
    ],
)
def test_wrong_fields_are_named(
    alice: Person, in_acme: Tenant, number: PhoneNumber, fields: dict[str, Any], field: str
) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    with pytest.raises(ValidationError) as refused:
        make_route(alice, number, agent, **fields)
    assert field in refused.value.message_dict
    assert not NumberRoute.objects.exists()


def test_one_route_a_number(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    make_route(alice, number, agent)
    with pytest.raises(ValidationError) as refused:
        make_route(alice, number, agent)
    assert refused.value.message_dict == {
        "phone_number_id": ["Calls to this number are routed already. Change that route."]
    }


def test_the_fallback_is_another_agent(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    with pytest.raises(ValidationError, match="Choose another agent"):
        make_route(alice, number, agent, fallback_action="agent", fallback_agent_id=agent.pk)


def test_only_to_agents_that_are_published(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    with pytest.raises(ValidationError, match="Publish Front desk first"):
        make_route(alice, number, make_agent(alice))


def test_not_to_what_is_another_tenants(alice: Person, charlie: Person, number: PhoneNumber) -> None:
    theirs, mine = make_agent(charlie), make_agent(alice)
    publish(charlie, theirs), publish(alice, mine)
    hours = make_hours(charlie)
    with pytest.raises(ValidationError) as refused:
        make_route(alice, number, mine, agent_id=theirs.pk, closed_agent_id=theirs.pk, hours_id=hours.pk)
    assert sorted(refused.value.message_dict) == ["agent_id", "closed_agent_id", "hours_id"]
    with pytest.raises(ValidationError) as refused:
        make_route(charlie, number, theirs)
    assert list(refused.value.message_dict) == ["phone_number_id"]


def test_an_agent_that_is_routed_is_not_deleted(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    agent, night = make_agent(alice), make_agent(alice, "Night desk")
    publish(alice, agent), publish(alice, night)
    route = make_route(alice, number, agent, closed_action="agent", closed_agent_id=night.pk)
    who: dict[str, Any] = {"tenant": in_acme, "actor": alice.actor}
    for each in (agent, night):
        with pytest.raises(Refused, match=r"\+1 415-555-0101"):
            services.delete_agent(**who, agent=each)
    services.delete_route(**who, route=route)
    for each in (agent, night):
        services.delete_agent(**who, agent=each)


def test_edits_name_their_version(alice: Person, in_acme: Tenant, number: PhoneNumber) -> None:
    agent = make_agent(alice)
    publish(alice, agent)
    route = make_route(alice, number, agent)
    change(alice, route, most_calls=2)
    with pytest.raises(VersionConflict) as refused:
        services.edit_route(
            tenant=in_acme, actor=alice.actor, route=route, expected_version=1, most_calls=3, pinned_version=1
        )
    assert refused.value.theirs == {"most_calls": 2, "pinned_id": None}


def test_the_database_pins_only_versions_of_the_agent(alice: Person, number: PhoneNumber) -> None:
    agent, other = make_agent(alice), make_agent(alice, "Other")
    publish(alice, agent)
    version = publish(alice, other)
    make_route(alice, number, agent)
    with tenant_context(alice.tenant):
        raw = connection.connection
        raw.execute("SAVEPOINT before")
        raw.execute("UPDATE agents_numberroute SET pinned_id = %s", [version.pk])
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="own_version"):
            raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raw.execute("ROLLBACK TO SAVEPOINT before")
