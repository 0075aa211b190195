"""Every page of outbound calls, asked by everybody: members by role, a stranger, nobody."""

from __future__ import annotations

import pytest
from django.test import Client

from callsphere.outbound.page_urls import urlpatterns
from tenants.enums import Role
from tests.calls.conftest import Line
from tests.conftest import Person, make_member
from tests.outbound.making import make_entry, make_order
from tests.outbound.pages.test_orders import address

pytestmark = pytest.mark.django_db
READ = {"list", "do-not-call"}
POSTED = {"cancel", "allow"}
NAMES = sorted(str(pattern.name) for pattern in urlpatterns)


@pytest.fixture
def addresses(line: Line) -> dict[str, str]:
    ids = {
        "cancel": {"order_id": make_order(line.person).pk},
        "allow": {"entry_id": make_entry(line.person).pk},
    }
    return {name: address(name, line.person, **ids.get(name, {})) for name in NAMES}


def ask(client: Client, name: str, url: str) -> int:
    return client.post(url).status_code if name in POSTED else client.get(url).status_code


@pytest.mark.parametrize("role", list(Role))
def test_members_by_role(line: Line, addresses: dict[str, str], role: Role) -> None:
    client = make_member(line.person.tenant, "dana@example.com", role).client()
    acts = role in (Role.OWNER, Role.ADMIN, Role.DEVELOPER)

    def expected(name: str) -> int:
        if role == Role.BILLING or (name not in READ and not acts):
            return 403
        return 302 if name in POSTED else 200

    found = {name: ask(client, name, url) for name, url in addresses.items()}
    assert found == {name: expected(name) for name in NAMES}


def test_strangers_find_nothing_and_nobody_is_asked_to_sign_in(
    charlie: Person, addresses: dict[str, str]
) -> None:
    client = charlie.client()
    assert {ask(client, name, url) for name, url in addresses.items()} == {404}
    assert {ask(Client(), name, url) for name, url in addresses.items()} == {302}
