"""A real Chromium in front of a live server, signed in, and with eyes: axe, console, width, pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.conftest import Person

# Playwright keeps an event loop running in this thread; Django would refuse its database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / ".local" / "screenshots"
STYLE_SHEET = ROOT / "callsphere" / "web" / "static" / "build" / "app.css"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
# A page is examined when its style sheet is there and nothing fades from one look into another.
SETTLED = """() => document.readyState === "complete"
    && !document.getAnimations().some((each) => each instanceof CSSTransition)"""
# A table that people are told to scroll, and can scroll by keyboard, is not cut off.
CUT_TABLES = """[...document.querySelectorAll(".table-wrap:not([tabindex])")]
    .filter((wrap) => wrap.scrollWidth > wrap.clientWidth)
    .map((wrap) => wrap.querySelector("caption")?.textContent ?? "without a caption")"""
DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=375, height=812)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: it drives a browser, and commits what it stores."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


class Visitor:
    """Somebody at a browser. What the browser complains about is kept until `leave`."""

    def __init__(self, context: BrowserContext, base_url: str, folder: Path) -> None:
        self.context = context
        self.base_url = base_url
        self.folder = folder
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._answered)

    def sign_in(self, person: Person) -> Visitor:
        """Be this person from now on."""
        session = person.client().cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.base_url}]
        )
        return self

    def go(self, path: str) -> Page:
        """Open a page of the product."""
        self.page.goto(self.base_url + path)
        return self.page

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow the first link of this name."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def look(self, name: str) -> None:
        """Examine the page on a desk and on a phone, keep a picture of each, and come back to the desk."""
        for size, viewport in (("375", PHONE), ("1280", DESKTOP)):
            self.page.set_viewport_size(viewport)
            settle(self.page)
            width = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert width <= 0, f"{name} is {width} px too wide for {size} px"
            assert self.page.evaluate(CUT_TABLES) == [], f"{name} at {size} px has tables that are cut off"
            assert violations(self.page) == [], f"{name} at {size} px"
            self.page.screenshot(path=self.folder / f"{name}-{size}.png", full_page=True)

    def leave(self) -> None:
        """Close the browser; fail when it complained."""
        self.context.close()
        assert self.complaints == []

    def _heard(self, message: Any) -> None:
        # A form that must be corrected is answered 422, one that lost a race 409: said so, and no mistake.
        # A refresh that is under way when somebody goes on to the next page ends with htmx's own complaint.
        expected = ("status of 4", "htmx:sendError", "htmx:afterRequest", "htmx:sendAbort")
        if message.type == "error" and not any(words in message.text for words in expected):
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in (409, 422):
            self.complaints.append(f"{response.status} {response.url}")


def settle(page: Page) -> None:
    """Wait until a page looks as it is going to."""
    page.wait_for_function(SETTLED, timeout=PATIENCE_MS)


def violations(page: Page) -> list[str]:
    """Return what axe finds, each with the first element that it is about."""
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:200]}"
        for found in Axe().run(page).response["violations"]
    ]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright for one file: its event loop must have ended before other tests run loops of their own."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser itself, started once a file."""
    if not Path(CHROMIUM).exists():
        missing = "The package chromium is not installed: browser tests need it."
        if os.environ.get("CALLSPHERE_REQUIRE_PEERS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    assert STYLE_SHEET.exists(), "The style sheet is not built: run `npm run build` first."
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE_MS)
    yield browser
    browser.close()


@pytest.fixture
def open_browser(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Visitor]]:
    """Open a fresh browser window; options are those of Playwright's contexts. All are closed at the end."""
    visitors: list[Visitor] = []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def open_one(**options: Any) -> Visitor:
        context = chromium.new_context(viewport=DESKTOP, **options)
        visitors.append(Visitor(context, live_server.url, SCREENSHOTS))
        return visitors[-1]

    yield open_one
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(open_browser: Callable[..., Visitor], alice: Person) -> Visitor:
    """Alice at her browser."""
    return open_browser().sign_in(alice)
