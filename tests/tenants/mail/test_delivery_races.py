"""Several workers at the same mails, and a broker that is away."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from celery import Celery
from django.db import connections
from django.utils import timezone

from callsphere import celery
from callsphere.celery import Waker
from tenants.enums import MailState
from tenants.mail.delivery import claim_due, deliver_due
from tests.tenants.mail.conftest import mails, the_mail, write
from tests.tenants.mail.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def test_workers_at_once_send_each_mail_once(server: SmtpServer) -> None:
    expected = [f"person{number}@example.com" for number in range(60)]
    for address in expected:
        write(address)
    barrier = Barrier(WORKERS)

    def work(_number: int) -> int:
        try:
            barrier.wait(60)
            return deliver_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        claimed = list(pool.map(work, range(WORKERS)))
    assert sum(claimed) == 60
    assert Counter(mail.recipient for mail in server.received) == Counter(expected)
    assert {(mail.state, mail.attempts) for mail in mails()} == {(MailState.SENT, 1)}


def test_claims_at_once_lend_each_mail_once() -> None:
    for number in range(30):
        write(f"person{number}@example.com")
    barrier = Barrier(WORKERS)
    now = timezone.now()

    def claim(_number: int) -> list[str]:
        try:
            barrier.wait(60)
            return [mail.recipient for mail in claim_due(now, 10)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        lent = [recipient for each in pool.map(claim, range(WORKERS)) for recipient in each]
    assert len(lent) == len(set(lent)) == 30


def test_without_redis_a_mail_waits_and_nobody_with_it(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery, "_waker", Waker(Celery(broker="redis://127.0.0.1:1/0")))
    write()
    assert the_mail().state == MailState.WAITING
    deliver_due()  # as the first tick after Redis is back
    assert the_mail().state == MailState.SENT
