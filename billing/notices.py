"""What is announced by mail, once each: to the owners and those who look after billing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from billing.entitlements import WARNING
from billing.enums import OVERDUE, NoticeKind, Stage, Status
from billing.models import Notice, Subscription
from billing.notice_words import words_of
from tenants.access import CAPABILITIES, Capability
from tenants.models import Membership, Tenant

RECEIVERS = [role for role, capabilities in CAPABILITIES.items() if Capability.BILLING_WRITE in capabilities]


def announce(tenant: Tenant, subscription: Subscription, before: Stage, now: datetime) -> None:
    """Mail what is due now and was not mailed yet. The tenant is locked: nobody else announces meanwhile."""
    for kind, about in _due(subscription, before, now):
        _, is_new = Notice.objects.get_or_create(tenant=tenant, kind=kind, about=about)
        if is_new:
            send(tenant, subscription, kind)


def still_holds(subscription: Subscription, kind: NoticeKind, now: datetime) -> bool:
    """Whether what was announced is so now: else the words, which name today's dates, would be wrong."""
    return kind in {each for each, _about in _due(subscription, Stage.READ_ONLY, now)}


def send(tenant: Tenant, subscription: Subscription, kind: NoticeKind) -> int:
    """Write the mails of an announcement; return how many."""
    words = words_of(tenant, subscription, kind)
    link = settings.PUBLIC_URL + reverse("billing:plan", kwargs={"tenant": tenant.slug})
    context = {"tenant": tenant, "words": words, "link": link}
    receivers = Membership.objects.filter(tenant=tenant, role__in=RECEIVERS, user__is_active=True)
    addresses = sorted(set(receivers.values_list("user__email", flat=True)))
    if addresses:
        for address in addresses:
            send_mail(
                subject=words.subject,
                message=render_to_string("billing/email/notice.txt", context),
                html_message=render_to_string("billing/email/notice.html", context),
                from_email=None,
                recipient_list=[address],
            )
    return len(addresses)


def _due(subscription: Subscription, before: Stage, now: datetime) -> Iterator[tuple[NoticeKind, str]]:
    yield from _of_trial(subscription, now)
    if subscription.stage == Stage.GRACE:
        yield NoticeKind.PAYMENT_FAILED, _time(subscription.grace_until)
    if subscription.stage == Stage.READ_ONLY:
        is_over = subscription.status not in OVERDUE
        yield NoticeKind.ENDED if is_over else NoticeKind.READ_ONLY, _time(subscription.grace_until)
        if subscription.release_at is not None and now >= subscription.release_at - WARNING:
            yield NoticeKind.RELEASE_SOON, _time(subscription.release_at)
    if subscription.stage == Stage.RELEASED:
        yield NoticeKind.RELEASED, _time(subscription.release_at)
    if subscription.stage == Stage.FINE and before != Stage.FINE:
        yield NoticeKind.RECOVERED, _time(now)
    if subscription.stage == Stage.FINE and subscription.cancel_at is not None and subscription.is_living:
        yield NoticeKind.CANCELED, _time(subscription.cancel_at)


def _of_trial(subscription: Subscription, now: datetime) -> Iterator[tuple[NoticeKind, str]]:
    end = subscription.trial_end
    if subscription.status != Status.TRIALING or end is None or end <= now:
        return
    if end - now <= timedelta(days=1):
        yield NoticeKind.TRIAL_1_DAY, _time(end)
    elif end - now <= timedelta(days=3):
        yield NoticeKind.TRIAL_3_DAYS, _time(end)


def _time(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
