"""Every trunk page, asked by everybody: the owner, a member who only reads, a stranger, nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.conftest import Person
from tests.trunks.certificates.papers import add_authority, add_client, make
from tests.trunks.registering import attempted, register
from tests.trunks.web.conftest import page
from trunks.models import (
    AllowedNetwork,
    CheckShare,
    DigestCredential,
    Gateway,
    ReadinessCheck,
    Trunk,
    TrunkNumber,
)
from trunks.urls import urlpatterns

# What it takes besides the trunk's id.
_PARTS = {
    "gateway_id": "gateway",
    "network_id": "network",
    "credential_id": "credential",
    "check_id": "check",
    "share_id": "share",
    "authority_id": "authority",
    "certificate_id": "certificate",
    "attempt_id": "attempt",
    "trunk_number_id": "trunk_number",
}
READ = {
    *("list", "detail", "first-check", "history", "gateway-detail", "access", "carrier"),
    *("checks", "check-detail", "check-json", "check-text", "check-capture"),
    *("certificates", "authority-detail", "client-certificate-detail"),
    *("registration", "registration-attempt", "provider"),
}
POST_ONLY = {
    *("probe-now", "check-stop", "check-share-revoke", "preset-apply", "preset-review"),
    *("register-now", "registration-pause", "registration-resume"),
    *("provider-apply", "provider-take", "provider-look", "provider-attach", "provider-detach"),
}
FRAGMENTS = {"preview", "policy-preview", "session-timers-preview", "number-preview"}
FILES = {"check-json", "check-text", "check-capture"}
# Pages about no trunk: there is nothing there that somebody else's tenant could be asked for.
WITHOUT_TRUNK = {
    *("list", "create", "preview", "advisor", "carriers"),
    *("certificates", "authority-add", "client-certificate-add"),
}
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)

TRUNK_PAGES = [
    name
    for name in NAMES
    if name not in POST_ONLY | FRAGMENTS | FILES and "certificate" not in name and "authority" not in name
]


@pytest.fixture
def addresses(
    alice: Person,
    trunk: Trunk,
    gateway: Gateway,
    network: AllowedNetwork,
    credential: DigestCredential,
    check: ReadinessCheck,
    share: CheckShare,
    trunk_number: TrunkNumber,
) -> dict[str, str]:
    """The address of every page in Alice's tenant."""
    trusted = make("Carrier authority", is_authority=True)
    shown = make("us.example.com", trusted)
    (attempt,) = attempted(alice, register(alice, trunk))
    parts = {
        "gateway": gateway,
        "network": network,
        "credential": credential,
        "check": check,
        "share": share,
        "attempt": attempt,
        "trunk_number": trunk_number,
        "authority": add_authority(alice, trusted.pem),
        "certificate": add_client(alice, shown.pem, shown.key),
    }
    found = {}
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        more: dict[str, Any] = {
            argument: parts[part].pk for argument, part in _PARTS.items() if argument in route
        }
        found[str(pattern.name)] = page(
            str(pattern.name), alice, trunk if "trunk_id" in route else None, **more
        )
    return found


@pytest.mark.parametrize("name", NAMES)
def test_alice_sees_every_page(name: str, alice: Person, addresses: dict[str, str]) -> None:
    expected = 405 if name in POST_ONLY else 200

    assert alice.client().get(addresses[name]).status_code == expected


@pytest.mark.parametrize("name", TRUNK_PAGES)
def test_every_page_has_our_addresses_for_the_carriers_allowlist(
    name: str, alice: Person, addresses: dict[str, str], settings: Any
) -> None:
    settings.SIP_SOURCE_ADDRESSES = ["192.0.2.44"]

    assert 'data-copy="192.0.2.44"' in alice.client().get(addresses[name]).content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_bob_reads_what_is_to_be_read_and_changes_nothing(
    name: str, bob: Person, addresses: dict[str, str]
) -> None:
    browser = bob.client()

    assert browser.get(addresses[name]).status_code == (200 if name in READ else 403)
    assert browser.post(addresses[name]).status_code == 403


@pytest.mark.parametrize("name", NAMES)
def test_charlie_finds_nothing(name: str, charlie: Person, addresses: dict[str, str]) -> None:
    browser = charlie.client()
    own = addresses[name].replace("/acme-dental/", f"/{charlie.tenant.slug}/")

    assert browser.get(addresses[name]).status_code == 404
    assert browser.post(addresses[name]).status_code == 404
    if name not in WITHOUT_TRUNK | POST_ONLY:
        assert browser.get(own).status_code == 404
    if name not in WITHOUT_TRUNK | FRAGMENTS | READ:
        assert browser.post(own).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_asked_to_sign_in(name: str, addresses: dict[str, str]) -> None:
    response = Client().get(addresses[name])

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_bob_sees_no_controls(bob: Person, addresses: dict[str, str]) -> None:
    for name in sorted(READ - FILES):
        html = bob.client().get(addresses[name]).content.decode()
        main = html.partition("<main")[2].partition("</main>")[0]

        assert '<form method="post"' not in main, name
        assert "/edit/" not in main, name
        assert "/add/" not in main, name
