"""Sending what stands in the outbox: claim due mails, hand them over, store what became of each.

A claim raises a number in the mail's row and lends it to one worker until the lease ends. The worker talks to
the mail server outside any transaction and stores the result with the number it was given: a worker whose
lease has ended changes nothing. A mail is sent at least once. It may come twice, with the same Message-ID,
when a worker dies between the server's answer and storing it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone
from prometheus_client import Counter, Gauge

from tenants.context import platform_context
from tenants.enums import MailState
from tenants.keys import reveal_outside_tenants
from tenants.mail.failures import ERRORS, Failure, explain
from tenants.mail.transport import Transport, make_transport
from tenants.models import OutgoingMail

BATCH = 20
"""How many mails one claim takes; they go through one session."""
LEASE = timedelta(seconds=90)
BEGIN_WITHIN_S = 20.0
"""A mail that is not begun this long after its claim is given back, well before the lease ends."""
LONGEST_RUN_S = 20.0
"""A run that keeps finding due mails ends after this time; the next tick goes on."""
FIRST_DELAY_S = 10.0
LONGEST_DELAY_S = 3600.0
JITTER = 0.2
LEFT_LYING = timedelta(minutes=2)
"""A mail that is due for longer tells that no worker takes mails: ticks come every two seconds."""
CONTENT_KEPT = timedelta(days=7)
"""How long the content of a mail that was given up is kept, so that it can be sent again."""
ROWS_KEPT = timedelta(days=30)
"""How long it can be looked up whether a mail was sent."""

_random = secrets.SystemRandom()
log = structlog.get_logger(__name__)

MAILS = Counter("callsphere_mails_total", "Attempts to send a mail, by what became of them", ["outcome"])
OLDEST_DUE = Gauge(
    "callsphere_mail_oldest_due_seconds",
    "How long the longest-waiting mail had been due at the last claim",
    multiprocess_mode="mostrecent",
)


def deliver_due(clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what is due, batch by batch; return how many mails were claimed. Any number may run at once."""
    started = time.monotonic()
    total = 0
    while True:
        mails = claim_due(clock(), BATCH)
        total += len(mails)
        goes_on = bool(mails) and _send(mails, clock)
        if not goes_on or time.monotonic() - started >= LONGEST_RUN_S:
            return total


def claim_due(now: datetime, limit: int) -> list[OutgoingMail]:
    """Lend up to `limit` due mails, those that waited longest; other workers skip them meanwhile.

    A mail whose time is over although somebody tried is given up instead: no worker lived to say why it did
    not leave.
    """
    with platform_context("claim due mails"):
        due = OutgoingMail.objects.select_for_update(skip_locked=True).filter(
            state=MailState.WAITING, due_at__lte=now
        )
        claimed = list(due.order_by("due_at")[:limit])
        OLDEST_DUE.set(max(((now - (mail.due_at or now)).total_seconds() for mail in claimed), default=0.0))
        stale = [mail for mail in claimed if mail.attempts and mail.give_up_at <= now]
        for mail in stale:
            _end(mail, MailState.FAILED, now, last_error=mail.last_error or "No worker lived to send it.")
        claimed = [mail for mail in claimed if mail not in stale]
        OutgoingMail.objects.filter(pk__in=[mail.pk for mail in claimed]).update(
            claim=F("claim") + 1, attempts=F("attempts") + 1, due_at=now + LEASE
        )
        for mail in claimed:
            mail.claim += 1
            mail.attempts += 1
    return claimed


def _send(mails: Sequence[OutgoingMail], clock: Callable[[], datetime]) -> bool:
    """Send the mails of one claim; return whether it makes sense to go on with the next."""
    started = time.monotonic()
    transport = make_transport()
    try:
        transport.open()
    except ERRORS as error:
        # Nothing leaves now: all wait, and the next claim does not knock again at once.
        for mail in mails:
            store_failure(mail, explain(error), clock())
        transport.close()
        return False
    try:
        for position, mail in enumerate(mails):
            if time.monotonic() - started >= BEGIN_WITHIN_S:
                give_back(mails[position:], clock())
                return False
            if not _send_one(transport, mail, clock):
                give_back(mails[position + 1 :], clock())
                return False
    finally:
        transport.close()
    return True


def _send_one(transport: Transport, mail: OutgoingMail, clock: Callable[[], datetime]) -> bool:
    """Send one mail and store what became of it; return whether the session can be used on."""
    try:
        transport.send(mail, reveal_outside_tenants(mail, "content"))
    except ERRORS as error:
        failure = explain(error)
        store_failure(mail, failure, clock())
        return not failure.ends_session
    store_sent(mail, clock())
    return True


def store_sent(mail: OutgoingMail, now: datetime) -> None:
    """Note that the mail has left, and erase its content."""
    with platform_context("store a sent mail"):
        kept = _end(mail, MailState.SENT, now, content="", last_error="")
    MAILS.labels("sent" if kept else "sent_twice").inc()
    log.info("mail_sent", mail_id=str(mail.pk), attempts=mail.attempts, lease_was_lost=not kept)


def store_failure(mail: OutgoingMail, failure: Failure, now: datetime) -> None:
    """Put the mail off, or give it up when trying again makes no sense."""
    next_at = now + delay_after(mail.attempts)
    is_over = failure.is_final or next_at >= mail.give_up_at
    with platform_context("store a mail that did not leave"):
        if is_over:
            kept = _end(mail, MailState.FAILED, now, last_error=failure.text)
        else:
            kept = bool(_lent(mail).update(due_at=next_at, last_error=failure.text))
    if not kept:
        return
    MAILS.labels("given_up" if is_over else "put_off").inc()
    write = log.error if is_over else log.warning
    write(
        "mail_given_up" if is_over else "mail_put_off",
        mail_id=str(mail.pk),
        attempts=mail.attempts,
        error=failure.text,
    )


def give_back(mails: Sequence[OutgoingMail], now: datetime) -> None:
    """Return mails that were not begun: they are due, as before."""
    with platform_context("give mails back"):
        for mail in mails:
            _lent(mail).update(due_at=now, attempts=F("attempts") - 1)


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, give or take a fifth."""
    longest = min(FIRST_DELAY_S * 2 ** min(attempts - 1, 30), LONGEST_DELAY_S)
    return timedelta(seconds=longest * _random.uniform(1 - JITTER, 1 + JITTER))


def is_left_lying(now: datetime) -> bool:
    """Tell whether a mail has been due for so long that no worker can be looking."""
    with platform_context("look for mails that nobody sends"):
        return OutgoingMail.objects.filter(state=MailState.WAITING, due_at__lt=now - LEFT_LYING).exists()


def sweep(now: datetime) -> None:
    """Erase the content of mails that were given up long ago, and forget mails that ended longer ago."""
    with platform_context("sweep mails"):
        OutgoingMail.objects.filter(state=MailState.FAILED, ended_at__lt=now - CONTENT_KEPT).exclude(
            content=""
        ).update(content="")
        OutgoingMail.objects.filter(ended_at__lt=now - ROWS_KEPT).delete()


def _lent(mail: OutgoingMail) -> QuerySet[OutgoingMail]:
    """Return the mail's row as long as nobody else has claimed it."""
    return OutgoingMail.objects.filter(pk=mail.pk, claim=mail.claim, state=MailState.WAITING)


def _end(mail: OutgoingMail, state: MailState, now: datetime, **more: str) -> bool:
    return bool(_lent(mail).update(state=state, due_at=None, ended_at=now, **more))
