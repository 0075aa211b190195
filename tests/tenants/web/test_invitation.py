"""The page that an invitation's link leads to."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import Invitation, Membership
from tenants.services import invite_member
from tests.conftest import PASSWORD, Person, make_member, make_user
from tests.tenants.web.conftest import sign_in, verbs

EMAIL = "dana@example.com"


@pytest.fixture
def page(alice: Person, mailoutbox: list[Any]) -> str:
    """Return the address in a fresh invitation's mail."""
    with tenant_context(alice.tenant):
        invite_member(
            tenant=alice.tenant,
            actor=alice.actor,
            inviter=alice.membership,
            email=EMAIL,
            role="developer",
        )
    link = re.search(r"http://testserver(/invitations/\S+)", mailoutbox.pop().body)
    assert link is not None
    return link[1]


def roles(person: Person) -> list[tuple[str, str]]:
    with tenant_context(person.tenant):
        return [(member.user.email, member.role) for member in Membership.objects.select_related("user")]


def test_signed_out_people_are_led_to_sign_up_and_in(page: str) -> None:
    response = Client().get(page)
    assert response.status_code == 200
    assert response.context["sign_in_url"] == f"/accounts/login/?next={quote(page, safe='')}"
    assert response.context["sign_up_url"].endswith("&email=dana%40example.com")


def test_the_right_person_joins(alice: Person, page: str) -> None:
    make_user(EMAIL)
    client = sign_in(EMAIL)
    assert client.get(page).context["is_theirs"] is True
    assert client.post(page).headers["Location"] == "/t/acme-dental/"
    assert roles(alice) == [("alice@example.com", "owner"), (EMAIL, "developer")]
    assert verbs(alice.tenant)[-1] == "member.joined"


def test_a_member_who_follows_the_link_stays_what_they_are(alice: Person, page: str) -> None:
    make_member(alice.tenant, EMAIL, Role.VIEWER)
    sign_in(EMAIL).post(page)
    assert roles(alice) == [("alice@example.com", "owner"), (EMAIL, "viewer")]
    assert "member.joined" not in verbs(alice.tenant)
    with tenant_context(alice.tenant):
        assert Invitation.objects.get().accepted_at is not None


def test_signing_up_with_that_address_needs_no_second_mail(
    alice: Person, page: str, mailoutbox: list[Any]
) -> None:
    client = Client()
    client.get(page)
    response = client.post(
        reverse("account_signup"), {"email": EMAIL, "password1": PASSWORD, "next": page}, follow=True
    )
    assert response.redirect_chain[-1] == (page, 302)
    assert mailoutbox == []
    client.post(page)
    assert (EMAIL, "developer") in roles(alice)


def test_signing_up_names_the_organisation_and_no_trial(page: str) -> None:
    client = Client()
    invited = client.get(client.get(page).context["sign_up_url"]).content.decode()
    stranger = client.get(reverse("account_signup")).content.decode()

    assert "Create your account to join Acme Dental" in invited
    assert "trial" not in invited.partition("<main")[2].partition("</main")[0]
    assert "Start your 14-day trial" in stranger


def test_signing_up_with_another_address_needs_its_mail(page: str, mailoutbox: list[Any]) -> None:
    client = Client()
    client.get(page)
    client.post(reverse("account_signup"), {"email": "other@example.com", "password1": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert len(mailoutbox) == 1


def test_the_first_page_leads_back_to_it(page: str) -> None:
    make_user(EMAIL)
    client = Client()
    client.get(page)
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert client.get("/app/").headers["Location"] == page
    assert client.get("/app/").headers["Location"] == "/welcome/"


def test_the_wrong_account_is_told_so(alice: Person, charlie: Person, page: str) -> None:
    client = charlie.client()
    response = client.get(page)
    assert response.context["is_theirs"] is False
    assert "This invitation is for another address" in response.content.decode()
    response = client.post(page)
    assert (response.status_code, response.context["refusal"]) == (
        409,
        "This invitation is for dana@example.com. Sign in with that address.",
    )
    assert roles(alice) == [("alice@example.com", "owner")]


def test_joining_signed_out_asks_to_sign_in(page: str) -> None:
    assert Client().post(page).headers["Location"] == f"/accounts/login/?next={page}"


@pytest.mark.parametrize(
    "ended", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(1)}]
)
def test_an_invitation_that_ended_says_so(alice: Person, page: str, ended: dict[str, object]) -> None:
    with tenant_context(alice.tenant):
        Invitation.objects.update(**ended)
    make_user(EMAIL)
    client = sign_in(EMAIL)
    for response in (client.get(page), client.post(page)):
        assert response.status_code == 404
        assert "This invitation no longer works" in response.content.decode()
    assert roles(alice) == [("alice@example.com", "owner")]


def test_a_guessed_link_looks_the_same_as_one_that_ended(db: None) -> None:
    response = Client().get(reverse("tenants:invitation", kwargs={"token": "guess"}))
    assert response.status_code == 404
    assert "This invitation no longer works" in response.content.decode()


def test_it_works_once(alice: Person, page: str) -> None:
    make_user(EMAIL)
    client = sign_in(EMAIL)
    client.post(page)
    assert client.get(page).status_code == 404
