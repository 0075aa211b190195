"""Every page of calls, asked by everybody: members by role, a stranger, nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from callsphere.calls.page_urls import urlpatterns
from tenants.enums import Role
from tests.calls.pages.calls import address, make_call
from tests.conftest import Person, make_member

READ = {"list", "charts", "detail"}
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)


@pytest.fixture
def addresses(alice: Person, settings: Any) -> dict[str, str]:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    call = make_call(alice, state="in_progress")
    of_call = {"detail", "hang-up"}
    return {name: address(name, alice, call if name in of_call else None) for name in NAMES}


@pytest.mark.parametrize("role", list(Role))
def test_members_by_role(alice: Person, addresses: dict[str, str], role: Role) -> None:
    client = make_member(alice.tenant, "dana@example.com", role).client()
    acts = role in (Role.OWNER, Role.ADMIN, Role.DEVELOPER)
    expected = {
        name: 403 if role == Role.BILLING or (name not in READ and not acts) else 200 for name in NAMES
    }
    assert {name: client.get(url).status_code for name, url in addresses.items()} == expected


def test_strangers_find_nothing_and_nobody_is_asked_to_sign_in(
    charlie: Person, addresses: dict[str, str]
) -> None:
    client = charlie.client()
    assert {client.get(url).status_code for url in addresses.values()} == {404}
    assert {Client().get(url).status_code for url in addresses.values()} == {302}


def test_the_side_bar_leads_there(alice: Person, addresses: dict[str, str]) -> None:
    html = alice.client().get(addresses["list"]).content.decode()
    assert f'<a class="nav-link" href="{addresses["list"]}" aria-current="page">' in html
