"""Every page of a trunk, clicked through."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, OK, probe, set_policy
from trunks.models import Trunk

BASE = "/t/acme-dental/trunks/"
# Of the page's ground, 0 for black to 255 for white, whatever notation the browser gives the colour in.
BRIGHTNESS = """() => {
    const pixel = new OffscreenCanvas(1, 1).getContext("2d");
    pixel.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    pixel.fillRect(0, 0, 1, 1);
    return Math.max(...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """A trunk that has seen better and worse."""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5", "sips:sbc.example.net")
    set_policy(alice, trunk, failures_to_down=1, successes_to_up=1)
    now = timezone.now()
    for number, letter in enumerate(OK + BUSY + OK + OK):
        probe(letter, now - timedelta(seconds=30 * (4 - number)), rtt_us=12_000 + 900 * number)
    return trunk


def test_list_and_detail(visitor: Visitor, alice: Person, trunk: Trunk) -> None:
    make_trunk(alice, "Old office")
    page = visitor.go(BASE)
    visitor.look("list")

    page.get_by_label("Search").fill("203.0.113")
    visitor.press("Search")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_label("State").select_option("down")
    visitor.press("Search")
    expect(page.locator("#live")).to_contain_text("No trunk matches")
    visitor.look("list-no-match")

    visitor.follow("Show all trunks")
    visitor.follow("Main line")
    expect(page.locator("#headline")).to_have_text("Up · 2 of 2 gateways answer")
    visitor.look("detail")
    visitor.press("Check now")
    expect(page.get_by_role("status").first).to_contain_text("2 gateways are being checked now")

    page.get_by_role("link", name="sip:203.0.113.5").click()
    expect(page.get_by_role("heading", name="Last 20 answers")).to_be_visible()
    visitor.look("gateway")

    visitor.go(f"{BASE}{trunk.pk}/")
    visitor.follow("History")
    expect(page.get_by_text("Answering 503").first).to_be_visible()
    visitor.look("history")


def test_gateways_are_added_changed_and_deleted(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/")
    visitor.follow("Add gateway")
    visitor.look("gateway-add")
    page.get_by_label("SIP address").fill("sip.example.com")
    page.get_by_label("Transport").select_option("tls")
    expect(page.locator("#address-preview")).to_contain_text("sip:sip.example.com;transport=tls")
    visitor.press("Add and check now")

    page.get_by_role("link", name="sip:sip.example.com;transport=tls").click()
    visitor.follow("Edit")
    visitor.look("gateway-edit")
    page.get_by_label("Priority").fill("5")
    visitor.press("Save gateway")
    expect(page.locator("#live")).to_contain_text("Priority 5")

    page.locator("summary[aria-label='More actions']").click()
    visitor.follow("Delete…")
    visitor.look("gateway-delete")
    visitor.press("Delete the gateway")
    expect(page).to_have_url(re.compile(f"{trunk.pk}/$"))
    expect(page.get_by_role("row", name=re.compile("sip.example.com"))).to_have_count(0)


def test_the_allowlist(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/access/")
    visitor.look("access-empty")
    visitor.follow("Add a network")
    page.get_by_label("Address or network").fill("203.0.0.0/16")
    visitor.press("Add network")
    visitor.look("network-confirm")
    page.get_by_label("Yes, so wide a network is meant").check()
    visitor.press("Add network")

    expect(page.get_by_role("row").filter(has_text="203.0.0.0/16")).to_contain_text("wide, confirmed")
    page.get_by_role("link", name="Remove 203.0.0.0/16").click()
    visitor.press("Take it off")
    expect(page.get_by_text("No networks yet")).to_be_visible()


def test_credentials(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/access/")
    visitor.follow("Add a credential")
    page.get_by_label("User name").fill("acme")
    page.get_by_label("Password", exact=True).fill("s3cret phrase")
    visitor.look("credential-add")
    visitor.press("Store credential")
    expect(page.get_by_role("row", name=re.compile("acme"))).to_contain_text("Set just now")
    visitor.look("access")

    page.get_by_role("link", name="Edit acme").click()
    page.get_by_label("Realm").fill("sip.example.com")
    visitor.look("credential-edit")
    visitor.press("Save credential")
    expect(page.get_by_role("row", name=re.compile("acme"))).to_contain_text("Cleared")


def test_health_checks(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/health-checks/")
    page.get_by_label("Ask every").fill("60")
    page.get_by_label("Down after").fill("5")
    expect(page.locator("#meaning")).to_contain_text("Down after about 5 min of silence")
    visitor.look("health-checks")
    visitor.press("Save health checks")
    expect(page.get_by_text("The health checks are saved.")).to_be_visible()


def test_two_people_edit_at_once(
    visitor: Visitor, open_browser: Callable[..., Visitor], alice: Person, trunk: Trunk
) -> None:
    other = open_browser().sign_in(alice)
    for each in (visitor, other):
        each.go(f"{BASE}{trunk.pk}/edit/")
    visitor.look("settings")
    other.page.get_by_label("Name", exact=True).fill("Theirs")
    other.press("Save trunk")

    visitor.page.get_by_label("Name", exact=True).fill("Mine")
    visitor.press("Save trunk")

    expect(visitor.page.get_by_role("row", name=re.compile("Theirs"))).to_contain_text("Mine")
    visitor.look("conflict")
    visitor.press("Save trunk")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mine")


def test_a_trunk_is_deleted(visitor: Visitor, trunk: Trunk) -> None:
    visitor.go(f"{BASE}{trunk.pk}/edit/")
    visitor.follow("Delete…")
    visitor.look("trunk-delete")
    visitor.press("Delete the trunk")
    expect(visitor.page.get_by_text("No trunks yet")).to_be_visible()
    visitor.look("list-empty")


@pytest.mark.parametrize("page", ["", "access/", "history/", "health-checks/", "edit/", "gateways/add/"])
def test_pages_in_the_dark(
    open_browser: Callable[..., Visitor], alice: Person, trunk: Trunk, page: str
) -> None:
    visitor = open_browser(color_scheme="dark").sign_in(alice)
    shown = visitor.go(f"{BASE}{trunk.pk}/{page}")

    assert shown.evaluate(BRIGHTNESS) < 60
    visitor.look(f"dark-{page.strip('/').replace('/', '-') or 'detail'}")


def test_whoever_only_reads_sees_no_controls(
    open_browser: Callable[..., Visitor], bob: Person, trunk: Trunk
) -> None:
    visitor = open_browser().sign_in(bob)
    page = visitor.go(f"{BASE}{trunk.pk}/")

    expect(page.get_by_role("button", name="Check now")).to_have_count(0)
    expect(page.get_by_role("link", name="Settings", exact=True)).to_have_count(1)
    visitor.look("detail-read-only")


def test_session_timers_are_chosen(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/session-timers/")
    visitor.look("session-timers")
    meaning = page.locator("#meaning")
    page.get_by_label("Required").check()
    page.get_by_label("Session interval").fill("60")
    expect(meaning).to_have_text("Use numbers within the ranges above.")
    visitor.press("Save session timers")
    expect(page.get_by_label("Session interval")).to_have_attribute("aria-invalid", "true")
    visitor.look("session-timers-wrong")

    page.get_by_label("Session interval").fill("600")
    page.get_by_label("Longest call").fill("7200")
    expect(meaning).to_contain_text("Without a refresh, calls end after 9 min 28 s: the interval less 32 s.")
    visitor.press("Save session timers")
    expect(page.get_by_role("status").first).to_contain_text("The session timers are saved.")
    expect(page.get_by_text("No call lasts longer than 2 h.")).to_be_visible()
    visitor.look("session-timers-detail")
