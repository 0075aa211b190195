"""Somebody sets up a registration and reads its page, which never reloads, while the carrier comes and goes.

Kamailio is the registrar; a real worker and a real beat register.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.e2e.workers import Background
from tests.peers import HERE
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from tests.trunks.conftest import make_trunk
from tests.trunks.registering import attempted, became, changed, register
from trunks import services
from trunks.models import Trunk


@pytest.fixture
def line(alice: Person) -> Trunk:
    """A trunk that is to register."""
    trunk = make_trunk(alice, "Front desk")
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            expected_version=None,
            authentication=["registration"],
        )
    return trunk


def fill(page: Page, registrar: str, user: str, password: str) -> None:
    page.get_by_label("Registrar", exact=True).fill(registrar)
    page.get_by_label("User", exact=True).fill(user)
    page.get_by_label("Password", exact=True).fill(password)


def test_the_page_follows_the_registrar(visitor: Visitor, alice: Person, line: Trunk, tmp_path: Path) -> None:
    address = f"/t/{alice.tenant.slug}/trunks/{line.pk}/registration/"
    pair = Authority(tmp_path).issue(["127.0.0.1"])
    kamailio = Kamailio(tmp_path, pair, template=HERE / "registrar.cfg")
    with kamailio, Background({"NETGUARD_ALLOW": "127.0.0.0/8"}):
        page = visitor.go(address)
        visitor.look("registration-none")
        visitor.follow("Set up the registration")
        visitor.look("registration-form")
        fill(page, f"sip:127.0.0.1:{kamailio.port}", "clinic", "guessed")
        visitor.press("Register")
        live = page.locator("#live")
        expect(live).to_contain_text("Rejected · user name or password is wrong")
        visitor.look("registration-rejected")

        visitor.follow("Edit")
        page.get_by_label("Password", exact=True).fill("secret of clinic")
        visitor.press("Save and register")
        expect(live).to_contain_text("Registered · refreshes")
        page.locator(".attempt").first.locator("summary").first.click()
        messages = page.locator(".attempt").first
        expect(messages).to_contain_text("200 OK")
        expect(messages).not_to_contain_text("secret of clinic")
        page.wait_for_timeout(4_000)  # a refresh of the page leaves what is open open
        expect(messages).to_contain_text("200 OK")
        visitor.look("registration-registered")

        kamailio.stop()
        visitor.press("Register now")
        expect(live).to_contain_text("Unreachable · connection refused by the registrar")
        expect(live).to_contain_text(re.compile("still registered until"))
        visitor.look("registration-unreachable")

        kamailio.start()
        expect(live).to_contain_text("Registered · refreshes")
        visitor.press("Pause")
        expect(live).to_contain_text("Paused · the carrier sends no calls here")
        visitor.look("registration-paused")


@pytest.mark.parametrize(
    ("name", "state", "values"),
    [
        (
            "throttled",
            "throttled",
            {"cause": "registration_rejected", "code": 503, "retry_after_s": 90, "next_attempt_at": 90},
        ),
        ("expired", "registered", {"expires_at": -10, "next_attempt_at": -1800}),
    ],
)
def test_pages_of_other_states(
    visitor: Visitor, alice: Person, line: Trunk, name: str, state: str, values: dict[str, object]
) -> None:
    registration = register(alice, line)
    attempt = attempted(alice, registration, 3, code=503, cause="registration_rejected")[-1]
    changed(alice, line, ("registering", "registered"), ("registered", "throttled"), cause="no_answer")
    became(alice, registration, state, **values)
    page = visitor.go(f"/t/{alice.tenant.slug}/trunks/{line.pk}/registration/")
    visitor.look(f"registration-{name}")
    tops = page.locator(".tab").evaluate_all("(tabs) => tabs.map((tab) => tab.offsetTop)")
    assert len(set(tops)) == 1, "the tabs take one row on a desk"
    expect(page.get_by_role("link", name="Registration incomplete")).to_be_visible()
    visitor.go(f"/t/{alice.tenant.slug}/trunks/{line.pk}/")
    visitor.look(f"registration-{name}-trunk")
    visitor.go(f"/t/{alice.tenant.slug}/trunks/{line.pk}/registration/attempts/{attempt.pk}/")
    expect(page.locator("main")).to_contain_text("SIP/2.0 401 Unauthorized")
    visitor.look("registration-attempt")
    visitor.go(f"/t/{alice.tenant.slug}/trunks/{line.pk}/registration/delete/")
    visitor.look("registration-delete")
