"""Making, changing and deleting tools; which agents use them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents import services
from agents.diff import differences_between
from agents.models import Tool, VersionTool
from callsphere.lib.errors import Refused, VersionConflict
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import DAY, edit, make_agent, make_tool, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db
HEADERS = {"Authorization": "Bearer hush"}


def change(person: Person, tool: Tool, **changes: Any) -> Tool:
    return services.edit_tool(
        tenant=person.tenant, actor=person.actor, tool=tool, expected_version=None, **changes
    )


def test_secrets_go_in_and_the_signing_secret_comes_out_once(alice: Person, in_acme: Tenant) -> None:
    tool, secret = services.create_tool(
        tenant=in_acme,
        actor=alice.actor,
        name="free_times",
        endpoint="https://tools.example.com/booking",
        secret_headers=HEADERS,
    )
    stored = Tool.objects.get()
    assert (stored.pk, stored.header_names, stored.timeout_s, stored.is_idempotent) == (
        tool.pk,
        ["Authorization"],
        5,
        False,
    )
    assert reveal(stored, "signing_secret") == secret
    assert secret.startswith("whsec_")
    assert json.loads(reveal(stored, "secret_headers")) == HEADERS
    assert "hush" not in str(AuditEvent.objects.get(verb="tool.created").changes)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "free times"}, "name"),
        ({"name": "hang_up"}, "name"),
        ({"endpoint": "http://tools.example.com/"}, "endpoint"),
        ({"endpoint": "https://tools.example.com:9000/"}, "endpoint"),
        ({"endpoint": "https://u:p@tools.example.com/"}, "endpoint"),
        ({"endpoint": "https://10.0.0.1/"}, "endpoint"),
        ({"endpoint": "https://169.254.169.254/latest"}, "endpoint"),
        ({"endpoint": "https://tools.example.com/#a"}, "endpoint"),
        ({"endpoint": "ftp://tools.example.com/"}, "endpoint"),
        ({"endpoint": "https://[::1/"}, "endpoint"),
        ({"endpoint": "https://[1]/"}, "endpoint"),
        ({"endpoint": "https://999.1.1.1/"}, "endpoint"),
        ({"endpoint": "https://xn--/"}, "endpoint"),
        ({"endpoint": "https://tools.example.com:0/"}, "endpoint"),
        ({"parameters": {"type": "array"}}, "parameters"),
        ({"timeout_s": 21}, "timeout_s"),
        ({"secret_headers": {"Host": "a"}}, "secret_headers"),
        ({"secret_headers": {"Webhook-Id": "a"}}, "secret_headers"),
        ({"secret_headers": {"X-A": "a\r\nX-B: b"}}, "secret_headers"),
        ({"secret_headers": {"X A": "a"}}, "secret_headers"),
        ({"secret_headers": {"X-A": "a", "x-a": "b"}}, "secret_headers"),
        ({"secret_headers": {f"X-{n}": "a" for n in range(11)}}, "secret_headers"),
    ],
)
def test_wrong_fields_are_named(alice: Person, in_acme: Tenant, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make_tool(alice, **fields)
    assert list(refused.value.message_dict) == [field]


def test_headers_are_kept_for_the_host_they_were_entered_for(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice, secret_headers=HEADERS)
    assert change(alice, tool, endpoint="https://tools.example.com/other").header_names == ["Authorization"]
    moved = change(alice, tool, endpoint="https://evil.example.com/booking")
    assert (moved.header_names, moved.secret_headers, moved.headers_set_at) == ([], "", None)
    again = change(alice, tool, endpoint="https://third.example.com/", secret_headers={"X-Key": "k"})
    assert (again.header_names, again.version) == (["X-Key"], 4)


def test_other_values_of_the_same_headers_are_stored(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice, secret_headers=HEADERS)
    change(alice, tool, secret_headers={"Authorization": "Bearer other"})
    stored = Tool.objects.get()
    assert json.loads(reveal(stored, "secret_headers")) == {"Authorization": "Bearer other"}
    assert "other" not in str(AuditEvent.objects.get(verb="tool.updated").changes)
    with pytest.raises(VersionConflict):
        services.edit_tool(tenant=in_acme, actor=alice.actor, tool=tool, expected_version=1, timeout_s=9)


def test_another_signing_secret(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice)
    row, secret = services.renew_signing_secret(
        tenant=in_acme, actor=alice.actor, tool=tool, expected_version=1
    )
    assert (reveal(Tool.objects.get(), "signing_secret"), row.version) == (secret, 2)


def test_a_version_keeps_what_it_was_told_of_a_tool(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice)
    agent = make_agent(alice, tool_ids=[tool.pk])
    first = publish(alice, agent)
    change(alice, tool, description="Free times, by day")
    assert VersionTool.objects.get(version=first).description == "Free times of a day"
    # that is something new to publish
    second = publish(alice, agent)
    assert [(each.field, each.before, each.after) for each in differences_between(first, second)] == [
        ("tools", ["free_times"], ["free_times (changed)"])
    ]
    assert VersionTool.objects.get(version=second).parameters == DAY


def test_choosing_tools_is_an_edit_of_the_draft(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice)
    agent = make_agent(alice)
    assert edit(alice, agent, tool_ids=[tool.pk]).version == 2
    assert edit(alice, agent, tool_ids=[tool.pk]).version == 2
    assert edit(alice, agent, tool_ids=[], greeting="Hello.").version == 3
    changes = AuditEvent.objects.filter(verb="agent.updated").order_by("created_at", "id")
    assert [each.changes for each in changes] == [
        {"tools": [[], ["free_times"]]},
        {"greeting": ["", "Hello."]},
        {"tools": [["free_times"], []]},
    ]


def test_only_tools_that_there_are(alice: Person, charlie: Person) -> None:
    theirs, mine = make_tool(charlie), make_tool(alice)
    agent = make_agent(alice)
    with pytest.raises(ValidationError) as refused:
        edit(alice, agent, tool_ids=[mine.pk, theirs.pk])
    assert refused.value.message_dict == {"tool_ids": ["There is no such tool."]}


def test_a_tool_without_a_description_is_not_published(alice: Person, in_acme: Tenant) -> None:
    agent = make_agent(alice, tool_ids=[make_tool(alice, description="").pk])
    with pytest.raises(ValidationError) as refused:
        publish(alice, agent)
    assert list(refused.value.message_dict) == ["tool_ids"]


def test_a_tool_in_use_is_not_deleted(alice: Person, in_acme: Tenant) -> None:
    tool = make_tool(alice)
    agent = make_agent(alice, tool_ids=[tool.pk])
    publish(alice, agent)
    who: dict[str, Any] = {"tenant": in_acme, "actor": alice.actor}
    for _in_draft_then_in_version in range(2):
        with pytest.raises(Refused, match="Front desk"):
            services.delete_tool(**who, tool=tool)
        edit(alice, agent, tool_ids=[])
    publish(alice, agent)
    services.delete_tool(**who, tool=tool)
    gone = Tool.objects.get()
    assert (gone.deleted_at is not None, reveal(gone, "signing_secret")) == (True, "")
    with pytest.raises(Refused, match="Version 1 uses tools that were deleted: free_times"):
        services.roll_back(**who, agent=agent, expected_version=None, number=1)
    assert make_tool(alice).name == tool.name  # the name is free again
