"""Taking a member out, and leaving."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from tenants.context import tenant_context
from tenants.models import Membership
from tests.conftest import Person
from tests.tenants.web.conftest import url, verbs


def page(person: Person) -> str:
    return url("member-remove", person.tenant, member_id=person.membership.pk)


def emails(person: Person) -> set[str]:
    with tenant_context(person.tenant):
        return set(Membership.objects.values_list("user__email", flat=True))


def test_an_owner_removes_a_member(alice: Person, bob: Person) -> None:
    client = alice.client()
    assert "Remove bob@example.com?" in client.get(page(bob)).content.decode()
    assert emails(alice) == {"alice@example.com", "bob@example.com"}
    assert client.post(page(bob)).headers["Location"] == url("team", alice.tenant)
    assert emails(alice) == {"alice@example.com"}
    assert verbs(alice.tenant)[-1] == "member.removed"
    assert bob.client().get(url("team", alice.tenant)).status_code == 404


def test_anybody_may_leave(alice: Person, bob: Person) -> None:
    client = bob.client()
    assert "Leave Acme Dental?" in client.get(page(bob)).content.decode()
    assert client.post(page(bob)).headers["Location"] == "/app/"
    assert emails(alice) == {"alice@example.com"}


def test_the_last_owner_stays(alice: Person) -> None:
    response = alice.client().post(page(alice))
    assert [str(each) for each in get_messages(response.wsgi_request)] == [
        "A tenant needs an owner. Make somebody else an owner first."
    ]
    assert emails(alice) == {"alice@example.com"}


def test_an_admin_cannot_remove_an_owner(alice: Person, admin: Person) -> None:
    admin.client().post(page(alice))
    assert emails(alice) == {"alice@example.com", "ada@example.com"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(alice: Person, bob: Person, charlie: Person, method: str) -> None:
    assert getattr(bob.client(), method)(page(alice)).status_code == 403
    assert getattr(charlie.client(), method)(page(alice)).status_code == 404
    assert getattr(Client(), method)(page(alice)).status_code == 302
    assert emails(alice) == {"alice@example.com", "bob@example.com"}
