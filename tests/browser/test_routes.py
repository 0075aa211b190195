"""From a number that leads nowhere to an agent that answers within business hours; each page examined."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.agents.conftest import make_agent, make_hours, make_number, publish
from tests.browser.conftest import Visitor
from tests.conftest import Person


def test_from_nowhere_to_an_agent(visitor: Visitor, alice: Person) -> None:
    for name in ("Front desk", "Night desk"):
        publish(alice, make_agent(alice, name, greeting="Acme Dental, good day!"))
    make_hours(alice)
    number = make_number(alice)
    base = f"/t/acme-dental/numbers/{number.pk}/"
    page = visitor.go(base)
    visitor.look("number-leads-nowhere")
    visitor.follow("Lead calls to an agent")
    visitor.press("Lead calls there")
    expect(page.get_by_role("alert")).to_contain_text("Choose who answers.")
    page.get_by_role("combobox", name="Who answers").select_option("Front desk, as published")
    page.get_by_role("combobox", name="Business hours").select_option("Office")
    closed = page.get_by_role("group", name="Outside business hours")
    expect(closed.get_by_label("Other agent")).to_be_hidden()
    closed.get_by_label("What happens").select_option("Another agent")
    closed.get_by_label("Other agent").select_option("Night desk")
    visitor.look("route-edit")
    visitor.press("Lead calls there")
    expect(page.get_by_text("Calls lead there from now on.")).to_be_visible()
    page.get_by_label("When", exact=True).fill("2027-01-03T10:00")
    visitor.press("Try it")
    expect(page.get_by_text("Closed: Night desk answers as version 1.")).to_be_visible()
    visitor.look("route")
    visitor.go(base)
    visitor.look("number-leads-to-agent")
    visitor.go("/t/acme-dental/agents/")
    visitor.look("agents-with-numbers")
