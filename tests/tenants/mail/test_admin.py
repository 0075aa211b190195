"""Mails at the support desk: what became of them, and sending again those that were given up."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.context import platform_context
from tenants.enums import MailState
from tenants.mail.delivery import CONTENT_KEPT, deliver_due, sweep
from tenants.models import OutgoingMail, PlatformEvent
from tests.tenants.mail.conftest import mails, the_mail, write
from tests.tenants.mail.smtp_server import SmtpServer

LIST = reverse("admin:tenants_outgoingmail_changelist")


@pytest.fixture
def given_up(db: None, server: SmtpServer) -> OutgoingMail:
    """A mail whose address the server refused; it would take it now."""
    server.answers["dana@example.com"] = "550 5.2.2 mailbox full"
    write("dana@example.com", subject="Join Acme Dental")
    deliver_due()
    server.answers.clear()
    return the_mail()


def page(mail: OutgoingMail, name: str = "change") -> str:
    return reverse(f"admin:tenants_outgoingmail_{name}", args=[mail.pk])


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_support_reads_what_became_of_a_mail_and_not_what_it_says(
    desk: Client,
    given_up: OutgoingMail,
) -> None:
    for address in (LIST, page(given_up)):
        text = desk.get(address).content.decode()
        assert "dana@example.com" in text
        assert "Join Acme Dental" in text
        assert "Given up" in text
        assert "failed&#x27;" not in text
        assert "550 5.2.2 mailbox full" in text
        assert str.__str__(given_up.content) not in text
        assert "v1.k1." not in text


@pytest.mark.parametrize("query", ["dana@", "acme", "mailbox full"])
def test_a_mail_is_found(desk: Client, given_up: OutgoingMail, query: str) -> None:
    write("other@example.com")
    assert desk.get(LIST, {"q": query}).context["cl"].result_count == 1


def test_nobody_adds_edits_or_deletes(desk: Client, given_up: OutgoingMail) -> None:
    assert desk.get(reverse("admin:tenants_outgoingmail_add")).status_code == 403
    assert desk.post(page(given_up), {"recipient": "eve@example.com"}).status_code == 403
    assert desk.post(page(given_up, "delete"), {"post": "yes"}).status_code == 403


def test_a_mail_is_sent_again(desk: Client, given_up: OutgoingMail, server: SmtpServer) -> None:
    address = page(given_up, "send_this_again")
    assert "as it was written, links included" in desk.get(address).content.decode()
    assert the_mail().state == MailState.FAILED
    response = desk.post(address)
    assert (response["Location"], told(response)) == (
        page(given_up),
        ["The mail to dana@example.com is on the way again."],
    )
    assert (the_mail().state, the_mail().attempts) == (MailState.WAITING, 0)
    with platform_context("read the log"):
        event = PlatformEvent.objects.get()
    assert (event.verb, event.actor_kind, event.actor_label) == (
        "outgoingmail.sent_again",
        "staff",
        "sam@callsphere.example",
    )
    assert event.object_label == "Join Acme Dental to dana@example.com"
    deliver_due()
    assert (the_mail().state, len(server.received)) == (MailState.SENT, 1)


def test_several_mails_are_sent_again(desk: Client, given_up: OutgoingMail) -> None:
    write("waiting@example.com")
    chosen = [str(mail.pk) for mail in mails()]
    response = desk.post(LIST, {"action": "send_again", "_selected_action": chosen})
    assert told(response) == [
        "“Set a new password” was not given up: nothing to send again.",
        "1 mail is on the way again.",
    ]
    assert {mail.state for mail in mails()} == {MailState.WAITING}


def test_what_was_erased_is_not_sent_again(desk: Client, given_up: OutgoingMail) -> None:
    sweep(timezone.now() + CONTENT_KEPT * 1.01)
    response = desk.post(page(given_up, "send_this_again"))
    assert told(response) == ["Only a mail that was given up, and whose content is kept, can be sent again."]
    response = desk.post(LIST, {"action": "send_again", "_selected_action": [str(given_up.pk)]})
    assert told(response)[-1:] == [
        "The content of “Join Acme Dental” is erased. Have the person ask for a new mail."
    ]
    assert the_mail().state == MailState.FAILED


def test_the_list_asks_as_often_for_three_as_for_one(desk: Client, given_up: OutgoingMail) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        return len(queries)

    count()
    first = count()
    write("second@example.com")
    write("third@example.com")
    assert count() == first == 11
