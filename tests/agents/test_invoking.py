"""Tools called in calls and as tests; what is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents import services
from agents.invoking import KEPT, LEASE, forget_old_invocations, invoke, request_test, run_due_tests
from agents.models import Tool, ToolInvocation
from callsphere.lib.errors import Refused
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tests.agents.conftest import Backend, make_agent, make_tool, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = {"day": "2027-01-04", "patient": "Jane Roe"}
MASKED = {"day": "text of 10", "patient": "text of 8"}


def log_of(person: Person) -> list[ToolInvocation]:
    with tenant_context(person.tenant):
        return list(ToolInvocation.objects.order_by("created_at", "id"))


def ask_for_test(person: Person, tool: Tool, arguments: Any = ASKED) -> ToolInvocation:
    with tenant_context(person.tenant):
        return request_test(tenant=person.tenant, actor=person.actor, tool=tool, arguments=arguments)


def test_in_a_call(alice: Person, backend: Backend) -> None:
    backend.answers = [(200, b'{"times": ["9:00"]}')]
    tool = make_tool(alice, backend.url, secret_headers={"X-Key": "hush"})
    version = publish(alice, make_agent(alice, tool_ids=[tool.pk]))
    result = invoke(tenant=alice.tenant, version=version, name="free_times", arguments=ASKED, reference="CA1")
    assert (result.outcome, result.answer) == ("ok", {"times": ["9:00"]})
    assert backend.received[0][0]["x-key"] == "hush"
    (row,) = log_of(alice)
    assert (row.kind, row.reference, row.version_id, row.outcome, row.status, row.tries) == (
        "call",
        "CA1",
        version.pk,
        "ok",
        200,
        1,
    )
    assert (row.arguments, row.answer) == (MASKED, {"times": ["text of 4"]})


def test_a_tool_that_the_version_has_not(alice: Person) -> None:
    version = publish(alice, make_agent(alice))
    result = invoke(tenant=alice.tenant, version=version, name="dance", arguments={}, reference="CA1")
    assert (result.outcome, log_of(alice)) == ("unusable", [])


def test_the_version_says_what_is_taken(alice: Person, backend: Backend) -> None:
    tool = make_tool(alice, backend.url)
    version = publish(alice, make_agent(alice, tool_ids=[tool.pk]))
    with tenant_context(alice.tenant):
        services.edit_tool(
            tenant=alice.tenant,
            actor=alice.actor,
            tool=tool,
            expected_version=None,
            parameters={"type": "object", "required": ["hour"]},
        )
    result = invoke(tenant=alice.tenant, version=version, name="free_times", arguments=ASKED, reference="CA1")
    assert result.outcome == "ok"


def test_a_test_waits_for_a_worker_with_its_arguments_sealed(alice: Person, backend: Backend) -> None:
    test = ask_for_test(alice, make_tool(alice, backend.url))
    (waiting,) = log_of(alice)
    assert (waiting.outcome, waiting.arguments, waiting.sealed_arguments != "") == ("", MASKED, True)
    assert run_due_tests() == 1
    (done,) = log_of(alice)
    assert (done.pk, done.outcome, done.sealed_arguments, done.due_at, done.kind) == (
        test.pk,
        "ok",
        "",
        None,
        "test",
    )
    assert (b"Jane Roe" in backend.received[0][1], run_due_tests()) == (True, 0)


def test_wrong_arguments_are_told_in_the_log(alice: Person, backend: Backend) -> None:
    ask_for_test(alice, make_tool(alice, backend.url), {})
    run_due_tests()
    assert [(row.outcome, row.detail) for row in log_of(alice)] == [
        ("wrong_arguments", "The arguments: day is missing.")
    ]


@pytest.mark.parametrize(("idempotent", "outcome", "sent"), [(False, "interrupted", 0), (True, "ok", 1)])
def test_a_test_whose_worker_died_is_repeated_only_where_it_may(
    alice: Person, backend: Backend, idempotent: bool, outcome: str, sent: int
) -> None:
    ask_for_test(alice, make_tool(alice, backend.url, is_idempotent=idempotent))
    with platform_context("a worker claims it, and dies"):
        ToolInvocation.objects.update(claim=1, due_at=database_now() - timedelta(seconds=1))
    run_due_tests()
    assert ([row.outcome for row in log_of(alice)], len(backend.received)) == ([outcome], sent)


def test_a_worker_that_was_overtaken_stores_nothing(alice: Person, backend: Backend) -> None:
    ask_for_test(alice, make_tool(alice, backend.url))
    taken: list[int] = []

    def clock() -> Any:
        if taken:  # the second time is when the result is stored
            with platform_context("another worker takes it"):
                ToolInvocation.objects.update(claim=7, due_at=database_now() + LEASE)
        taken.append(1)
        return database_now()

    run_due_tests(clock)
    assert [(row.claim, row.outcome) for row in log_of(alice)] == [(7, "")]


def test_not_too_many_tests_at_once(alice: Person) -> None:
    tool = make_tool(alice)
    for _ in range(5):
        ask_for_test(alice, tool)
    with pytest.raises(Refused, match="Wait until"):
        ask_for_test(alice, tool)


@pytest.mark.parametrize("value", [float("nan"), "\ud83d"])
def test_only_json(alice: Person, value: Any) -> None:
    with pytest.raises(ValidationError, match="no JSON") as refused:
        ask_for_test(alice, make_tool(alice), {"day": value})
    assert list(refused.value.message_dict) == ["arguments"]


def test_a_test_that_breaks_ends_and_leaves_those_of_others_alone(
    alice: Person, charlie: Person, backend: Backend
) -> None:
    broken = make_tool(alice, backend.url, is_idempotent=True)
    with platform_context("no schema that was ever checked"):
        Tool.objects.filter(pk=broken.pk).update(parameters={"type": "object", "properties": 7})
    ask_for_test(alice, broken)
    ask_for_test(charlie, make_tool(charlie, backend.url))
    assert run_due_tests() == 2
    assert [(row.outcome, row.detail) for row in log_of(alice)] == [
        ("interrupted", "Something went wrong on our side. Write to support if it does again.")
    ]
    assert ([row.outcome for row in log_of(charlie)], run_due_tests()) == (["ok"], 0)


def test_only_objects(alice: Person) -> None:
    tool = make_tool(alice)
    arguments: Any
    for arguments in ([], {"day": "x" * 17_000}):
        with pytest.raises(ValidationError):
            ask_for_test(alice, tool, arguments)


def test_the_log_is_forgotten_after_a_month(alice: Person, backend: Backend) -> None:
    ask_for_test(alice, make_tool(alice, backend.url))
    run_due_tests()
    assert forget_old_invocations(lambda: database_now() + KEPT - timedelta(hours=1)) == 0
    assert forget_old_invocations(lambda: database_now() + KEPT + timedelta(hours=1)) == 1
    assert log_of(alice) == []
