"""Where calls to a number lead: its page, the form, the dry run, leading them nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents import services
from agents.models import Agent, NumberRoute
from agents.number_urls import urlpatterns
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_hours, make_number, make_route, publish
from tests.agents.pages.conftest import same_queries
from tests.conftest import Person
from tests.trunks.web.conftest import text_of
from trunks.models import PhoneNumber

pytestmark = pytest.mark.django_db
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)
WAYS = {f"{when}_action": "voicemail" for when in ("closed", "overflow", "fallback")}


def route_page(name: str, person: Person, number: PhoneNumber) -> str:
    return reverse(f"routes:{name}", kwargs={"tenant": person.tenant.slug, "number_id": number.pk})


def seen(person: Person, number: PhoneNumber, query: str = "") -> str:
    return text_of(person.client().get(route_page("detail", person, number) + query).content)


def send(person: Person, number: PhoneNumber, **values: Any) -> Any:
    return person.client().post(route_page("edit", person, number), {**WAYS, **values})


def routes(person: Person) -> list[NumberRoute]:
    with tenant_context(person.tenant):
        return list(NumberRoute.objects.select_related("pinned", "hours"))


@pytest.fixture
def number(alice: Person) -> PhoneNumber:
    return make_number(alice)


@pytest.fixture
def route(alice: Person, number: PhoneNumber, agent: Agent) -> NumberRoute:
    return make_route(alice, number, agent)


@pytest.mark.parametrize("name", NAMES)
def test_who_may(
    alice: Person, bob: Person, charlie: Person, number: PhoneNumber, route: NumberRoute, name: str
) -> None:
    address = route_page(name, alice, number)
    own = address.replace("/acme-dental/", f"/{charlie.tenant.slug}/")
    reads = 200 if name == "detail" else 403
    assert [alice.client().get(address).status_code, bob.client().get(address).status_code] == [200, reads]
    assert bob.client().post(address).status_code == 403
    assert [charlie.client().get(each).status_code for each in (address, own)] == [404, 404]
    assert charlie.client().post(own).status_code in (404, 405)
    assert Client().get(address)["Location"].startswith("/accounts/login/")
    assert "/calls/edit/" not in bob.client().get(route_page("detail", alice, number)).content.decode()


def test_a_number_without_a_route_offers_one(alice: Person, number: PhoneNumber) -> None:
    html = alice.client().get(route_page("detail", alice, number)).content.decode()
    assert f'class="btn btn-primary" href="{route_page("edit", alice, number)}"' in html
    assert "Publish an agent first" in alice.client().get(route_page("edit", alice, number)).content.decode()


def test_calls_are_led_to_an_agent(alice: Person, number: PhoneNumber, agent: Agent) -> None:
    hours = make_hours(alice)
    form = alice.client().get(route_page("edit", alice, number)).context["form"]
    assert form["answers"].value() == str(agent.pk)  # the only one there is
    typed = {
        "answers": f"{agent.pk}:1",
        "hours_id": str(hours.pk),
        "most_calls": "2",
        "closed_action": "human",
        "overflow_action": "agent",
        "overflow_agent_id": str(agent.pk),
    }
    # a national number could be anybody's
    assert send(alice, number, **typed, closed_number="(212) 555-0199").status_code == 422
    response = send(alice, number, **typed, closed_number="+1 (212) 555-0199")
    assert (response.status_code, response["Location"]) == (302, route_page("detail", alice, number))
    text = seen(alice, number)
    for words in (
        *("Front desk , pinned to version 1", "Office, America/New_York", "Calls at a time 2"),
        *("Outside business hours: +1 212-555-0199 is called", "Front desk answers"),
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"answers": ""}, "Choose who answers."),
        ({"closed_action": "human"}, "Enter the number that is called."),
        ({"overflow_action": "agent"}, "Choose the agent that takes the call."),
        ({"most_calls": "0"}, "Use 1 to 1000 calls."),
        ({"fallback_action": "agent", "fallback_agent_id": "same"}, "this one is what cannot be reached"),
    ],
)
def test_wrong_input(
    alice: Person, number: PhoneNumber, agent: Agent, values: dict[str, str], words: str
) -> None:
    sent = {name: str(agent.pk) if value == "same" else value for name, value in values.items()}
    response = send(alice, number, **{"answers": str(agent.pk), **sent})
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert routes(alice) == []


def test_agents_of_others_and_drafts_cannot_be_chosen(
    alice: Person, charlie: Person, number: PhoneNumber, agent: Agent
) -> None:
    theirs, draft = make_agent(charlie, "Globex desk"), make_agent(alice, "Night")
    publish(charlie, theirs)
    for each in (theirs, draft):
        assert send(alice, number, answers=str(each.pk)).status_code == 422


def test_a_route_is_changed(alice: Person, number: PhoneNumber, route: NumberRoute) -> None:
    form = alice.client().get(route_page("edit", alice, number)).context["form"]
    assert form.initial["answers"] == str(route.agent_id)
    response = send(alice, number, answers=f"{route.agent_id}:1", version=route.version)
    assert response.status_code == 302
    [row] = routes(alice)
    assert row.pinned is not None
    assert (row.pinned.number, row.version) == (1, 2)


def test_two_people_at_once_see_both(alice: Person, number: PhoneNumber, route: NumberRoute) -> None:
    with tenant_context(alice.tenant):
        services.edit_route(
            tenant=alice.tenant, actor=alice.actor, route=route, expected_version=1, pinned_version=1
        )
    response = send(alice, number, answers=str(route.agent_id), most_calls="3", version=1)
    text = text_of(response.content)
    assert (response.status_code, "Front desk, pinned to version 1 Front desk, as published" in text) == (
        409,
        True,
    )
    again = send(alice, number, answers=str(route.agent_id), most_calls="3", version=2)
    assert again.status_code == 302


def test_who_saw_no_route_is_told_that_there_is_one(
    alice: Person, number: PhoneNumber, route: NumberRoute
) -> None:
    response = send(alice, number, answers=str(route.agent_id))
    assert (
        response.status_code,
        "Calls to this number are routed already." in response.content.decode(),
    ) == (
        422,
        True,
    )


@pytest.mark.parametrize(
    ("query", "outcome", "sentence"),
    [
        ("&at=2027-01-04T10:00", "An agent answers", "Front desk answers as version 1."),
        ("&at=2027-01-04T08:59", "Voicemail", "Closed: the caller can leave a message."),
        ("&at=2027-01-04T10:00&calls=2", "Say so, and hang up", "2 calls are going on, of 2 at a time."),
        ("&at=2027-01-04T10:00&unreachable=on", "Call a person", "Fallback: +12125550199 is called."),
    ],
)
def test_dry_run(
    alice: Person, number: PhoneNumber, agent: Agent, query: str, outcome: str, sentence: str
) -> None:
    make_route(
        alice,
        number,
        agent,
        hours_id=make_hours(alice).pk,
        most_calls=2,
        overflow_action="hang_up",
        fallback_action="human",
        fallback_number="+12125550199",
    )
    text = seen(alice, number, f"?run=1{query}")
    assert (outcome in text, sentence in text) == (True, True)


@pytest.mark.parametrize("query", ["&at=tomorrow", "&at=9999-12-31T10:00", "&calls=-1", "&calls=many"])
def test_dry_run_with_wrong_input(alice: Person, number: PhoneNumber, agent: Agent, query: str) -> None:
    make_route(alice, number, agent, hours_id=make_hours(alice).pk)
    assert "Please correct this:" in seen(alice, number, f"?run=1{query}")


def test_calls_lead_nowhere(alice: Person, number: PhoneNumber, route: NumberRoute) -> None:
    browser = alice.client()
    stale = browser.post(route_page("delete", alice, number), {"version": 7})
    assert stale["Location"] == route_page("delete", alice, number)
    done = browser.post(route_page("delete", alice, number), {"version": route.version}, follow=True)
    assert ("No agent answers yet" in done.content.decode(), routes(alice)) == (True, [])
    assert browser.get(route_page("delete", alice, number)).status_code == 404


def test_the_numbers_pages_say_where_calls_lead(
    alice: Person, number: PhoneNumber, route: NumberRoute
) -> None:
    browser = alice.client()
    where = {"tenant": alice.tenant.slug}
    listed = text_of(browser.get(reverse("numbers:list", kwargs=where)).content)
    one = text_of(browser.get(reverse("numbers:detail", kwargs={**where, "number_id": number.pk})).content)
    assert "Calls lead to Front desk." in listed
    assert "Calls lead to Details and dry run Front desk As published." in one


def test_queries_are_the_same_for_one_and_three_numbers(alice: Person, agent: Agent) -> None:
    def grow() -> None:
        for digits in ("0102", "0103"):
            other = make_agent(alice, digits)
            publish(alice, other)
            make_route(alice, make_number(alice, f"+1415555{digits}"), other)

    make_route(alice, make_number(alice), agent)
    address = reverse("numbers:list", kwargs={"tenant": alice.tenant.slug})
    assert same_queries(alice.client(), address, grow)


def test_the_page_asks_as_often_with_everything_set(alice: Person, number: PhoneNumber, agent: Agent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(route_page("detail", alice, number) + "?run=1").status_code == 200
        return len(captured)

    browser = alice.client()
    night = make_agent(alice, "Night")
    publish(alice, night)
    row = make_route(alice, number, agent)
    browser.get(route_page("detail", alice, number))
    plain = queries()
    stands_in = {
        f"{when}_{part}": value
        for when in ("closed", "overflow", "fallback")
        for part, value in (("action", "agent"), ("agent_id", night.pk))
    }
    with tenant_context(alice.tenant):
        services.edit_route(
            tenant=alice.tenant, actor=alice.actor, route=row, expected_version=1,
            hours_id=make_hours(alice).pk, most_calls=1, pinned_version=1, **stands_in,
        )  # fmt: skip
    assert queries() == plain


def test_the_audit_log_leads_to_agents_and_routes(
    alice: Person, number: PhoneNumber, route: NumberRoute
) -> None:
    html = alice.client().get(f"/t/{alice.tenant.slug}/audit/").content.decode()
    agent = reverse("agents:detail", kwargs={"tenant": alice.tenant.slug, "agent_id": route.agent_id})
    assert f'href="{agent}"' in html
    assert f'href="{route_page("detail", alice, number)}"' in html
