"""Sending an invitation again, and withdrawing it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import INVITATION_LIFETIME, Invitation, Tenant
from tenants.services import accept_invitation, find_invitation, invite_member
from tenants.services.members import INVITATION_MAILS_PER_HOUR
from tests.conftest import Person, make_user
from tests.tenants.web.conftest import Refusals, url, verbs


@pytest.fixture
def invitation(alice: Person) -> Invitation:
    with tenant_context(alice.tenant):
        made = invite_member(
            tenant=alice.tenant,
            actor=alice.actor,
            inviter=alice.membership,
            email="dana@example.com",
            role="viewer",
        )
        made.expires_at = timezone.now() + timedelta(days=2)
        made.save()
    return made


def refreshed(invitation: Invitation) -> Invitation:
    with tenant_context(invitation.tenant):
        return Invitation.objects.get(pk=invitation.pk)


def address(name: str, invitation: Invitation) -> str:
    return url(name, invitation.tenant, invitation_id=invitation.pk)


def test_sending_again_makes_a_new_link_for_a_week(
    alice: Person, invitation: Invitation, mailoutbox: list[Any]
) -> None:
    response = alice.client().post(address("invitation-resend", invitation))
    assert response.headers["Location"] == url("team", alice.tenant)
    assert [mail.to for mail in mailoutbox] == [["dana@example.com"]] * 2
    now = refreshed(invitation)
    assert bytes(now.token_hash) != bytes(invitation.token_hash)
    assert now.expires_at - timezone.now() > INVITATION_LIFETIME - timedelta(minutes=1)
    assert verbs(alice.tenant)[-1] == "invitation.resent"
    token = mailoutbox[1].body.split("/invitations/")[1].split("/")[0]
    assert find_invitation(token) == invitation


def test_the_mail_says_until_when_in_utc(
    alice: Person, invitation: Invitation, mailoutbox: list[Any]
) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(time_zone="Pacific/Kiritimati")
    alice.client().post(address("invitation-resend", invitation))
    words = f"until {refreshed(invitation).expires_at:%-d %B %Y, %H:%M} UTC."
    mail = mailoutbox[1]
    assert [words in text for text in (mail.body, mail.alternatives[0].content)] == [True, True]


def test_a_mail_a_minute_is_enough(alice: Person, invitation: Invitation, mailoutbox: list[Any]) -> None:
    client = alice.client()
    client.post(address("invitation-resend", invitation))
    response = client.post(address("invitation-resend", invitation))
    assert str(list(get_messages(response.wsgi_request))[-1]) == (
        "A mail went to dana@example.com a moment ago. Wait a minute."
    )


def test_a_tenant_sends_so_many_mails_an_hour(alice: Person, mailoutbox: list[Any]) -> None:
    form = {"email": "dana@example.com", "role": "viewer"}
    client = alice.client()
    for _time in range(INVITATION_MAILS_PER_HOUR):
        client.post(url("invite", alice.tenant), form)
        with tenant_context(alice.tenant):
            made = Invitation.objects.select_related("tenant").get(revoked_at=None)
        client.post(address("invitation-withdraw", made))
    page = client.post(url("invite", alice.tenant), form)
    told = "Your team sent 30 invitations within an hour. Try again later."
    assert told in page.content.decode()
    assert len(mailoutbox) == INVITATION_MAILS_PER_HOUR
    assert verbs(alice.tenant).count("invitation.sent") == INVITATION_MAILS_PER_HOUR
    with tenant_context(alice.tenant):
        Invitation.objects.filter(pk=made.pk).update(
            revoked_at=None, expires_at=timezone.now() + timedelta(days=2)
        )
    response = client.post(address("invitation-resend", made))
    assert [str(each) for each in get_messages(response.wsgi_request)][-1] == told


def test_an_admin_does_not_send_what_they_may_not_offer(admin: Person, invitation: Invitation) -> None:
    with tenant_context(admin.tenant):
        Invitation.objects.update(role="owner")
    response = admin.client().post(address("invitation-resend", invitation))
    assert [str(each) for each in get_messages(response.wsgi_request)] == [
        "You may not give or take this role."
    ]


def test_withdrawing_ends_the_link(alice: Person, invitation: Invitation) -> None:
    client = alice.client()
    page = client.get(address("invitation-withdraw", invitation))
    assert "Withdraw the invitation of dana@example.com?" in page.content.decode()
    response = client.post(address("invitation-withdraw", invitation))
    assert response.headers["Location"] == url("team", alice.tenant)
    assert refreshed(invitation).revoked_at is not None
    assert verbs(alice.tenant)[-1] == "invitation.revoked"


@pytest.mark.parametrize("name", ["invitation-resend", "invitation-withdraw"])
def test_an_accepted_one_is_gone(alice: Person, invitation: Invitation, name: str) -> None:
    invitation.tenant = alice.tenant
    dana = make_user("dana@example.com")
    accept_invitation(invitation=invitation, user=dana, actor=alice.actor)
    assert alice.client().post(address(name, invitation)).status_code == 404


@pytest.mark.parametrize("name", ["invitation-resend", "invitation-withdraw"])
def test_others_may_not(invitation: Invitation, refusals: Refusals, name: str) -> None:
    refusals.assert_refused(address(name, invitation), method="post")


def test_another_tenants_invitation_is_not_found(invitation: Invitation, charlie: Person) -> None:
    own = url("invitation-withdraw", charlie.tenant, invitation_id=invitation.pk)
    assert charlie.client().post(own).status_code == 404
    assert refreshed(invitation).revoked_at is None
