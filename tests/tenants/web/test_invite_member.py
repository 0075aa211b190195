"""Inviting somebody to the team."""

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from tenants.context import tenant_context
from tenants.models import Invitation
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs

FORM = {"email": "Dana@Example.com", "role": "developer"}


def test_it_sends_a_mail_with_the_link(alice: Person, mailoutbox: list[Any]) -> None:
    response = alice.client().post(url("invite", alice.tenant), FORM)
    assert response.headers["Location"] == url("team", alice.tenant)
    mail: EmailMultiAlternatives = mailoutbox[0]
    assert (mail.to, mail.subject) == (["dana@example.com"], "Join Acme Dental on CallSphere")
    assert "alice@example.com invites you to Acme Dental on CallSphere, as Developer." in mail.body
    assert "http://testserver/invitations/" in mail.body
    assert mail.alternatives[0][1] == "text/html"
    with tenant_context(alice.tenant):
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("dana@example.com", "developer")
    assert verbs(alice.tenant) == ["tenant.created", "invitation.sent"]


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"email": ""}, {"email": ["Write the address to which the invitation goes."]}),
        ({"email": "dana"}, {"email": ["Write an e-mail address such as mara@example.com."]}),
        ({"email": "alice@example.com"}, {"email": ["alice@example.com is a member already."]}),
        ({"role": ""}, {"role": ["Choose a role."]}),
        (
            {"role": "king"},
            {"role": ["Select a valid choice. king is not one of the available choices."]},
        ),
    ],
)
def test_wrong_input_is_explained(alice: Person, changed: dict[str, str], errors: dict[str, Any]) -> None:
    response = alice.client().post(url("invite", alice.tenant), {**FORM, **changed})
    assert response.status_code == 422
    assert response.context["form"].errors == errors
    with tenant_context(alice.tenant):
        assert Invitation.objects.count() == 0


def test_an_invited_person_is_not_invited_twice(alice: Person) -> None:
    client = alice.client()
    client.post(url("invite", alice.tenant), FORM)
    response = client.post(url("invite", alice.tenant), {**FORM, "role": "viewer"})
    assert response.context["form"].errors == {
        "email": ["dana@example.com is invited already. Withdraw that invitation first."]
    }


def test_an_admin_cannot_make_owners(admin: Person) -> None:
    response = admin.client().post(url("invite", admin.tenant), {**FORM, "role": "owner"})
    assert list(response.context["form"].errors) == ["role"]


def test_open_invitations_take_up_room(alice: Person) -> None:
    alice.tenant.member_limit = 2
    with tenant_context(alice.tenant):
        alice.tenant.save()
    client = alice.client()
    assert client.post(url("invite", alice.tenant), FORM).status_code == 302
    response = client.post(url("invite", alice.tenant), {**FORM, "email": "third@example.com"})
    assert response.context["form"].non_field_errors() == [
        "Your plan has room for 2 members, open invitations included. Remove one or change the plan."
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(alice: Person, refusals: Refusals, method: str) -> None:
    refusals.assert_refused(url("invite", alice.tenant), method=method)
