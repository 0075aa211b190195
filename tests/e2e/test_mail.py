"""A mail on its way: written by the web process, sent by the real worker, whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from pytest_django import Settings

from callsphere import celery
from callsphere.celery import Waker
from tenants.context import platform_context
from tenants.models import OutgoingMail
from tests import waiting
from tests.e2e.workers import Background, redis_url
from tests.tenants.mail.conftest import mails, the_mail, write
from tests.tenants.mail.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    running = SmtpServer()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def outbox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write rows, and wake the worker through the same Redis as it listens at."""
    settings.EMAIL_BACKEND = "tenants.mail.outbox.EmailBackend"
    monkeypatch.setattr(celery, "_waker", Waker(Celery(broker=redis_url())))


def background(server: SmtpServer, *, beat: bool) -> Background:
    return Background({"EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}, worker="work", beat=beat)


def wait_until(condition: Callable[[], bool]) -> None:
    waiting.wait_until(condition, lambda: [(mail.state, mail.last_error) for mail in mails()])


def test_a_mail_leaves_when_its_transaction_is_stored(server: SmtpServer) -> None:
    with background(server, beat=False):
        write()
        wait_until(lambda: the_mail().state == "sent")
        assert len(server.received) == 1


def test_a_mail_leaves_at_the_next_tick_when_the_wake_up_was_lost(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with background(server, beat=True):
        monkeypatch.setattr(celery, "_waker", Waker(Celery(broker="redis://127.0.0.1:1/0")))
        write()
        wait_until(lambda: the_mail().state == "sent")
    assert len(server.received) == 1


def test_a_worker_that_is_killed_loses_no_mail(server: SmtpServer) -> None:
    server.hang_at = "content"
    first = background(server, beat=False)
    with first:
        write()
        wait_until(lambda: server.sessions == 1)
        first.kill()
    assert (the_mail().state, the_mail().attempts) == ("waiting", 1)
    server.hang_at = ""
    with platform_context("let the lease end"):
        OutgoingMail.objects.update(due_at="2026-01-01T00:00Z")
    with background(server, beat=True):
        wait_until(lambda: the_mail().state == "sent")
    assert (the_mail().attempts, len(server.received)) == (2, 1)
