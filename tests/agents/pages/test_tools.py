"""Tools: the list, making and editing one, secrets, the test, the log, taking one away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents import services
from agents.invoking import run_due_tests
from agents.models import Agent, Tool, ToolInvocation
from tenants.context import tenant_context
from tests.agents.conftest import DAY, Backend, edit, make_agent, make_tool, publish
from tests.agents.pages.conftest import page, same_queries
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db
SECRET = "Bearer canary-header-value"
NEW = {
    "name": "free_times",
    "description": "Free times of a day",
    "endpoint": "https://tools.example.com/booking",
    "parameters": json.dumps(DAY),
    "timeout_s": "5",
}


def tool_page(name: str, person: Person, tool: Tool, **kwargs: Any) -> str:
    return page(name, person, tool_id=tool.pk, **kwargs)


def seen(person: Person, address: str) -> str:
    return text_of(person.client().get(address).content)


def only(person: Person) -> Tool:
    with tenant_context(person.tenant):
        return Tool.objects.get(deleted_at=None)


def test_an_empty_list_says_what_belongs_there(alice: Person) -> None:
    html = alice.client().get(page("tools", alice)).content.decode()
    assert f'class="btn btn-primary" href="{page("tool-create", alice)}"' in html


def test_each_tool_says_how_its_last_call_went_and_who_uses_it(
    alice: Person, tool: Tool, invocation: ToolInvocation
) -> None:
    make_agent(alice, tool_ids=[tool.pk])
    make_tool(alice, name="orders")
    text = seen(alice, page("tools", alice))
    for words in ("free_times Free times of a day", "Being called", "Front desk", "orders", "Not called yet"):
        assert words in text, words


def test_queries_are_the_same_for_one_and_three_tools(alice: Person, tool: Tool, agent: Agent) -> None:
    def grow() -> None:
        ids = [tool.pk, *(make_tool(alice, name=name).pk for name in ("orders", "visits"))]
        edit(alice, agent, tool_ids=ids)
        publish(alice, agent)

    edit(alice, agent, tool_ids=[tool.pk])
    assert same_queries(alice.client(), page("tools", alice), grow)


def test_a_new_tool_shows_its_signing_secret_once(alice: Person) -> None:
    sent = {**NEW, "secret_headers": f"Authorization: {SECRET}\r\n\r\nX-Desk: 7"}
    response = alice.client().post(page("tool-create", alice), sent)
    html = response.content.decode()
    assert (response.status_code, "whsec_" in html, "no-store" in response["Cache-Control"]) == (
        200,
        True,
        True,
    )
    made = only(alice)
    assert (made.name, made.parameters, made.header_names) == ("free_times", DAY, ["Authorization", "X-Desk"])
    text = seen(alice, tool_page("tool", alice, made))
    assert ("Authorization , X-Desk" in text, "whsec_" in text, "canary" in text) == (True, False, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the tool a name"),
        ({"name": "free times"}, "Use 1 to 64 of a-z"),
        ({"name": "hang_up"}, "A built-in tool has this name."),
        ({"endpoint": "http://tools.example.com/"}, "Start it with https://."),
        ({"endpoint": "https://10.0.0.1/"}, "cannot be reached from the internet"),
        ({"timeout_s": "21"}, "Use 1 to 20 seconds."),
        ({"parameters": '{"type": "object",\n}'}, "This is no JSON: line 2, column 1"),
        ({"parameters": "[]"}, "Describe an object"),
        (
            {"parameters": '{"type": "object", "properties": {"a": {"$ref": "#"}}}'},
            "$ref cannot be used here",
        ),
        ({"parameters": '{"type": "object", "properties": 7}'}, "This is no JSON Schema: properties"),
        ({"secret_headers": "Authorization"}, "Write each header as name, colon and value"),
        ({"secret_headers": "Host: example.com"}, "We set Host ourselves"),
        ({"secret_headers": "A: 1\nA: 2"}, "Give each header once."),
    ],
)
def test_wrong_input(alice: Person, changes: dict[str, str], words: str) -> None:
    response = alice.client().post(page("tool-create", alice), {**NEW, **changes})
    html = response.content.decode().replace("&quot;", '"')
    assert (response.status_code, words in html) == (422, True)


def test_headers_that_were_typed_are_not_written_back(alice: Person) -> None:
    sent = {**NEW, "name": "", "secret_headers": f"Authorization: {SECRET}"}
    response = alice.client().post(page("tool-create", alice), sent)
    html = response.content.decode()
    assert (response.status_code, "canary" in html, "Enter the secret headers again" in html) == (
        422,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["Authorization"]),
        ({"secret_headers": "X-Key: 1"}, ["X-Key"]),
        ({"forget_headers": "on"}, []),
        ({"endpoint": "https://other.example.com/"}, []),
    ],
)
def test_an_edit_keeps_headers_unless_it_says_otherwise(
    alice: Person, changes: dict[str, str], names: list[str]
) -> None:
    tool = make_tool(alice, secret_headers={"Authorization": SECRET})
    sent = {**NEW, "version": tool.version, "description": "Other words", **changes}
    response = alice.client().post(tool_page("tool-edit", alice, tool), sent, follow=True)
    row = only(alice)
    assert (row.description, row.header_names) == ("Other words", names)
    assert ("for another host" in response.content.decode()) is ("endpoint" in changes)


def test_two_people_at_once_see_both_schemas(alice: Person, tool: Tool) -> None:
    with tenant_context(alice.tenant):
        services.edit_tool(
            tenant=alice.tenant, actor=alice.actor, tool=tool, expected_version=1,
            parameters={"type": "object", "properties": {"theirs": {}}},
        )  # fmt: skip
    response = alice.client().post(tool_page("tool-edit", alice, tool), {**NEW, "version": 1})
    text = text_of(response.content)
    assert (response.status_code, "&quot;theirs&quot;" in text, "&quot;patient&quot;" in text) == (
        409,
        True,
        True,
    )


def test_the_signing_secret_is_renewed(alice: Person, tool: Tool) -> None:
    browser = alice.client()
    assert "Renew it" in browser.get(tool_page("tool-secret", alice, tool)).content.decode()
    response = browser.post(tool_page("tool-secret", alice, tool), {"version": tool.version})
    assert ("whsec_" in response.content.decode(), "no-store" in response["Cache-Control"]) == (True, True)
    stale = browser.post(tool_page("tool-secret", alice, tool), {"version": tool.version})
    assert stale["Location"] == tool_page("tool", alice, tool)


def test_a_test_is_followed_until_a_worker_has_done_it(alice: Person, backend: Backend) -> None:
    tool = make_tool(alice, backend.url)
    backend.answers.append((200, b'{"free": ["09:30"]}'))
    browser = alice.client()
    form = browser.get(tool_page("tool-test", alice, tool)).context["form"]
    assert [(each.label, each.field.required) for each in form] == [("day", True), ("patient", False)]
    asked = browser.post(tool_page("tool-test", alice, tool), {"argument-day": "2027-01-04"})
    live = {"HX-Request": "true"}
    waiting = browser.get(asked["Location"], headers=live)
    assert (waiting.status_code, "appears here in seconds" in waiting.content.decode()) == (200, True)
    run_due_tests()
    done = browser.get(asked["Location"], headers=live)
    text = done.content.decode()
    assert (done.status_code, "It answered" in text, "text of 5" in text, "09:30" in text) == (
        286,
        True,
        True,
        False,
    )
    assert json.loads(backend.received[0][1])["arguments"] == {"day": "2027-01-04"}
    assert "Answered As a test" in seen(alice, tool_page("tool", alice, tool))


@pytest.mark.parametrize(
    ("schema", "sent", "arguments"),
    [
        ({"n": {"type": "integer"}, "f": {"type": "number"}}, {"n": "3", "f": "0.5"}, {"n": 3, "f": 0.5}),
        ({"yes": {"type": "boolean"}, "no": {"type": "boolean"}}, {"yes": "true", "no": "false"},
         {"yes": True, "no": False}),
        ({"who": {"type": "string", "enum": ["Lind", "Oh"]}}, {"who": "Oh"}, {"who": "Oh"}),
        ({"tags": {"type": "array", "items": {}}, "rest": {}}, {"tags": '["a"]'}, {"tags": ["a"]}),
        ({}, {}, {}),
    ],
)  # fmt: skip
def test_arguments_of_each_kind(
    alice: Person, backend: Backend, schema: Any, sent: dict[str, str], arguments: Any
) -> None:
    tool = make_tool(alice, backend.url, parameters={"type": "object", "properties": schema})
    fields = {f"argument-{name}": text for name, text in sent.items()}
    assert alice.client().post(tool_page("tool-test", alice, tool), fields).status_code == 302
    run_due_tests()
    assert json.loads(backend.received[0][1])["arguments"] == arguments


def test_a_schema_without_a_plain_list_takes_json(alice: Person, backend: Backend) -> None:
    tool = make_tool(alice, backend.url, parameters={"type": "object", "additionalProperties": True})
    address = tool_page("tool-test", alice, tool)
    browser = alice.client()
    for wrong, words in (("{", "This is no JSON."), ("[]", "Send an object")):
        response = browser.post(address, {"arguments": wrong})
        assert (response.status_code, words in response.content.decode()) == (422, True)
    assert browser.post(address, {"arguments": '{"a": 1}'}).status_code == 302


def test_defaults_are_filled_in(alice: Person) -> None:
    schema = {
        "day": {"type": "string", "default": "today", "description": "Which day"},
        "urgent": {"type": "boolean", "default": True},
        "odd": {"type": "boolean", "default": ["not", "one"]},
    }
    tool = make_tool(alice, parameters={"type": "object", "properties": schema})
    form = alice.client().get(tool_page("tool-test", alice, tool)).context["form"]
    held = {each.label: each.value() for each in form}
    assert held == {"day": "today", "odd": "", "urgent": "true"}
    assert form["argument-day"].help_text == "Which day"


def test_too_many_tests_wait(alice: Person) -> None:
    tool = make_tool(alice, parameters={"type": "object", "properties": {}})
    browser = alice.client()
    answers = [browser.post(tool_page("tool-test", alice, tool)) for _ in range(6)]
    assert [each.status_code for each in answers] == [302] * 5 + [422]
    assert "Wait until your other tests have ended." in answers[-1].content.decode()


def test_queries_are_the_same_for_one_and_three_calls(
    alice: Person, tool: Tool, invocation: ToolInvocation
) -> None:
    def grow() -> None:
        with tenant_context(alice.tenant):
            for _ in range(2):
                ToolInvocation.objects.create(
                    tenant=alice.tenant, tool=tool, kind="call", outcome="ok", ended_at=invocation.due_at
                )

    assert same_queries(alice.client(), tool_page("tool", alice, tool), grow)


def test_pages_of_the_log_follow_each_other(
    alice: Person, tool: Tool, invocation: ToolInvocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.views.tools.INVOCATIONS_LISTED", 1)
    with tenant_context(alice.tenant):
        newer = ToolInvocation.objects.create(
            tenant=alice.tenant, tool=tool, kind="call", outcome="ok", ended_at=invocation.due_at
        )
    browser = alice.client()
    first = browser.get(tool_page("tool", alice, tool))
    second = browser.get(first.context["older_url"])
    shown = [[each.invocation.pk for each in one.context["invocations"]] for one in (first, second)]
    assert shown == [[newer.pk], [invocation.pk]]


def test_a_tool_is_deleted_unless_an_agent_uses_it(alice: Person, tool: Tool) -> None:
    used = make_agent(alice, tool_ids=[tool.pk])
    browser = alice.client()
    html = browser.get(tool_page("tool-delete", alice, tool)).content.decode()
    assert (f'href="{page("detail", alice, agent_id=used.pk)}"' in html, "Delete the tool" in html) == (
        True,
        False,
    )
    refused = browser.post(tool_page("tool-delete", alice, tool), {"version": 1}, follow=True)
    assert "Take it from these agents first" in refused.content.decode()
    edit(alice, used, tool_ids=[])
    done = browser.post(tool_page("tool-delete", alice, tool), {"version": 1})
    assert done["Location"] == page("tools", alice)
    assert browser.get(tool_page("tool", alice, tool)).status_code == 404


def test_the_audit_log_leads_to_the_tool(alice: Person, tool: Tool) -> None:
    html = alice.client().get(f"/t/{alice.tenant.slug}/audit/").content.decode()
    assert f'href="{tool_page("tool", alice, tool)}"' in html
