"""Mails as production handles them: rows first, then a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from tenants.context import platform_context
from tenants.models import OutgoingMail
from tests.tenants.mail.smtp_server import SmtpServer, use

LINK = "http://testserver/accounts/password/reset/key/3-cq3x7g-7f3c0a9d1e5b4c8a9d7e6f5a4b3c2d1e/"


@pytest.fixture(autouse=True)
def outbox(settings: Settings) -> None:
    """Undo what Django's test runner does to the e-mail backend."""
    settings.EMAIL_BACKEND = "tenants.mail.outbox.EmailBackend"


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    """A mail server to which mails go."""
    running = SmtpServer()
    use(settings, f"smtp://127.0.0.1:{running.port}")
    yield running
    running.close()


def write(*recipients: str, subject: str = "Set a new password", body: str = f"Open {LINK}\n") -> None:
    """Send a mail as the product does."""
    message = EmailMultiAlternatives(subject, body, to=recipients or ["dana@example.com"])
    message.attach_alternative(f'<a href="{LINK}">Open it</a>', "text/html")
    message.send()


def mails() -> list[OutgoingMail]:
    """Return what stands in the outbox, the oldest first."""
    with platform_context("look into the outbox"):
        return list(OutgoingMail.objects.order_by("created_at", "id"))


def the_mail() -> OutgoingMail:
    """Return the one mail that stands there."""
    (mail,) = mails()
    return mail


def make_due(moment: datetime) -> None:
    """Let every waiting mail be due at this moment."""
    with platform_context("turn the clock"):
        OutgoingMail.objects.filter(due_at__isnull=False).update(due_at=moment)
