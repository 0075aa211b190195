"""Django's e-mail backend: a mail becomes a row, and a request never waits for a mail server."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import make_msgid, parseaddr
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import SafeMIMEMultipart, SafeMIMEText, sanitize_address
from django.db import transaction
from django.utils import timezone

from callsphere import celery
from tenants.keys import seal_outside_tenants
from tenants.models import OutgoingMail

GIVE_UP_AFTER = timedelta(hours=24)
"""What a mail says is stale by then, and somebody has to look at the mail server."""
_LONGEST_SUBJECT = 255


class EmailBackend(BaseEmailBackend):
    """Stores mails in the current transaction: rolled back with it, or sent once it is committed."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages down, each once for every address it goes to; return how many there were."""
        rows = [row for message in email_messages for row in _rows(message)]
        if rows:
            OutgoingMail.objects.bulk_create(rows)
            wake_delivery()
        return len(email_messages)


def wake_delivery() -> None:
    """Ask a worker to look for due mails as soon as this transaction is stored."""
    transaction.on_commit(lambda: celery.wake("tenants.deliver_mail", "deliver"))


def _rows(message: EmailMessage) -> Iterator[OutgoingMail]:
    sender = _bare(message.from_email, message)
    # Written out now, Message-ID and Date included: however often it is sent, it is the same mail. For the ID
    # Django would ask DNS for the name of this machine.
    message_id = make_msgid(domain=sender.rpartition("@")[2])
    message.extra_headers = {"Message-ID": message_id, **message.extra_headers}
    written = cast(SafeMIMEText | SafeMIMEMultipart, message.message())
    content = written.as_bytes(linesep="\r\n")
    now = timezone.now()
    for address in message.recipients():
        # A row for each address: one that is refused or slow then holds up no other.
        row = OutgoingMail(
            sender=sender,
            recipient=_bare(address, message),
            subject=message.subject[:_LONGEST_SUBJECT],
            created_at=now,
            due_at=now,
            give_up_at=now + GIVE_UP_AFTER,
        )
        row.content = seal_outside_tenants(row, "content", content)
        yield row


def _bare(address: str, message: EmailMessage) -> str:
    """Return the address without a name before it, its domain as DNS has it."""
    encoding = message.encoding or settings.DEFAULT_CHARSET
    return parseaddr(sanitize_address(address, str(encoding)))[1]
