"""Readiness checks as people meet them: asked for on the trunk's page, followed, read, passed on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.trunks.checks.reports import make_open, make_report
from tests.trunks.checks.running import running
from tests.trunks.conftest import make_trunk
from trunks.models import Trunk

BASE = "/t/acme-dental/trunks/"


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """A trunk that was checked before."""
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    yesterday = timezone.now() - timedelta(days=1)
    make_report(alice, trunk, at=yesterday, refresh=("warn", "session_timer_absent", "No Session-Expires."))
    make_report(
        alice,
        trunk,
        kind="system",
        hold=("fail", "hold_rejected", "488 Not Acceptable Here."),
        session_timer=("warn", "session_timer_absent", "The answer has no Session-Expires header."),
    )
    return trunk


class Strict(Carrier):
    """Takes calls, and refuses to hold them."""

    def reinvite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "488 Not Acceptable Here")


def test_a_check_from_the_button_to_the_report(visitor: Visitor, alice: Person) -> None:
    with serving(Strict()) as uri, running() as runner:
        trunk = make_trunk(alice, "Carrier line", uri)
        page = visitor.go(f"{BASE}{trunk.pk}/")
        page.get_by_label("Number to call").first.fill("+14155550123")
        visitor.press("Check this line")
        expect(page.locator("#headline")).to_have_text("Waiting")
        visitor.look("check-waiting")
        runner.run_due()
        expect(page.locator("#headline")).to_have_text("Failed")
        expect(page.locator("#live")).to_contain_text("The carrier does not allow hold")
        expect(page.locator("#announcer")).to_have_text("The carrier does not allow hold")
        messages = page.locator(".ladder summary")
        messages.filter(has_text="488 Not Acceptable Here").first.click()
        visitor.look("check-report-real")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        visitor.look("check-report-real-dark")
        page.emulate_media(color_scheme="light")
        visitor.follow("Checks")
        expect(page.get_by_role("row")).to_have_count(2)


def test_reports(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/")
    visitor.look("detail-with-check")
    visitor.follow("All checks")
    expect(page.get_by_role("row")).to_have_count(3)
    visitor.look("checks")
    page.get_by_role("link", name="Failed").click()
    expect(page.locator("#live")).to_contain_text("Hold worked yesterday.")
    page.get_by_text("Write to your carrier").click()
    page.locator(".ladder summary").nth(2).press("Enter")
    expect(page.locator(".ladder details[open] pre")).to_contain_text("Call-ID: 7a1b-call")
    visitor.look("check-report")
    with page.expect_download() as download:
        page.get_by_role("link", name="Text", exact=True).click()
    assert download.value.suggested_filename.endswith(".txt")


def test_a_running_check(visitor: Visitor, alice: Person) -> None:
    trunk = make_trunk(alice, "Two gateways", "sip:203.0.113.5", "sip:203.0.113.6")
    check = make_open(alice, trunk, 7)
    page = visitor.go(f"{BASE}{trunk.pk}/checks/{check.pk}/")
    expect(page.locator("li[data-state=running]")).to_have_count(1)
    visitor.look("check-running")
    visitor.press("Stop the check")
    expect(page.get_by_role("heading", name="Check of Two gateways")).to_be_visible()


def test_without_scripts(open_browser: Callable[..., Visitor], alice: Person, trunk: Trunk) -> None:
    visitor = open_browser(java_script_enabled=False).sign_in(alice)
    page = visitor.go(f"{BASE}{trunk.pk}/checks/")
    page.get_by_label("Number to call").first.fill("+14155550123")
    visitor.press("Check this line")
    expect(page.locator("#headline")).to_have_text("Waiting")
    expect(page.get_by_role("heading", name="Check of Main line")).to_be_visible()


def test_a_schedule(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"{BASE}{trunk.pk}/checks/")
    visitor.follow("Change")
    page.get_by_label("How often").select_option("24")
    page.get_by_label("Number to call").first.fill("+14155550123")
    visitor.look("check-schedule")
    visitor.press("Save the schedule")
    expect(page.locator("#content")).to_contain_text("Checked every 24 hours, with a call to +14155550123")
    visitor.go(f"{BASE}{trunk.pk}/")
    expect(page.locator("#live")).to_contain_text("The last scheduled check failed")
    visitor.look("detail-scheduled-failure")


def test_a_report_is_shared(
    visitor: Visitor, open_browser: Callable[..., Visitor], alice: Person, trunk: Trunk
) -> None:
    check = make_report(alice, trunk, hold=("fail", "hold_rejected", "488 Not Acceptable Here."))
    page = visitor.go(f"{BASE}{trunk.pk}/checks/{check.pk}/")
    visitor.follow("Share a link")
    visitor.press("Make a link")
    link = page.locator(".copy-value, code").filter(has_text="/reports/").first.inner_text()
    visitor.look("check-shares")
    reader = open_browser()
    report = reader.go("/reports/" + link.partition("/reports/")[2])
    expect(report.get_by_role("heading", name="Report of a line check")).to_be_visible()
    expect(report.locator("#content")).to_contain_text("The carrier does not allow hold")
    report.locator(".ladder summary").nth(2).click()
    expect(report.locator(".ladder details[open] pre")).to_contain_text("INVITE sip:+14***23@203.0.***")
    reader.look("shared-report")
    report.emulate_media(color_scheme="dark", reduced_motion="reduce")
    reader.look("shared-report-dark")
    visitor.press("Revoke")
    assert report.context.request.get(report.url).status == 404
