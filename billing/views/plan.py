"""The plan: what one has, what is used of it, another one, the end of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from billing import services
from billing.enums import LIVING, OVERDUE, RequestKind, Status, WorkState
from billing.forms import PlanForm
from billing.models import BillingRequest, Plan
from billing.money import price_words
from billing.queries import invoices_of, offered_plan, offered_plans, requests_of
from billing.summaries import (
    excess_rows,
    headline,
    invoice_rows,
    plan_cards,
    plan_lines,
    plan_name,
    prorated,
    use_rows,
)
from billing.views.base import BillingPage
from billing.wishes import COOKIE, wanted_plan
from callsphere.lib.errors import Refused
from tenants.keys import reveal
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES
from trunks.numbers.business_words import business_of

INVOICES_SHOWN = 3


class PlanPage(BillingPage):
    """Plan, usage and payment at a glance, and what can be done about them."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        now, subscription = timezone.now(), self.subscription
        plan = subscription.plan
        context = {
            **self.common(),
            "headline": headline(subscription, now),
            "name": plan_name(subscription, now),
            "price": price_words(plan.price, plan.currency) if plan and subscription.is_living else "",
            "uses": use_rows(self.tenant),
            "invoices": invoice_rows(invoices_of(self.tenant)[:INVOICES_SHOWN]),
            "is_overdue": subscription.status in OVERDUE,
            "is_trial": subscription.status == Status.TRIALING,
            "business": business_of(self.tenant),
        }
        return render(request, "billing/plan.html", context)


class Choose(BillingPage):
    """The plans that are offered. The first one begins with a trial."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        cards = plan_cards(offered_plans(), self.subscription)
        wanted = None if self.subscription.is_living else wanted_plan(request, request.user, timezone.now())
        return render(
            request,
            "billing/choose.html",
            {
                **self.common(),
                "cards": cards,
                "first": wanted or (cards[0].plan if cards else None),
                "wanted": wanted,
                "is_living": self.subscription.is_living,
                "is_first": not self.subscription.had_trial,
                "is_new": not self.subscription.is_chosen,
                "trial_days": cards[0].plan.trial_days if cards else 0,
                "skip_url": reverse("trunks:create", kwargs={"tenant": self.tenant.slug}),
            },
        )

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = PlanForm(request.POST)
        plan = form.cleaned_data["plan"] if form.is_valid() else ""
        try:
            asked = services.request_checkout(tenant=self.tenant, actor=self.actor, plan=plan)
        except (Refused, ValidationError) as refusal:
            return self.refused(refusal, self.url("choose"))
        response = self.go_on(asked)
        response.delete_cookie(COOKIE)
        return response


class Change(BillingPage):
    """Says what another plan means, and asks once more."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        subscription, plan, now = self.subscription, self.wanted, timezone.now()
        if not subscription.is_living or subscription.plan is None:
            return HttpResponseRedirect(self.url("choose"))
        context = {
            **self.common(),
            "plan": plan,
            "price": price_words(plan.price, plan.currency),
            "lines": plan_lines(plan),
            "is_larger": plan.price > subscription.plan.price,
            "is_kept": plan.pk == subscription.plan_id,
            "is_trial": subscription.status == Status.TRIALING,
            "due_now": prorated(subscription, plan, now),
            "excess": excess_rows(self.tenant, plan),
        }
        return render(request, "billing/change.html", context)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            asked = services.request_change(tenant=self.tenant, actor=self.actor, plan=self.wanted.code)
        except (Refused, ValidationError) as refusal:
            return self.refused(refusal, request.path)
        return self.go_on(asked)

    @cached_property
    def wanted(self) -> Plan:
        """The plan that the address names: one that is offered, or the one that one has."""
        code = self.kwargs["plan"]
        has = self.subscription.plan
        plan = has if has is not None and has.code == code else offered_plan(code)
        if plan is None:
            raise Http404("no such plan")
        return plan


class Cancel(BillingPage):
    """Says what ends and when, and asks once more."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.subscription.is_living or self.subscription.cancel_at is not None:
            return HttpResponseRedirect(self.url("plan"))
        return render(request, "billing/cancel.html", self.common())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return self.go_on(services.request_cancellation(tenant=self.tenant, actor=self.actor))
        except Refused as refusal:
            return self.refused(refusal, self.url("plan"))


class Resume(BillingPage):
    """Takes a cancellation back."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return self.go_on(services.request_resumption(tenant=self.tenant, actor=self.actor))
        except Refused as refusal:
            return self.refused(refusal, self.url("plan"))


class Payment(BillingPage):
    """Leads to the payment pages of the provider: cards, address, open invoices."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return self.go_on(services.request_portal(tenant=self.tenant, actor=self.actor))
        except Refused as refusal:
            return self.refused(refusal, self.url("plan"))


class RequestPage(BillingPage):
    """Waits until what was asked for is done, then goes on by itself.

    It never redirects to the provider's page by status: the browser would take that for the end of the form
    that was sent before, and forms may lead to ourselves alone.
    """

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = self.asked
        target = self._target(asked)
        if request.htmx and target and asked.state != WorkState.WAITING:
            if asked.state == WorkState.DONE and not asked.url:
                messages.success(request, self._done(asked))
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        context = {**self.common(), "asked": asked, "target": target, "leaves": bool(asked.url)}
        name = "billing/request.html#live" if request.htmx else "billing/request.html"
        return render(request, name, context)

    @cached_property
    def asked(self) -> BillingRequest:
        """The request of this tenant that the address names; 404 for any other."""
        asked = requests_of(self.tenant).filter(pk=self.kwargs["request_id"]).first()
        if asked is None:
            raise Http404("no such request here")
        return asked

    def _done(self, asked: BillingRequest) -> str:
        if asked.kind == RequestKind.CHANGE_PLAN and self.subscription.next_plan is not None:
            return f"Noted: {self.subscription.next_plan} comes with the next period."
        return _DONE.get(asked.kind, "Done.")

    def _target(self, asked: BillingRequest) -> str:
        if asked.state == WorkState.FAILED:
            return ""
        if asked.url and self.may_write:
            return reveal(asked, "url")
        return self.url("plan")


class Returned(BillingPage):
    """Where one comes back from the checkout: waits until the provider's word is in."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        context = {
            **self.common(),
            "is_there": self.subscription.status in LIVING,
            "is_trial": self.subscription.status == Status.TRIALING,
            "next_url": reverse("web:dashboard", kwargs={"tenant": self.tenant.slug}),
            "connect_url": reverse("trunks:create", kwargs={"tenant": self.tenant.slug}),
            "step": self._step(),
        }
        name = "billing/returned.html#live" if request.htmx else "billing/returned.html"
        return render(request, name, context)

    def _step(self) -> dict[str, str]:
        """Return what comes next: a number first, as the guided path has it."""
        has_number = PhoneNumber.objects.filter(tenant=self.tenant).exclude(state__in=OVER_STATES).exists()
        page, words = (
            ("trunks:create", "Connect a carrier") if has_number else ("numbers:search", "Get a number")
        )
        return {"url": reverse(page, kwargs={"tenant": self.tenant.slug}), "words": words}


class Invoices(BillingPage):
    """All invoices and receipts."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = invoice_rows(invoices_of(self.tenant)[:100])
        return render(request, "billing/invoices.html", {**self.common(), "rows": rows})


_DONE: dict[str, str] = {
    RequestKind.CHANGE_PLAN: "The plan is changed.",
    RequestKind.CANCEL: "The plan is canceled. Until it ends, everything goes on.",
    RequestKind.RESUME: "The plan goes on.",
}
