"""How the audit log speaks of plans and payment, and where it leads."""

import uuid

from django.urls import reverse

from billing.models import BillingRequest, Notice, Subscription
from tenants.audit_lines import Kind, add_kind, add_sentences
from tenants.models import Tenant


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Subscription, "plan", "plan and payment", _find_plan))
    add_kind(Kind(BillingRequest, "request about the plan", "requests about the plan", _find_plan))
    add_kind(Kind(Notice, "announcement", "announcements about the plan", _find_plan))
    add_sentences(
        {
            "subscription.changed": "noted the plan: {name}",
            "subscription.double_ended": "ended a second plan, bought at the same time, and paid it back",
            "subscription.comped": "gave a plan: {name}",
            "subscription.comp_ended": "took a given plan back: {name}",
            "subscription.trial_extended": "extended the trial: {name}",
            "subscription.refreshed": "had plan and invoices read again",
            "notice.sent_again": "had the mail “{name}” sent again",
            "billing.checkout_asked": "went to the checkout of a plan",
            "billing.portal_asked": "went to the payment pages",
            "billing.change_plan_asked": "asked for another plan",
            "billing.cancel_asked": "canceled the plan",
            "billing.resume_asked": "took the cancellation of the plan back",
            "billing.start_trial_asked": "started a trial",
        }
    )


def _find_plan(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict.fromkeys(ids, reverse("billing:plan", kwargs={"tenant": tenant.slug}))
