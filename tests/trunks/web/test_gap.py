"""A trunk that answers but would take no call."""

from __future__ import annotations

import re

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, SILENT, probe
from tests.trunks.web.conftest import URI, page
from trunks import services
from trunks.models import AllowedNetwork, Trunk

NO_NETWORK = "Up, but no call from the carrier is accepted yet"
DASHBOARD = "/t/acme-dental/"


def authenticate(person: Person, trunk: Trunk, *methods: str) -> None:
    with tenant_context(person.tenant):
        services.update_trunk(
            tenant=person.tenant,
            actor=person.actor,
            trunk=trunk,
            expected_version=None,
            direction="both",
            authentication=list(methods),
        )


def html(person: Person, url: str) -> str:
    response = person.client().get(url)
    assert response.status_code == 200
    return str(response.content.decode())


def marks(page: str) -> list[str]:
    """Return the states that a page shows, in order."""
    return re.findall(r'data-state="([^"]+)"', page)


@pytest.mark.parametrize("name", ["first-check", "detail"])
def test_an_empty_allowlist_is_said_instead_of_the_green(alice: Person, trunk: Trunk, name: str) -> None:
    authenticate(alice, trunk, "ip_allowlist")
    probe(OK, NOON)

    shown = html(alice, page(name, alice, trunk))
    assert f"{NO_NETWORK}</span>" in shown
    assert ">No call from the carrier is accepted yet</p>" in shown
    assert ">Add its addresses.</a>" in shown
    assert marks(shown)[0] == "warn"
    assert "You can close this page" not in shown


def test_heading_and_lists_say_the_same(alice: Person, trunk: Trunk) -> None:
    authenticate(alice, trunk, "ip_allowlist")
    probe(OK, NOON)

    dashboard, trunks = html(alice, DASHBOARD), html(alice, page("list", alice))
    assert "Your line is up, but no call from the carrier is accepted yet" in dashboard
    assert "working" not in dashboard
    assert [NO_NETWORK in each for each in (dashboard, trunks)] == [True, True]
    assert [marks(each)[0] for each in (dashboard, trunks)] == ["warn", "warn"]


def test_the_api_says_the_same(alice: Person, trunk: Trunk) -> None:
    authenticate(alice, trunk, "ip_allowlist")
    probe(OK, NOON)

    api = alice.api()
    (listed,) = api.get("/api/v1/trunks/").json()["results"]
    health = api.get(f"/api/v1/trunks/{trunk.pk}/health/").json()
    told = {
        "state": "up",
        "headline": f"{NO_NETWORK} · add its addresses",
        "gap": {
            "code": "no_network",
            "title": "No call from the carrier is accepted yet",
            "meaning": "This trunk recognises the carrier by the addresses its calls come from,"
            " and that list is empty.",
            "fix": "Add its addresses.",
        },
    }
    assert [{name: each[name] for name in told} for each in (listed, health)] == [told, told]


def test_a_trunk_that_recognises_nobody_says_so_and_leads_to_its_settings(
    alice: Person, trunk: Trunk
) -> None:
    authenticate(alice, trunk)
    probe(OK, NOON)

    shown = html(alice, page("detail", alice, trunk))
    assert "Up, but calls from the carrier are not recognised yet</span>" in shown
    assert f'id="close-gap" href="{page("edit", alice, trunk)}">Choose how.</a>' in shown


def test_a_missing_password_is_said(alice: Person, trunk: Trunk) -> None:
    authenticate(alice, trunk, "digest")
    probe(OK, NOON)

    shown = html(alice, page("detail", alice, trunk))
    assert "Up, but its calls are refused</span>" in shown
    assert ">Add the user name and password.</a>" in shown


def test_with_a_network_nothing_is_missing(alice: Person, trunk: Trunk, network: AllowedNetwork) -> None:
    authenticate(alice, trunk, "ip_allowlist")
    probe(OK, NOON)

    shown = html(alice, page("detail", alice, trunk))
    assert NO_NETWORK not in shown
    assert "incomplete" not in shown


def test_a_line_that_is_down_has_another_problem_first(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", URI)
    authenticate(alice, trunk, "ip_allowlist")
    probe(SILENT, NOON)

    shown = html(alice, page("detail", alice, trunk))
    assert NO_NETWORK not in shown
    assert "incomplete" in shown
