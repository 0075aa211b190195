"""From no agent to one that is published, edited and rolled back; each page examined."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visitor

BASE = "/t/acme-dental/agents/"
TO_FILL_IN = {
    "[name of the practice]": "Acme Dental",
    "[address and how to get there]": "1 Main Street, beside the post office",
    "[opening hours]": "weekdays from nine to five",
    "[services and who offers them]": "check-ups and cleaning, by Dr. Mara Lind",
    "[insurance and payment]": "all large insurers; cards are taken",
}


def test_from_a_template_to_a_published_agent_and_back(visitor: Visitor) -> None:
    page = visitor.go(BASE)
    visitor.look("agents-empty")
    visitor.follow("Make an agent")
    visitor.press("Make the agent")
    expect(page.get_by_role("alert")).to_contain_text("Give the agent a name")
    page.get_by_label("Name").fill("Front desk")
    page.get_by_label("Healthcare receptionist").first.check()
    visitor.look("agent-create")
    visitor.press("Make the agent")
    expect(page.get_by_text("Replace these words")).to_be_visible()
    visitor.look("agent-draft-to-fill-in")

    for label in ("Greeting", "Instructions"):
        field = page.get_by_role("textbox", name=label)
        text = field.input_value()
        for words, instead in TO_FILL_IN.items():
            text = text.replace(words, instead)
        field.fill(text)
    page.get_by_label("Number for callers who want a person").fill("+1 212 555 0155")
    page.get_by_text("Advanced: model").click()
    expect(page.get_by_label("How soon it speaks")).to_be_visible()
    page.get_by_label("By silence").check()
    expect(page.get_by_label("How soon it speaks")).to_be_hidden()
    visitor.look("agent-draft")
    visitor.press("Save the draft")
    expect(page.get_by_text("It is ready")).to_be_visible()
    visitor.look("agent-ready")
    visitor.follow("Publish…")
    page.get_by_label("What is new?").fill("The first one")
    visitor.press("Publish version 1")
    expect(page.get_by_text("No number leads to it yet")).to_be_visible()

    visitor.follow("Edit the draft")
    page.get_by_role("textbox", name="Greeting").fill("Acme Dental, good day! How can I help you?")
    visitor.press("Save the draft")
    expect(page.get_by_role("heading", name="The draft changes this")).to_be_visible()
    visitor.look("agent-changed")
    visitor.go(BASE)
    visitor.look("agents")
    visitor.follow("Front desk")
    visitor.follow("Publish…")
    visitor.look("agent-publish")
    visitor.press("Publish version 2")
    visitor.follow("Versions")
    visitor.look("agent-versions")
    visitor.follow("Version 2")
    expect(page.get_by_role("heading", name="Compared with version 1")).to_be_visible()
    visitor.look("agent-version")
    visitor.follow("Versions")
    visitor.follow("Version 1")
    visitor.follow("Let version 1 answer…")
    visitor.look("agent-roll-back")
    visitor.press("Let version 1 answer")
    expect(page.get_by_text("Version 1 answers calls from now on.")).to_be_visible()

    visitor.follow("Draft")
    page.get_by_label("Your own agent at a SIP URI").check()
    expect(page.get_by_role("textbox", name="Greeting")).to_be_hidden()
    visitor.look("agent-draft-sip")
    visitor.go(BASE)
    visitor.follow("Front desk")
    page.get_by_label("More actions").click()
    visitor.follow("Delete…")
    visitor.look("agent-delete")
    visitor.press("Delete the agent")
    expect(page.get_by_text("No agents yet")).to_be_visible()
