"""The list of members and open invitations."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tenants.access import CAPABILITIES, Capability
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import Invitation
from tenants.services import invite_member
from tests.conftest import Person, make_member
from tests.tenants.web.conftest import Refusals, add_device, url

QUERIES = 16


def test_members_are_shown_with_their_second_factor(alice: Person, bob: Person) -> None:
    add_device(bob.user)
    response = alice.client().get(url("team", alice.tenant))
    rows = response.context["members"]
    assert [(row["member"].user, row["member"].has_second_factor, row["is_self"]) for row in rows] == [
        (alice.user, False, True),
        (bob.user, True, False),
    ]


def test_a_device_that_was_never_confirmed_does_not_count(alice: Person) -> None:
    device = add_device(alice.user)
    device.confirmed = False
    device.save()
    [row] = alice.client().get(url("team", alice.tenant)).context["members"]
    assert row["member"].has_second_factor is False


def test_a_viewer_reads_and_changes_nothing(alice: Person, bob: Person) -> None:
    response = bob.client().get(url("team", alice.tenant))
    assert [row["may_edit"] for row in response.context["members"]] == [False, False]
    assert "Invite somebody" not in response.content.decode()


def test_an_admin_may_change_all_but_owners(alice: Person, admin: Person, bob: Person) -> None:
    rows = admin.client().get(url("team", alice.tenant)).context["members"]
    assert [(row["member"].role, row["may_edit"]) for row in rows] == [
        ("owner", False),
        ("admin", True),
        ("viewer", True),
    ]


def test_expired_invitations_say_so(alice: Person) -> None:
    with tenant_context(alice.tenant):
        invite_member(
            tenant=alice.tenant,
            actor=alice.actor,
            inviter=alice.membership,
            email="late@example.com",
            role="viewer",
        )
        Invitation.objects.update(expires_at=timezone.now() - timedelta(days=2))
    text = alice.client().get(url("team", alice.tenant)).content.decode()
    assert "late@example.com" in text
    assert "Expired" in text
    assert "Waiting" not in text


def test_the_table_of_roles_is_the_one_that_decides(alice: Person) -> None:
    rows = alice.client().get(url("team", alice.tenant)).context["role_rows"]
    assert len(rows) == len(Capability)
    told = {role: {row["label"] for row in rows if dict(row["cells"])[role.label]} for role in Role}
    assert {role: len(labels) for role, labels in told.items()} == {
        role: len(CAPABILITIES[role]) for role in Role
    }
    assert "Manage billing" not in told[Role.ADMIN]


def test_strangers_and_signed_out_people_see_nothing(alice: Person, refusals: Refusals) -> None:
    refusals.assert_refused(url("team", alice.tenant), viewer=200)


def test_the_number_of_queries_does_not_grow(
    alice: Person, count_queries: Callable[[Client, str], int]
) -> None:
    client = alice.client()
    address = url("team", alice.tenant)

    def add(email: str) -> None:
        make_member(alice.tenant, f"member-{email}", Role.VIEWER)
        with tenant_context(alice.tenant):
            invite_member(
                tenant=alice.tenant,
                actor=alice.actor,
                inviter=alice.membership,
                email=email,
                role="viewer",
            )

    add("one@example.com")
    client.get(address)
    few = count_queries(client, address)
    add("two@example.com")
    add("three@example.com")
    assert (few, count_queries(client, address)) == (QUERIES, QUERIES)
