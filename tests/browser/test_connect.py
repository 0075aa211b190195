"""The way to the first green trunk against a real SIP peer: it goes green, and down, before our eyes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import PingEngine
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.peers import free_port
from tests.peers.scripted import UdpPeer, answer_to
from tests.trunks.watching import make_due
from trunks.health import probing


@pytest.fixture(scope="module")
def pinger() -> Iterator[PingEngine]:
    with PingEngine(policy=AddressPolicy.from_strings(["127.0.0.0/8"])) as engine:
        yield engine


def answer(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
    """Answer like a healthy carrier."""
    peer.send(answer_to(request, extra=b"Server: Example Carrier 1.0\r\n"), source)


def check(pinger: PingEngine, *, again: bool = True) -> None:
    """Do what a worker does at its tick, in a thread and with a connection of its own."""

    def work() -> None:
        try:
            if again:
                make_due(timezone.now() - timedelta(seconds=1))
            probing.probe_due(pinger)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(120)
    assert not thread.is_alive()


def fill_in(visitor: Visitor, port: int) -> None:
    """Fill in the one form there is."""
    page = visitor.page
    page.get_by_label("Name", exact=True).fill("Main line")
    page.get_by_label("SIP address").fill("127.0.0.1")
    page.get_by_role("spinbutton", name="Port").fill(str(port))


def test_a_trunk_goes_green_and_down_before_our_eyes(visitor: Visitor, pinger: PingEngine) -> None:
    with UdpPeer(answer, port=free_port()) as peer:
        page = visitor.go("/t/acme-dental/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Connect your first line")
        visitor.look("dashboard-empty")
        visitor.follow("connect it")

        visitor.look("connect")
        fill_in(visitor, peer.port)
        expect(page.locator("#address-preview")).to_contain_text(f"sip:127.0.0.1:{peer.port}")
        page.get_by_label("The carrier's own addresses").fill("127.0.0.1")
        visitor.press("Connect and check now")
        expect(page.locator("#live")).to_contain_text("Waiting for the carrier's answer")
        visitor.look("first-check-waiting")

        check(pinger, again=False)
        expect(page.locator("#live")).to_contain_text("Your carrier answers")
        expect(page.locator("#headline")).to_have_text("Up · the gateway answers")
        visitor.look("first-check-green")

        visitor.follow("Open the trunk")
        expect(page.locator("#live")).to_contain_text("Example Carrier 1.0")

    # The peer is gone: its port refuses. Not before the third time in a row is the trunk down.
    for _ in range(2):
        check(pinger)
    expect(page.locator("#live")).to_contain_text("The carrier refuses the connection")
    expect(page.locator("#headline")).to_have_text("Up · the gateway answers")
    check(pinger)
    expect(page.locator("#headline")).to_contain_text("connection refused by the gateway")
    expect(page.locator("#live")).to_contain_text("Compare port and transport with the carrier's set-up page")
    visitor.look("detail-down")

    page = visitor.go("/t/acme-dental/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your line is down")
    visitor.look("dashboard-down")


def test_a_first_check_that_fails_says_what_to_do(visitor: Visitor, pinger: PingEngine) -> None:
    page = visitor.go("/t/acme-dental/trunks/connect/")
    fill_in(visitor, free_port())
    visitor.press("Connect and check now")

    check(pinger, again=False)

    expect(page.locator("#live")).to_contain_text("The carrier refuses the connection")
    page.get_by_text("Write to your carrier").click()
    expect(page.get_by_role("region", name="Message to your carrier")).to_contain_text("our SIP checks")
    visitor.look("first-check-failed")
    visitor.follow("Correct the address")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit gateway")


def test_mistakes_are_shown_where_they_are(visitor: Visitor) -> None:
    page = visitor.go("/t/acme-dental/trunks/connect/")
    page.get_by_label("SIP address").fill("sip:carrier@sip.example.com")

    expect(page.locator("#address-preview")).to_contain_text("Leave out the user part")
    visitor.press("Connect and check now")

    expect(page.get_by_role("alert").first).to_contain_text("Please correct these 2 things")
    visitor.look("connect-corrected")


def test_it_works_without_scripts(
    open_browser: Callable[..., Visitor], alice: Person, pinger: PingEngine
) -> None:
    visitor = open_browser(java_script_enabled=False).sign_in(alice)
    with UdpPeer(answer) as peer:
        page = visitor.go("/t/acme-dental/trunks/connect/")
        fill_in(visitor, peer.port)
        visitor.press("Connect and check now")
        check(pinger, again=False)

        # The page reloads itself while it waits.
        expect(page.locator("#live")).to_contain_text("Your carrier answers")
        # No address was entered that calls may come from.
        expect(page.locator("#live")).to_contain_text("One thing is left before calls run")
        expect(page.locator("#headline")).to_contain_text("Up, but no call from the carrier is accepted yet")
