"""The API's reference page: as dark as the rest of the product, readable, and as wide as the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor, settle, violations

DOCS = "/api/v1/docs/"
WHITE, DARK = "rgb(255, 255, 255)", "rgb(28, 32, 34)"


def background(page: Page) -> str:
    """Return the colour of the page."""
    settle(page)
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize(("scheme", "colour"), [("light", WHITE), ("dark", DARK)])
def test_it_looks_as_the_system_does(open_browser: Callable[..., Visitor], scheme: str, colour: str) -> None:
    visitor = open_browser(color_scheme=scheme)
    page = visitor.go(DOCS)
    for method in ("get", "post", "put", "patch", "delete"):
        page.locator(f".opblock-{method} .opblock-summary-control").first.click()
        page.locator(f".opblock-{method} .opblock-body").first.wait_for()
    page.get_by_role("button", name="Try it out").first.click()

    assert background(page) == colour
    for width, viewport in (("375", PHONE), ("1280", DESKTOP)):
        page.set_viewport_size(viewport)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert [found for found in violations(page) if found.startswith("color-contrast")] == []
        page.screenshot(path=visitor.folder / f"api-reference-{scheme}-{width}.png")


def test_it_follows_the_theme_switch_and_remembers(open_browser: Callable[..., Visitor]) -> None:
    page = open_browser(color_scheme="light").go(DOCS)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html.dark-mode")).to_have_count(1)
    assert background(page) == DARK

    page.reload()
    expect(page.locator("html.dark-mode")).to_have_count(1)
    page.get_by_role("button", name="As the system").click()
    expect(page.locator("html.dark-mode")).to_have_count(0)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)


def test_it_leads_back(open_browser: Callable[..., Visitor]) -> None:
    visitor = open_browser()
    page = visitor.go(DOCS)
    visitor.follow("CallSphere")
    expect(page).to_have_url(f"{visitor.base_url}/")
