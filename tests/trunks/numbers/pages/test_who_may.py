"""Every page of numbers, asked by everybody: the owner, a member who only reads, a stranger, nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import Person
from tests.trunks.numbers.pages.conftest import page
from trunks.models import NumberSearch, PhoneNumber
from trunks.numbers.urls import urlpatterns

pytestmark = pytest.mark.django_db
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)
READ = {"list", "detail"}
POST_ONLY = {"look"}
ABOUT_NOTHING = {"list", "search", "own-add"}
DIGITS = "14155550102"


@pytest.fixture
def addresses(alice: Person, search: NumberSearch, own: PhoneNumber) -> dict[str, str]:
    """The address of every page in Alice's tenant."""
    parts = {"number_id": own.pk, "search_id": search.pk, "digits": DIGITS}
    found = {}
    for pattern in urlpatterns:
        wanted = {name: value for name, value in parts.items() if name in str(pattern.pattern)}
        found[str(pattern.name)] = page(str(pattern.name), alice, **wanted)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_alice_sees_every_page(name: str, alice: Person, addresses: dict[str, str]) -> None:
    # A number of one's own has no emergency calls: they go over the carrier's line.
    expected = 405 if name in POST_ONLY else 302 if name == "emergency" else 200
    assert alice.client().get(addresses[name]).status_code == expected


@pytest.mark.parametrize("name", NAMES)
def test_bob_reads_and_changes_nothing(name: str, bob: Person, addresses: dict[str, str]) -> None:
    browser = bob.client()
    assert browser.get(addresses[name]).status_code == (200 if name in READ else 403)
    assert browser.post(addresses[name]).status_code == 403


def test_bob_sees_no_controls(bob: Person, addresses: dict[str, str]) -> None:
    for name in READ:
        main = (
            bob.client().get(addresses[name]).content.decode().partition("<main")[2].partition("</main>")[0]
        )
        assert '<form method="post"' not in main, name
        for part in ("/edit/", "/release/", "/search/", "/own/"):
            assert part not in main, name


@pytest.mark.parametrize("name", NAMES)
def test_charlie_finds_nothing(name: str, charlie: Person, addresses: dict[str, str]) -> None:
    browser = charlie.client()
    own = addresses[name].replace("/acme-dental/", f"/{charlie.tenant.slug}/")
    assert browser.get(addresses[name]).status_code == 404
    assert browser.post(addresses[name]).status_code == 404
    if name not in ABOUT_NOTHING:
        assert browser.get(own).status_code == (405 if name in POST_ONLY else 404)
        assert browser.post(own).status_code in (404, 405)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_asked_to_sign_in(name: str, addresses: dict[str, str]) -> None:
    response = Client().get(addresses[name])
    assert (response.status_code, response["Location"].startswith("/accounts/login/")) == (302, True)
