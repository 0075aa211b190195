"""From no tool to one that a worker has called; each page examined."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from agents.invoking import run_due_tests
from tests.agents.conftest import DAY, Backend
from tests.agents.conftest import backend as backend  # a fixture
from tests.browser.conftest import Visitor

BASE = "/t/acme-dental/agents/tools/"


def test_from_nothing_to_a_test_that_is_answered(visitor: Visitor, backend: Backend) -> None:
    page = visitor.go(BASE)
    visitor.look("tools-empty")
    visitor.follow("Add a tool")
    page.get_by_role("textbox", name="Name").fill("free_times")
    page.get_by_role("textbox", name="What is it for?").fill("Free times of a day")
    page.get_by_role("textbox", name="Address").fill(backend.url)
    page.get_by_role("textbox", name="Parameters").fill('{"type": "object"')
    page.get_by_role("textbox", name="Secret headers").fill("Authorization: Bearer 7")
    visitor.press("Add the tool")
    expect(page.get_by_role("alert")).to_contain_text("This is no JSON: line 1, column 18")
    visitor.look("tool-new-wrong")
    page.get_by_role("textbox", name="Parameters").fill(json.dumps(DAY, indent=2))
    page.get_by_role("textbox", name="Secret headers").fill("Authorization: Bearer 7")
    visitor.press("Add the tool")
    expect(page.get_by_text("The tool is made.")).to_be_visible()
    visitor.look("tool-secret")
    visitor.follow("Test the tool")
    visitor.look("tool-test")
    page.get_by_role("textbox", name="day").fill("2027-01-04")
    backend.answers.append((200, b'{"free": ["09:30", "11:00"]}'))
    visitor.press("Call it now")
    expect(page.get_by_text("A worker calls it.")).to_be_visible()
    visitor.look("tool-called")
    run_due_tests()
    expect(page.get_by_text("It answered")).to_be_visible()
    visitor.look("tool-answered")
    visitor.follow("free_times")
    visitor.look("tool")
    visitor.go(BASE)
    visitor.look("tools")
