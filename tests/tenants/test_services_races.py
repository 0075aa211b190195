"""Changes to a team at the same time, on connections of their own."""

from functools import partial

import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import Invitation, Membership, Tenant
from tenants.services import change_role, change_settings, create_api_key, invite_member, remove_member
from tests.conftest import Person, make_member
from tests.racing import endings_of

pytestmark = pytest.mark.django_db(transaction=True)


def limit(tenant: Tenant, **limits: int) -> None:
    with tenant_context(tenant):
        Tenant.objects.update(**limits)


def test_the_last_place_is_offered_once(alice: Person) -> None:
    limit(alice.tenant, member_limit=2)

    def invite(number: int) -> None:
        email = f"new{number}@example.com"
        invite_member(
            tenant=alice.tenant, actor=alice.actor, inviter=alice.membership, email=email, role=Role.VIEWER
        )

    assert endings_of(alice, *(partial(invite, number) for number in range(3))) == [
        "LimitReached",
        "LimitReached",
        "done",
    ]
    with tenant_context(alice.tenant):
        assert Invitation.objects.count() == 1


def test_of_edits_from_one_version_one_is_stored(alice: Person) -> None:
    def rename(number: int) -> None:
        change_settings(tenant=alice.tenant, actor=alice.actor, expected_version=1, name=f"Name {number}")

    assert endings_of(alice, *(partial(rename, number) for number in range(3))) == [
        "VersionConflict",
        "VersionConflict",
        "done",
    ]
    with tenant_context(alice.tenant):
        assert Tenant.objects.get().version == 2


def test_the_last_api_key_is_made_once(alice: Person) -> None:
    limit(alice.tenant, api_key_limit=1)

    def create(number: int) -> None:
        create_api_key(
            tenant=alice.tenant, actor=alice.actor, name=f"Key {number}", capabilities=["trunks:read"]
        )

    assert endings_of(alice, *(partial(create, number) for number in range(3))) == [
        "LimitReached",
        "LimitReached",
        "done",
    ]


def test_what_counts_is_the_role_that_is_stored(alice: Person, bob: Person) -> None:
    admin = make_member(alice.tenant, "dana@example.com", Role.ADMIN)
    with tenant_context(alice.tenant):
        # Bob was made an owner after Dana's request had read who he is.
        Membership.objects.filter(pk=bob.membership.pk).update(role=Role.OWNER)
        with pytest.raises(ValidationError):
            change_role(
                tenant=alice.tenant,
                actor=admin.actor,
                changer=admin.membership,
                member=bob.membership,
                role=Role.VIEWER,
            )
        with pytest.raises(ValidationError):
            remove_member(
                tenant=alice.tenant, actor=admin.actor, remover=admin.membership, member=bob.membership
            )


def test_who_has_left_changes_nobody(alice: Person, bob: Person) -> None:
    admin = make_member(alice.tenant, "dana@example.com", Role.ADMIN)
    with tenant_context(alice.tenant):
        Membership.objects.filter(pk=admin.membership.pk).delete()
        with pytest.raises(Refused, match=r"dana@example.com is not a member any more"):
            remove_member(
                tenant=alice.tenant, actor=admin.actor, remover=admin.membership, member=bob.membership
            )
