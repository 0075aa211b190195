"""The list of trunks."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, SILENT, probe
from tests.trunks.web.conftest import page
from trunks.models import Trunk


def test_an_empty_list_teaches(alice: Person) -> None:
    response = alice.client().get(page("list", alice))

    assert "No trunks yet" in response.content.decode()
    assert page("create", alice) in response.content.decode()


def test_states_are_in_words(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)

    html = alice.client().get(page("list", alice)).content.decode()

    assert "no answer from the gateway" in html
    assert 'data-state="down"' in html


def test_another_tenants_trunk_is_not_listed(alice: Person, charlie: Person, trunk: Trunk) -> None:
    make_trunk(charlie, "Globex line", "sip:203.0.113.9")

    html = alice.client().get(page("list", alice)).content.decode()

    assert "Main line" in html
    assert "Globex line" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [("q=main", True), ("q=203.0.113.5", True), ("q=other", False), ("state=unknown", True),
     ("state=down", False), ("state=nonsense", True)],
)  # fmt: skip
def test_search_and_filter(alice: Person, trunk: Trunk, query: str, expected: bool) -> None:
    html = alice.client().get(f"{page('list', alice)}?{query}").content.decode()

    assert ("No trunk matches" not in html) is expected
    assert (page("detail", alice, trunk) in html) is expected


def test_pages_follow_each_other(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunks.queries.page_of.__defaults__", ("", 1))
    for name in ("One", "Two"):
        make_trunk(alice, name, "sip:203.0.113.5")
    browser = alice.client()

    first = browser.get(f"{page('list', alice)}?state=unknown")
    second = browser.get(first.context["next_url"])

    assert [row.trunk.name for row in first.context["rows"]] == ["One"]
    assert [row.trunk.name for row in second.context["rows"]] == ["Two"]
    assert "state=unknown" in second.context["previous_url"]


def test_queries_are_the_same_for_one_and_three_trunks(alice: Person) -> None:
    browser = alice.client()

    def queries() -> int:
        browser.get(page("list", alice))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page("list", alice)).status_code == 200
        return len(captured)

    make_trunk(alice, "One", "sip:203.0.113.5")
    with_one = queries()
    for name in ("Two", "Three"):
        make_trunk(alice, name, "sip:203.0.113.5", "sip:203.0.113.6")

    assert queries() == with_one
