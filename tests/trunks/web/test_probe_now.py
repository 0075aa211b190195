"""Looking at a trunk's gateways at once."""

from __future__ import annotations

from typing import Any

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.watching import NOON, OK, probe
from tests.trunks.web.conftest import page
from trunks.models import GatewayHealth, Trunk


def said(response: Any) -> list[str]:
    """Return the messages of the page."""
    return [str(message) for message in response.context["messages"]]


def test_alice_asks_for_a_check(alice: Person, trunk: Trunk) -> None:
    probe(OK, NOON)
    with tenant_context(alice.tenant):
        before = GatewayHealth.objects.get().next_probe_at

    response = alice.client().post(page("probe-now", alice, trunk), follow=True)

    assert response.redirect_chain == [(page("detail", alice, trunk), 302)]
    assert said(response) == ["The gateway is being checked now. The answer shows here in seconds."]
    with tenant_context(alice.tenant):
        assert GatewayHealth.objects.get().next_probe_at != before


def test_the_limit_is_told_plainly(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    for _ in range(6):
        browser.post(page("probe-now", alice, trunk), follow=True)

    response = browser.post(page("probe-now", alice, trunk), {"next": "first-check"}, follow=True)

    assert response.redirect_chain == [(page("first-check", alice, trunk), 302)]
    (message,) = said(response)
    assert message.startswith("A trunk can be looked at 6 times a minute on request. Try again in ")
