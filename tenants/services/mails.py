"""Mails that did not leave, as support handles them."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_platform_event
from tenants.enums import MailState
from tenants.mail.outbox import GIVE_UP_AFTER, wake_delivery
from tenants.models import OutgoingMail


def send_again(*, mail: OutgoingMail, actor: Actor) -> OutgoingMail:
    """Have a mail that was given up sent anew, with a day's time. Call it in the platform's context.

    Raises Refused when it was not given up, or when its content is erased.
    """
    with transaction.atomic():
        row = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
        if row.state != MailState.FAILED:
            raise Refused(f"“{row.subject}” was not given up: nothing to send again.")
        if not row.content:
            raise Refused(f"The content of “{row.subject}” is erased. Have the person ask for a new mail.")
        row.state = MailState.WAITING
        row.due_at = timezone.now()
        row.give_up_at = row.due_at + GIVE_UP_AFTER
        row.ended_at = None
        row.attempts = 0
        row.claim = F("claim") + 1
        row.save()
        record_platform_event(actor=actor, verb="outgoingmail.sent_again", obj=row)
        wake_delivery()
    return row
