"""From the advisor over a carrier's facts to a trunk, its changes, and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.presets.publishing import FIRST, SECOND, publish
from trunks import services

TRUNKS = "/t/acme-dental/trunks/"


def look_in_both(visitor: Visitor, name: str) -> None:
    """Look at a page in light and dark."""
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.look(f"{name}-{scheme}")
    visitor.page.emulate_media(color_scheme="light")


def test_the_advisor_leads_to_the_form(visitor: Visitor) -> None:
    page = visitor.go(f"{TRUNKS}connect/")
    visitor.follow("Which way fits?")
    look_in_both(visitor, "advisor")
    page.get_by_label("Our own PBX or SBC").check()
    page.get_by_label("No, it changes").check()
    page.get_by_label("Registration, as desk phones do it").check()
    visitor.press("Advise me")
    expect(page.get_by_role("heading", name="Registration (REGISTER)")).to_be_visible()
    look_in_both(visitor, "advisor-advice")

    visitor.follow("Connect this way")
    expect(page.get_by_role("checkbox", name="Registration")).to_be_checked()
    expect(page.get_by_role("combobox", name="Transport")).to_have_value("tls")


def test_a_carrier_fills_in_the_form(visitor: Visitor) -> None:
    page = visitor.go(f"{TRUNKS}connect/")
    visitor.follow("Choose your carrier")
    look_in_both(visitor, "carriers")
    visitor.follow("Telnyx")
    look_in_both(visitor, "carrier-choice")
    page.get_by_role("radio", name="Europe").check()
    page.get_by_role("radio", name="TCP").check()
    page.get_by_role("radio", name="IP address").check()
    visitor.press("Fill in the form")

    expect(page.get_by_label("SIP address")).to_have_value("sip.telnyx.eu")
    expect(page.get_by_role("combobox", name="Transport")).to_have_value("tcp")
    expect(page.get_by_label("The carrier's own addresses")).to_have_value(
        "185.246.41.140/32\n185.246.41.141/32"
    )
    look_in_both(visitor, "connect-filled-in")
    visitor.press("Connect and check now")
    expect(page.locator("#live")).to_contain_text("Waiting for the carrier's answer")
    page.goto(page.url.replace("first-check/", "carrier/"))
    expect(page.get_by_role("heading", name="Enter this at the carrier")).to_be_visible()
    look_in_both(visitor, "carrier")


def test_a_draft_is_read_only(visitor: Visitor) -> None:
    page = visitor.go(f"{TRUNKS}connect/carriers/?carrier=skyetel")
    expect(page.get_by_text("Compare it with them")).to_be_visible()
    visitor.look("carrier-draft")


def test_changes_are_taken_over_line_by_line(
    visitor: Visitor, alice: Person, settings: Any, tmp_path: Path
) -> None:
    publish(settings, tmp_path, FIRST)
    with tenant_context(alice.tenant):
        services.provision_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            name="Example",
            preset="example",
            gateways=[{"uri": "sip:acme.eu.example.com;transport=tls"}],
            allowed_networks=[{"cidr": "203.0.113.0/28"}],
        )
    publish(settings, tmp_path, SECOND)
    page = visitor.go(TRUNKS)
    visitor.follow("Example")
    visitor.look("detail-carrier-news")
    visitor.follow("Compare")
    look_in_both(visitor, "carrier-news")
    visitor.press("Take over: Accept calls from 192.0.2.0/28")
    expect(page.get_by_text("Accept calls from 192.0.2.0/28: done.")).to_be_visible()
    visitor.press("Keep the rest as it is")
    expect(page.get_by_role("heading", name="Changed at Example Telecom")).to_have_count(0)
    expect(page.get_by_role("heading", name="Where your trunk differs")).to_be_visible()


def test_numbers_are_shown_before_the_first_call(visitor: Visitor, alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:sip.example.com;transport=tls")
    page = visitor.go(TRUNKS)
    visitor.follow("Main line")
    visitor.follow("Format")
    expect(page.locator("#preview")).to_contain_text("sip:+4930901820@sip.example.com;transport=tls")
    page.get_by_label("Put in front").fill("99#")
    expect(page.locator("#preview")).to_contain_text("sip:99%23+4930901820@sip.example.com")
    page.get_by_label("Number to call").fill("030 901820")
    expect(page.locator("#preview")).to_contain_text("Without a + this could be a number of any country.")
    visitor.look("number-format-wrong")
    page.get_by_label("Country of the line").select_option("DE")
    page.get_by_label("International prefix").fill("00")
    page.get_by_label("Called numbers are written").select_option("national")
    expect(page.locator("#preview")).to_contain_text("sip:99%23030901820@sip.example.com")
    look_in_both(visitor, "number-format")
    visitor.press("Save")
    expect(page.get_by_text("The way numbers are written is saved.")).to_be_visible()


def test_all_of_it_works_without_scripts(open_browser: Callable[..., Visitor], alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:sip.example.com")
    visitor = open_browser(java_script_enabled=False).sign_in(alice)
    page = visitor.go(f"{TRUNKS}connect/carriers/?carrier=zadarma")
    visitor.press("Fill in the form")
    expect(page.get_by_label("SIP address")).to_have_value("sip.zadarma.com")

    visitor.go(TRUNKS)
    visitor.follow("Main line")
    visitor.follow("Format")
    page.get_by_label("Put in front").fill("99")
    visitor.press("Show the preview")
    expect(page.locator("#preview")).to_contain_text("sip:99+4930901820@sip.example.com")
    expect(page.get_by_label("Put in front")).to_have_value("99")
