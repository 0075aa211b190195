"""The first page of a tenant."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import services
from agents.models import NumberRoute
from billing.models import Subscription
from billing.queries import offered_plan
from tenants.context import tenant_context
from tenants.enums import Role
from tests.calls.pages.calls import make_call
from tests.conftest import Person, make_member
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, NOON, OK, SILENT, probe
from trunks.models import PhoneNumber

URL = "/t/acme-dental/"
TODO = ("todo", "todo")
"""An agent that answers, and a call."""


def test_without_a_trunk_it_teaches(alice: Person) -> None:
    response = alice.client().get(URL)

    assert "No line is connected yet" in response.content.decode()
    assert [step["state"] for step in response.context["steps"]] == ["current", *["todo"] * 6]


@pytest.mark.parametrize(
    ("letter", "verdict", "words"),
    [
        (OK, "Your line is working", "the gateway answers"),
        (BUSY, "Your line is in trouble", "Main line: The carrier is overloaded"),
        (SILENT, "Your line is down", "Main line: The carrier does not answer"),
    ],
)
def test_it_says_whether_the_line_works_and_why_not(
    alice: Person, letter: str, verdict: str, words: str
) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(letter, NOON)

    html = alice.client().get(URL).content.decode()

    assert verdict in html
    assert words in html


@pytest.mark.parametrize(
    ("uris", "letter", "states"),
    [
        ((), "", ["todo", *TODO, "done", "current", "todo", "todo"]),
        (("sip:203.0.113.5",), "", ["todo", *TODO, "done", "done", "current", "todo"]),
        (("sip:203.0.113.5",), SILENT, ["todo", *TODO, "done", "done", "current", "todo"]),
        (("sip:203.0.113.5",), BUSY, ["todo", *TODO, "done", "done", "done", "current"]),
        (("sip:203.0.113.5",), OK, []),
    ],
)
def test_the_checklist_leads_to_the_first_green_trunk(
    alice: Person, uris: tuple[str, ...], letter: str, states: list[str]
) -> None:
    make_trunk(alice, "Main line", *uris)
    if letter:
        probe(letter, NOON)

    assert [step["state"] for step in alice.client().get(URL).context["steps"]] == states


def test_plan_and_number_come_before_the_line(alice: Person, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_guided"
    response = alice.client().get(URL)

    first, second, _agent, _call, third, *_rest = response.context["steps"]
    assert (first["title"], first["state"], first["url"]) == (
        "Choose a plan",
        "current",
        f"{URL}billing/plans/",
    )
    assert (second["title"], second["state"], second["url"]) == (
        "Get a phone number",
        "todo",
        f"{URL}numbers/",
    )
    assert (third["title"], third["state"], third["url"]) == (
        "Name your line",
        "todo",
        f"{URL}trunks/connect/",
    )
    # one button, and a way for those who have a carrier already
    html = response.content.decode()
    assert html.count("btn btn-primary") == 1
    assert f'<a class="link" href="{URL}trunks/connect/">connect it</a>' in html


def test_with_plan_and_number_an_agent_is_next(alice: Person, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_guided"
    with tenant_context(alice.tenant):
        Subscription.objects.create(
            tenant=alice.tenant, plan=offered_plan("one"), status="trialing", stripe_id="sub_1"
        )
        PhoneNumber.objects.create(
            tenant=alice.tenant, number="+14155550101", source="bought", state="ordered"
        )
    response = alice.client().get(URL)

    states = [step["state"] for step in response.context["steps"]]
    assert states == ["done", "done", "current", *["todo"] * 5]
    agent = response.context["steps"][2]
    assert (agent["title"], agent["url"]) == ("Let an agent answer", f"{URL}agents/")
    assert response.content.decode().count("btn btn-primary") == 1


def test_a_developer_is_not_sent_to_pay(alice: Person, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_guided"
    developer = make_member(alice.tenant, "dev@example.com", Role.DEVELOPER)

    plan, number, *_rest = developer.client().get(URL).context["steps"]

    assert (plan["state"], plan.get("url")) == ("todo", None)
    assert number["state"] == "current"


def test_the_checklist_stays_away_once_a_trunk_was_green(alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(OK, NOON)
    make_trunk(alice, "Second line")

    assert alice.client().get(URL).context["steps"] == []


def route_number(person: Person, *, is_published: bool) -> None:
    """Lead a number to an agent."""
    who: dict[str, Any] = {"tenant": person.tenant, "actor": person.actor}
    with tenant_context(person.tenant):
        number = PhoneNumber.objects.create(
            tenant=person.tenant, number="+14155550101", source="bought", state="ordered"
        )
        agent = services.create_agent(**who, name="Front desk", instructions="Answer the phone.")
        if is_published:
            services.publish(**who, agent=agent, expected_version=agent.version)
        NumberRoute.objects.create(tenant=person.tenant, phone_number=number, agent=agent)


def steps(person: Person) -> list[tuple[str, str]]:
    return [(step["title"], step["state"]) for step in person.client().get(URL).context["steps"]]


@pytest.mark.parametrize(("is_published", "state"), [(False, "current"), (True, "done")])
def test_an_agent_answers_once_a_number_leads_to_a_published_one(
    alice: Person, is_published: bool, state: str
) -> None:
    route_number(alice, is_published=is_published)
    assert ("Let an agent answer", state) in steps(alice)


def test_with_an_agent_that_answers_a_call_is_next_and_then_the_list_is_gone(
    alice: Person, settings: Any
) -> None:
    settings.TWILIO_BASE_URL = ""
    route_number(alice, is_published=True)
    call = alice.client().get(URL).context["steps"][2]
    assert (call["title"], call["state"], call["url"]) == ("Make a call", "current", f"{URL}calls/")
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    assert alice.client().get(URL).context["steps"][2]["url"] == f"{URL}calls/ring/"

    make_call(alice)

    assert steps(alice) == []


def test_a_green_trunk_with_a_number_still_lacks_an_agent(alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(OK, NOON)
    route_number(alice, is_published=False)
    assert ("Let an agent answer", "current") in steps(alice)


def test_bob_sees_states_but_no_way_to_change_them(alice: Person, bob: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")

    html = bob.client().get(URL).content.decode()

    assert "Main line" in html
    assert "trunks/connect/" not in html


def test_whoever_only_pays_is_told_whom_to_ask(alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    payer = make_member(alice.tenant, "pay@example.com", Role.BILLING)

    html = payer.client().get(URL).content.decode()

    assert "Main line" not in html
    assert "Ask an owner or admin of Acme Dental" in html


def test_charlie_finds_nothing(alice: Person, charlie: Person) -> None:
    assert charlie.client().get(URL).status_code == 404


def test_queries_are_the_same_for_one_and_three_trunks(alice: Person) -> None:
    browser = alice.client()

    def queries() -> int:
        browser.get(URL)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(URL).status_code == 200
        return len(captured)

    make_trunk(alice, "One", "sip:203.0.113.5")
    probe(SILENT, NOON)
    with_one = queries()
    for name in ("Two", "Three"):
        make_trunk(alice, name, "sip:203.0.113.5", "sip:203.0.113.6")
    probe(SILENT, NOON)

    assert queries() == with_one


def test_last_changes_name_the_gateway_where_a_trunk_has_several(alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5", "sip:203.0.113.6")
    make_trunk(alice, "Second line", "sip:203.0.113.7")
    probe(OK, NOON)

    html = alice.client().get(URL).content.decode()
    changes = html.partition("Changes of state")[2].partition("</table>")[0]

    named = [uri for uri in ("203.0.113.5", "203.0.113.6", "203.0.113.7") if f"<code>sip:{uri}" in changes]
    assert named == ["203.0.113.5", "203.0.113.6"]
