"""Writing a mail: a sealed row in the transaction of what it tells of, and nobody waits for a mail server."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from kombu import Connection
from pytest_django import Settings

from callsphere import celery
from tenants.context import platform_context, tenant_context
from tenants.enums import MailState
from tenants.keys import reveal_outside_tenants
from tenants.models import Invitation, OutgoingMail, User
from tenants.services import invite_member
from tests.conftest import PASSWORD, Person
from tests.tenants.mail.conftest import LINK, mails, the_mail, write
from tests.tenants.mail.smtp_server import use


def raw_rows() -> str:
    with platform_context("read every column"), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(mail)::text FROM tenants_outgoingmail AS mail")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_a_mail_becomes_a_row(db: None) -> None:
    write("Dana <dana@example.com>")
    mail = the_mail()
    assert (mail.sender, mail.recipient, mail.subject, mail.state, mail.attempts) == (
        "no-reply@callsphere.example",
        "dana@example.com",
        "Set a new password",
        MailState.WAITING,
        0,
    )
    message = message_from_bytes(reveal_outside_tenants(mail, "content"))
    assert LINK in str(message.get_payload(0))
    assert (message["From"], message["To"]) == (
        "CallSphere <no-reply@callsphere.example>",
        "Dana <dana@example.com>",
    )
    assert re.fullmatch(r"<\S+@callsphere\.example>", message["Message-ID"])
    assert message["Date"]


def test_the_row_does_not_show_what_the_mail_says(db: None) -> None:
    write()
    stored = raw_rows()
    assert "dana@example.com" in stored
    assert "reset" not in stored
    assert repr(the_mail().content) == "<sealed>"


def test_a_mails_content_opens_in_its_own_row_alone(db: None) -> None:
    write("dana@example.com")
    write("eve@example.com")
    first, second = mails()
    second.content = first.content
    with pytest.raises(Exception, match="another row's value"):
        reveal_outside_tenants(second, "content")


def test_rotating_the_keys_seals_waiting_mails_anew(db: None, settings: Settings) -> None:
    write()
    older = settings.KEY_ENCRYPTION_KEYS
    newest = "k7:" + "N" * 43 + "="
    settings.KEY_ENCRYPTION_KEYS = f"{newest},{older}"
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "1 mails sealed with it." in out.getvalue()
    settings.KEY_ENCRYPTION_KEYS = newest
    assert LINK.encode() in reveal_outside_tenants(the_mail(), "content")


def test_each_address_has_a_row_and_hidden_copies_stay_hidden(db: None) -> None:
    EmailMessage("Hello", "Hi", to=["a@example.com"], cc=["b@example.com"], bcc=["c@example.com"]).send()
    assert sorted(mail.recipient for mail in mails()) == ["a@example.com", "b@example.com", "c@example.com"]
    contents = {reveal_outside_tenants(mail, "content") for mail in mails()}
    assert len(contents) == 1
    assert b"c@example.com" not in contents.pop()


def test_a_header_cannot_be_smuggled_in(db: None) -> None:
    with pytest.raises(ValueError, match="newlines"):
        write(subject="Hello\nBcc: eve@example.com")
    assert mails() == []


@pytest.mark.django_db(transaction=True)
def test_it_is_rolled_back_with_what_it_tells_of(alice: Person) -> None:
    with tenant_context(alice.tenant):
        invite(alice)
        transaction.set_rollback(True)
    assert mails() == []
    with tenant_context(alice.tenant):
        assert Invitation.objects.count() == 0
        invite(alice)
    assert the_mail().subject == "Join Acme Dental on CallSphere"


def invite(person: Person) -> None:
    invite_member(
        tenant=person.tenant,
        actor=person.actor,
        inviter=person.membership,
        email="dana@example.com",
        role="viewer",
    )


def test_a_worker_is_woken_once_it_is_stored(
    db: None, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with Connection("memory://") as broker:
        queue = broker.SimpleQueue("deliver")
        queue.clear()
        with django_capture_on_commit_callbacks(execute=True):
            write()
            assert queue.qsize() == 0
        assert queue.get(timeout=60).headers["task"] == "tenants.deliver_mail"


def test_the_task_goes_to_the_queue_for_deliveries() -> None:
    route = celery.app.amqp.router.route({}, "tenants.deliver_mail")
    assert route["queue"].name == "deliver"


# In the request


@pytest.fixture
def nobody_listens(settings: Settings) -> None:
    """A mail server that takes no connections."""
    use(settings, "smtp://127.0.0.1:1")
    cache.clear()


def test_an_invitation_is_sent_without_a_mail_server(nobody_listens: None, alice: Person) -> None:
    page = reverse("tenants:invite", kwargs={"tenant": alice.tenant.slug})
    response = alice.client().post(page, {"email": "dana@example.com", "role": "viewer"})
    assert response.status_code == 302
    assert the_mail().recipient == "dana@example.com"


def test_people_sign_up_without_a_mail_server(nobody_listens: None, db: None) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD}
    assert Client().post(reverse("account_signup"), form).status_code == 302
    assert User.objects.filter(email="new@example.com").exists()
    assert the_mail().subject == "Confirm your e-mail address to start"


def test_a_password_is_reset_without_a_mail_server(nobody_listens: None, alice: Person) -> None:
    response = Client().post(reverse("account_reset_password"), {"email": "alice@example.com"})
    assert response.status_code == 302
    assert the_mail().recipient == "alice@example.com"


# What the database allows


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM tenants_outgoingmail",
        "UPDATE tenants_outgoingmail SET recipient = 'eve@example.com'",
        "DELETE FROM tenants_outgoingmail",
    ],
)
def test_the_applications_login_sees_and_changes_no_mail(alice: Person, statement: str) -> None:
    write()
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with tenant_context(alice.tenant), denied, transaction.atomic():
        connection.cursor().execute(statement)
    assert the_mail().recipient == "dana@example.com"


def test_nobody_adds_a_mail_that_was_tried_already(db: None) -> None:
    write()
    mail = the_mail()
    mail.pk = "01936b5e-0000-7000-8000-000000000000"
    mail.attempts = 1
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        mail.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "sent", "due_at": None, "ended_at": "2026-01-01T00:00Z"}, "erased_when_sent"),
        ({"state": "failed"}, "due_while_waiting"),
        ({"state": "lost", "due_at": None, "ended_at": "2026-01-01T00:00Z"}, "state_known"),
    ],
)
def test_the_database_holds_the_rules(db: None, change: dict[str, Any], constraint: str) -> None:
    write()
    broken = pytest.raises(IntegrityError, match=constraint)
    with platform_context("break a rule"), broken, transaction.atomic():
        OutgoingMail.objects.update(**change)
