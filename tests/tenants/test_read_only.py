"""A tenant that is read-only: people and programs look, and change nothing but what takes access away."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.lib.errors import ReadOnly
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import ApiKey, Membership, Tenant
from tenants.services import change_settings, create_api_key, remove_member, revoke_api_key
from tests.conftest import Person, make_member
from tests.isolation.addresses import operations
from tests.isolation.world import World, fingerprint, make_world
from trunks.models import Trunk
from trunks.services import create_trunk

pytestmark = pytest.mark.django_db
REASON = "The last payment failed. Pay on the page Billing, or ask an owner to."
# What takes access away, ends what runs, or sees to payment; and what changes nothing of the tenant's.
STILL_DONE = {"billing-requests", "resolve", "cancel", "shares"}


def close(person: Person) -> None:
    with tenant_context(person.tenant):
        Tenant.objects.update(read_only_reason=REASON)
        person.tenant.refresh_from_db()


@pytest.fixture
def acme(db: None) -> World:
    return make_world("canaryacme")


def test_programs_change_nothing_and_are_told_what_to_do(acme: World) -> None:
    areas = ("trunks", "alerts", "tenant", "billing", "agents", "calls")
    client = acme.owner.api(*(f"{area}:write" for area in areas))
    close(acme.owner)
    changes = [each for each in operations() if each.method != "get" and each.segment not in STILL_DONE]
    before = fingerprint(acme)

    answers = {(each.method, each.template): each.send(client, acme.ids) for each in changes}

    assert fingerprint(acme) == before
    told = {key: answer.json()["type"] for key, answer in answers.items() if answer.status_code == 403}
    assert set(told.values()) == {"urn:callsphere:error:read_only"}
    assert len(told) >= 20
    trunk = answers["post", "/api/v1/trunks/"].json()
    assert trunk["detail"] == f"canaryacme tenant is read-only. {REASON}"


def test_members_change_nothing_on_pages(alice: Person) -> None:
    with tenant_context(alice.tenant):
        trunk = create_trunk(tenant=alice.tenant, actor=alice.actor, name="Main line")
    close(alice)
    address = f"/t/{alice.tenant.slug}/trunks/{trunk.pk}/"

    browser = alice.client()
    page = browser.get(address)
    answer = browser.post(f"{address}probe/")
    renamed = browser.post(f"/t/{alice.tenant.slug}/settings/", {"name": "New", "version": 1})

    assert (page.status_code, answer.status_code, renamed.status_code) == (200, 302, 422)
    for each in (page, browser.get(address), renamed):
        assert REASON in each.content.decode()
    with tenant_context(alice.tenant):
        assert (Tenant.objects.get().name, Trunk.objects.count()) == ("Acme Dental", 1)


def test_services_refuse_members_and_let_support_and_ourselves(alice: Person) -> None:
    close(alice)
    with tenant_context(alice.tenant):
        with pytest.raises(ReadOnly):
            create_trunk(tenant=alice.tenant, actor=alice.actor, name="Main line")
        assert not Trunk.objects.exists()
        for actor in (Actor.staff(alice.user), Actor.system("test")):
            create_trunk(tenant=alice.tenant, actor=actor, name=actor.label)
        assert Trunk.objects.count() == 2


def test_taking_access_away_is_never_refused(alice: Person) -> None:
    dana = make_member(alice.tenant, "dana@example.com", role=Role.DEVELOPER)
    mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
    with tenant_context(alice.tenant):
        key, _token = create_api_key(**mine, name="key", capabilities=["trunks:read"])
    close(alice)

    with tenant_context(alice.tenant):
        revoke_api_key(**mine, key=key)
        remove_member(**mine, remover=alice.membership, member=dana.membership)
        assert (ApiKey.objects.filter(revoked_at=None).count(), Membership.objects.count()) == (0, 1)
        with pytest.raises(ReadOnly):
            change_settings(**mine, expected_version=None, name="New")
