"""The first check of a new trunk, as it happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.watching import BUSY, NOON, OK, SILENT, probe
from tests.trunks.web.conftest import page
from trunks.models import GatewayHealth, Trunk


def test_it_waits_and_says_so(alice: Person, trunk: Trunk) -> None:
    html = alice.client().get(page("first-check", alice, trunk)).content.decode()

    assert "Waiting for the carrier&#x27;s answer" in html
    assert '<noscript><meta http-equiv="refresh"' in html
    assert "Our checker is late" not in html


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        (OK, "Your carrier answers"),
        (BUSY, "The carrier is overloaded"),
        (SILENT, "The carrier does not answer"),
    ],
)
def test_it_shows_the_result(alice: Person, trunk: Trunk, letter: str, expected: str) -> None:
    probe(letter, NOON)

    html = alice.client().get(page("first-check", alice, trunk)).content.decode()

    assert expected in html
    assert "noscript" not in html.partition("<body")[0]
    assert ("Correct the address" in html) is (letter != OK)


def test_a_checker_that_is_late_is_not_the_customers_fault(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(next_probe_at=timezone.now() - timedelta(minutes=1))

    html = alice.client().get(page("first-check", alice, trunk)).content.decode()

    assert "Our checker is late" in html
    assert "On our side" in html
