"""Parts of pages that refresh themselves."""

from __future__ import annotations

from django.test import Client

from tests.conftest import Person
from tests.trunks.watching import NOON, OK, SILENT, probe
from tests.trunks.web.conftest import page
from trunks.models import Trunk

HTMX = {"HX-Request": "true", "X-Background": "1"}


def seen_in(html: str) -> str:
    """Return the mark that the browser sends back."""
    return html.partition('name="seen" value="')[2].partition('"')[0]


def test_htmx_gets_the_part_alone(alice: Person, trunk: Trunk) -> None:
    html = alice.client().get(page("detail", alice, trunk), headers=HTMX).content.decode()

    assert "<html" not in html
    assert "Being checked" in html


def test_nothing_new_is_nothing_to_swap(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    url = page("detail", alice, trunk)
    seen = seen_in(browser.get(url, headers=HTMX).content.decode())

    assert browser.get(url, {"seen": seen}, headers=HTMX).status_code == 204

    probe(OK, NOON)
    changed = browser.get(url, {"seen": seen}, headers=HTMX)

    assert changed.status_code == 200
    assert "200 OK" in changed.content.decode()


def test_a_change_of_state_is_told_to_screen_readers(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)
    said = {"said": "Up · the gateway answers"}

    html = alice.client().get(page("detail", alice, trunk), said, headers=HTMX).content.decode()

    assert '<div hx-swap-oob="innerHTML:#announcer">Down · no answer from the gateway</div>' in html


def test_signed_out_the_part_is_not_replaced_by_the_sign_in_page(alice: Person, trunk: Trunk) -> None:
    assert Client().get(page("detail", alice, trunk), headers=HTMX).status_code == 401


def test_looking_on_does_not_keep_a_session_alive(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    url = page("detail", alice, trunk)
    browser.get(url)
    session = browser.session
    session["last_seen"] -= 30 * 60
    session.save()
    before = session["last_seen"]

    browser.get(url, headers=HTMX)

    assert browser.session["last_seen"] == before
