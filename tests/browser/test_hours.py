"""From no business hours to some that are open now or closed; each page examined."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visitor

BASE = "/t/acme-dental/agents/hours/"


def test_from_nothing_to_business_hours(visitor: Visitor) -> None:
    page = visitor.go(BASE)
    visitor.look("hours-empty")
    visitor.follow("Enter business hours")
    page.get_by_role("textbox", name="Name").fill("Practice")
    page.get_by_role("combobox", name="Time zone").select_option("America/New_York")
    page.get_by_role("textbox", name="Saturday").fill("nine to twelve")
    page.get_by_role("textbox", name="Holidays").fill("2027-01-01 New Year's Day")
    visitor.press("Make them")
    expect(page.get_by_role("alert")).to_contain_text("Saturday: Write times such as")
    visitor.look("hours-wrong")
    page.get_by_role("textbox", name="Saturday").fill("9am-12")
    visitor.press("Make them")
    expect(page.get_by_text("Saturday 09:00 to 12:00")).to_be_visible()
    visitor.look("hours")
    visitor.follow("Practice")
    expect(page.get_by_role("textbox", name="Saturday")).to_have_value("09:00-12:00")
    visitor.look("hours-edit")
