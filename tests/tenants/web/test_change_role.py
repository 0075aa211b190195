"""Giving a member another role."""

import pytest

from tenants.context import tenant_context
from tenants.models import Membership
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs


def page(person: Person) -> str:
    return url("member", person.tenant, member_id=person.membership.pk)


def role(person: Person) -> str:
    with tenant_context(person.tenant):
        return Membership.objects.get(pk=person.membership.pk).role


def test_it_works(alice: Person, bob: Person) -> None:
    client = alice.client()
    assert client.get(page(bob)).context["form"].initial == {"role": "viewer"}
    response = client.post(page(bob), {"role": "developer"})
    assert response.headers["Location"] == url("team", alice.tenant)
    assert role(bob) == "developer"
    assert verbs(alice.tenant)[-1] == "member.role_changed"


@pytest.mark.parametrize("chosen", ["", "king"])
def test_it_wants_a_known_role(alice: Person, bob: Person, chosen: str) -> None:
    response = alice.client().post(page(bob), {"role": chosen})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["role"])
    assert role(bob) == "viewer"


def test_the_last_owner_stays(alice: Person) -> None:
    response = alice.client().post(page(alice), {"role": "admin"})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "A tenant needs an owner. Make somebody else an owner first."
    ]
    assert role(alice) == "owner"


def test_an_owner_may_step_back_for_another(alice: Person, bob: Person) -> None:
    client = alice.client()
    client.post(page(bob), {"role": "owner"})
    assert client.post(page(alice), {"role": "viewer"}).status_code == 302
    assert (role(alice), role(bob)) == ("viewer", "owner")


def test_an_admin_cannot_touch_an_owner(alice: Person, admin: Person) -> None:
    client = admin.client()
    assert client.get(page(alice)).context["may_edit"] is False
    assert client.post(page(alice), {"role": "viewer"}).status_code == 422
    assert client.post(page(admin), {"role": "owner"}).status_code == 422
    assert (role(alice), role(admin)) == ("owner", "admin")


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(alice: Person, refusals: Refusals, method: str) -> None:
    refusals.assert_refused(page(alice), method=method)


def test_another_tenants_member_is_not_found(alice: Person, charlie: Person) -> None:
    address = url("member", charlie.tenant, member_id=alice.membership.pk)
    assert charlie.client().get(address).status_code == 404
