"""Asking for a call in the browser, and the list of what became of those."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callsphere.outbound.models import OutboundCall
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import Line
from tests.calls.pages.calls import make_call
from tests.conftest import Person
from tests.outbound.making import TO, make_order
from tests.trunks.web.conftest import text_of

pytestmark = pytest.mark.django_db
LIST_QUERIES = 18


def address(name: str, person: Person, **ids: Any) -> str:
    return reverse(f"outbound:{name}", kwargs={"tenant": person.tenant.slug, **ids})


def in_us(line: Line) -> None:
    with tenant_context(line.person.tenant):
        line.number.country = "US"
        line.number.save(update_fields=["country"])


def test_somebody_is_called_as_the_form_says(line: Line) -> None:
    in_us(line)
    agent = make_agent(line.person)
    publish(line.person, agent)
    asked = {
        "to_number": "212 555 0199",
        "phone_number_id": str(line.number.pk),
        "agent_id": str(agent.pk),
        "brief": "Jo wants an offer.",
        "machine_action": "hang_up",
    }
    answer = line.person.client().post(address("place", line.person), asked, follow=True)
    text = text_of(answer.content)
    assert answer.redirect_chain == [(address("list", line.person), 302)]
    assert "It is placed within seconds" in text
    assert "+1 212-555-0199 from +1 415-555-0101 Waits to be placed" in text
    with tenant_context(line.person.tenant):
        order = OutboundCall.objects.get()
    assert (order.to_number, order.brief, order.machine_action) == (TO, "Jo wants an offer.", "hang_up")


def test_what_cannot_be_called_stays_in_the_form(line: Line) -> None:
    in_us(line)
    agent = make_agent(line.person)
    publish(line.person, agent)
    asked = {
        "to_number": "+442079460000",
        "phone_number_id": str(line.number.pk),
        "agent_id": str(agent.pk),
        "brief": "Keep me",
        "machine_action": "go_on",
    }
    answer = line.person.client().post(address("place", line.person), asked)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert ("You can call the countries of your own numbers: US." in html, "Keep me" in html) == (True, True)


def test_what_is_missing_is_said(alice: Person) -> None:
    assert "No number to call from" in text_of(alice.client().get(address("place", alice)).content)


def test_an_agent_is_missing(line: Line) -> None:
    text = text_of(line.person.client().get(address("place", line.person)).content)
    assert "No agent that can talk" in text


def test_one_that_waits_is_taken_back(line: Line) -> None:
    order = make_order(line.person)
    client, url = line.person.client(), address("cancel", line.person, order_id=order.pk)
    assert "Nobody is called." in text_of(client.post(url, follow=True).content)
    assert "does not wait any more" in text_of(client.post(url, follow=True).content)
    with tenant_context(line.person.tenant):
        assert OutboundCall.objects.get().state == "canceled"


def test_what_became_of_calls(line: Line) -> None:
    call = make_call(line.person)
    make_order(line.person, state="ended", due_at=None, outcome="busy", call=call, call_sid=call.call_sid)
    make_order(line.person, state="failed", due_at=None, error="No such number (Twilio error 21211)")
    answer = line.person.client().get(address("list", line.person))
    text = text_of(answer.content)
    assert ("Busy" in text, "Not placed No such number (Twilio error 21211)" in text) == (True, True)
    assert f"/calls/{call.pk}/" in answer.content.decode()


def test_only_the_rows_are_asked_for_anew(line: Line) -> None:
    make_order(line.person)
    html = line.person.client().get(address("list", line.person), headers={"HX-Request": "true"}).content
    assert ("<title>" in html.decode(), "Waits to be placed" in html.decode()) == (False, True)


def test_pages_lead_on(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callsphere.outbound.pages.orders.orders_page", _two_at_a_time)
    for number in range(3):
        make_order(line.person, to_number=f"+1212555020{number}")
    first = line.person.client().get(address("list", line.person))
    second = line.person.client().get(first.context["older_url"])
    shown = [[row.order.to_number[-1] for row in page.context["rows"]] for page in (first, second)]
    assert (shown, second.context["older_url"]) == ([["2", "1"], ["0"]], "")


def _two_at_a_time(tenant: Any, cursor: str) -> Any:
    from callsphere.outbound.listing import orders_page  # the one that is stood in for

    return orders_page(tenant, cursor, size=2)


@pytest.mark.parametrize("rows", [1, 3])
def test_as_many_queries_for_one_row_as_for_three(line: Line, rows: int) -> None:
    for _ in range(rows):
        make_order(line.person)
    client = line.person.client()
    with CaptureQueriesContext(connection) as asked:
        assert len(client.get(address("list", line.person)).context["rows"]) == rows
    assert len(asked) == LIST_QUERIES
