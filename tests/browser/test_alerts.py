"""Incidents, clicked through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, OK, SILENT, probe, set_policy
from trunks.models import Trunk

BASE = "/t/acme-dental/alerts/"


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """A trunk that was busy, recovered, and then fell silent."""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5", "sips:sbc.example.net")
    set_policy(alice, trunk, failures_to_down=1, successes_to_up=1)
    for minutes, letter in ((90, OK), (80, BUSY), (70, OK), (4, SILENT)):
        probe(letter, timezone.now() - timedelta(minutes=minutes))
    return trunk


def test_from_the_list_to_the_end(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"/t/acme-dental/trunks/{trunk.pk}/")
    visitor.follow("Alerts")
    expect(page.get_by_role("row")).to_have_count(3)
    visitor.look("alerts")

    page.get_by_label("State").select_option("open")
    visitor.press("Show")
    expect(page.get_by_role("row")).to_have_count(2)

    visitor.follow("Main line is down: no answer from 2 of 2 gateways")
    expect(page.get_by_role("link", name="Main line", exact=True)).to_have_count(1)
    visitor.look("incident")
    visitor.press("Resolve the incident")
    expect(page.get_by_role("alert").first).to_contain_text("Say in a sentence")
    visitor.look("incident-wrong")

    page.get_by_label("What was it, or what was done?").fill("The carrier moved to new addresses.")
    visitor.press("Resolve the incident")
    expect(page.get_by_role("heading", name="Resolved by alice@example.com")).to_be_visible()
    visitor.look("incident-resolved")

    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Alerts").click()
    page.get_by_label("State").select_option("open")
    visitor.press("Show")
    expect(page.get_by_text("No incident fits")).to_be_visible()
    visitor.look("alerts-no-match")


def test_where_nothing_went_wrong(visitor: Visitor, alice: Person) -> None:
    page = visitor.go(BASE)
    expect(page.get_by_text("Nothing has gone wrong yet")).to_be_visible()
    visitor.look("alerts-empty")


def test_in_the_dark_and_read_only(open_browser: Callable[..., Visitor], bob: Person, trunk: Trunk) -> None:
    visitor = open_browser(color_scheme="dark").sign_in(bob)
    page = visitor.go(BASE)
    visitor.look("dark-alerts")
    visitor.follow("Main line is down: no answer from 2 of 2 gateways")
    expect(page.get_by_role("button", name="Resolve the incident")).to_have_count(0)
    visitor.look("dark-incident")
