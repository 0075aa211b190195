"""The history of a trunk's states."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import Person
from tests.trunks.watching import NOON, OK, SILENT, probe, set_policy
from tests.trunks.web.conftest import page
from trunks.health import views
from trunks.models import Trunk


def flap(person: Person, trunk: Trunk, letters: str) -> None:
    """Let the gateway answer so, each answer deciding at once."""
    set_policy(person, trunk, failures_to_down=1, successes_to_up=1)
    for number, letter in enumerate(letters):
        probe(letter, NOON + timedelta(seconds=60 * number))


def test_each_change_says_how_long_it_lasted(alice: Person, trunk: Trunk) -> None:
    flap(alice, trunk, OK + SILENT + SILENT + OK)

    response = alice.client().get(page("history", alice, trunk))

    rows = response.context["changes"]
    assert [(row.headline.label, row.lasted) for row in rows] == [
        ("Up", None),
        ("Down", timedelta(minutes=2)),
        ("Up", timedelta(minutes=1)),
    ]
    assert "The carrier does not answer" in response.content.decode()


def test_older_changes_are_on_the_next_page(
    alice: Person, trunk: Trunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "HISTORY_PAGE", 2)
    flap(alice, trunk, OK + SILENT + OK)
    browser = alice.client()
    url = page("history", alice, trunk)

    first = browser.get(url)
    second = browser.get(url + first.context["older_url"])

    assert [row.headline.label for row in first.context["changes"]] == ["Up", "Down"]
    assert [(row.headline.label, row.lasted) for row in second.context["changes"]] == [
        ("Up", timedelta(minutes=1))
    ]
    assert second.context["newest_url"] == url


@pytest.mark.parametrize("place", ["x", "_", "20261003T100000.000000Z_", "20261003T100000.000000Z_no"])
def test_an_unreadable_place_means_the_newest(alice: Person, trunk: Trunk, place: str) -> None:
    assert alice.client().get(page("history", alice, trunk), {"before": place}).status_code == 200
