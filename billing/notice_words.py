"""What mails about plans and payment say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.entitlements import day
from billing.enums import NoticeKind
from billing.models import Subscription
from billing.money import price_words
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Words:
    """A mail: subject, paragraphs, and what its button says. The button leads to the page of the plan."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str


_TRIAL = "The trial of {name} ends on {trial_end}. {then}"
_PAYMENT_FAILED = """\
We could not collect the last invoice of {name}{from_card}.

Everything goes on until {grace_until}. Pay until then, with another card if need be. Afterwards nothing can \
be changed until it is paid."""
_READ_ONLY = """\
The last invoice of {name} is still unpaid, so nothing can be changed any more.

Your phone numbers are kept until {release_at}. On that day they are given up, and others may get them. Pay, \
and everything is as before."""
_ENDED = """\
The {what} of {name} has ended, and nothing more is charged. You can see everything and change nothing.

Your phone numbers are kept until {release_at}. Choose a plan until then, and everything goes on as before."""
_RELEASE_SOON = """\
{name} has no paid plan. Its phone numbers are given up on {release_at}, and cannot be had back afterwards.

To keep them, pay the open invoice or choose a plan before that day."""
_RELEASED = """\
{name} had no paid plan until {release_at}, so its phone numbers are given up.

Everything else is still there. Choose a plan to go on with new numbers."""
_RECOVERED = "Thank you: {name} has a plan again, and everything works as before."
_CANCELED = """\
The plan of {name} is canceled and ends on {cancel_at}. Until then everything goes on as it is, and nothing \
more is charged.

Afterwards you can see everything and change nothing. Changed your mind? Until that day one press keeps the \
plan."""

_MAILS = {
    NoticeKind.TRIAL_3_DAYS: ("The trial of {name} ends in 3 days", _TRIAL, "{trial_button}"),
    NoticeKind.TRIAL_1_DAY: ("The trial of {name} ends in a day", _TRIAL, "{trial_button}"),
    NoticeKind.PAYMENT_FAILED: ("A payment for {name} failed", _PAYMENT_FAILED, "Pay now"),
    NoticeKind.READ_ONLY: ("{name} is read-only until the invoice is paid", _READ_ONLY, "Pay now"),
    NoticeKind.ENDED: ("The {what} of {name} has ended", _ENDED, "Choose a plan"),
    NoticeKind.RELEASE_SOON: (
        "{name} loses its phone numbers on {release_at}",
        _RELEASE_SOON,
        "Keep the numbers",
    ),
    NoticeKind.RELEASED: ("The phone numbers of {name} are given up", _RELEASED, "Choose a plan"),
    NoticeKind.RECOVERED: ("{name} is in order again", _RECOVERED, "See the plan"),
    NoticeKind.CANCELED: ("The plan of {name} ends on {cancel_at}", _CANCELED, "See the plan"),
}


def words_of(tenant: Tenant, subscription: Subscription, kind: NoticeKind) -> Words:
    """Return what a mail says."""
    subject, text, button = _MAILS[kind]
    plan = subscription.plan
    is_trial = subscription.had_trial and subscription.trial_end == subscription.ended_at
    values = {
        "name": tenant.name,
        "what": "trial" if is_trial else "plan",
        "trial_end": _day(subscription.trial_end),
        "grace_until": _day(subscription.grace_until),
        "release_at": _day(subscription.release_at),
        "cancel_at": _day(subscription.cancel_at),
        "from_card": f" from {subscription.card}" if subscription.card else "",
        "then": _after_trial(subscription, price_words(plan.price, plan.currency) if plan else ""),
        "trial_button": "See the plan" if subscription.card else "Add a card",
    }
    return Words(
        subject.format_map(values),
        tuple(paragraph.format_map(values) for paragraph in text.split("\n\n")),
        button.format_map(values),
    )


def _after_trial(subscription: Subscription, price: str) -> str:
    if subscription.cancel_at is not None:
        return "You canceled, so nothing is charged. Your lines stay, and cannot be changed any more."
    if subscription.card:
        return f"Then {subscription.card} is charged {price} a month, plus tax where it is due."
    return (
        "No card is on file, so the plan ends then and nothing is charged. To go on without a break, add a"
        f" card before that day: it will be charged {price} a month, plus tax where it is due."
    )


def _day(moment: datetime | None) -> str:
    return day(moment) if moment else ""
