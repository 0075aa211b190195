"""An affiliate's pages, outside any organisation: joining, link and code, who came, what is owed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.affiliates import figures
from billing.affiliates.attribution import COUNTS_FOR
from billing.affiliates.commissions import HOLD
from billing.affiliates.joining import join_affiliates, own_affiliate, suggested_code
from billing.affiliates.keys import keys_of
from billing.affiliates.links import link_of
from billing.affiliates.models import CURRENT_RATE, Affiliate
from billing.affiliates.payouts import SMALLEST_PAYOUT, statement_csv, statement_of
from billing.forms import JoinForm
from billing.money import price_words
from tenants.context import user_context
from tenants.views.base import FormPage, PersonPage

_BEGINNING = "2000-01"


def terms(rate: int = CURRENT_RATE) -> dict[str, Any]:
    """Return the figures that the terms name."""
    return {
        "percent": f"{rate / 100:g}",
        "counts_days": COUNTS_FOR.days,
        "hold_days": HOLD.days,
        "smallest_payout": price_words(SMALLEST_PAYOUT, "usd"),
    }


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say to everybody what affiliates earn, and on which terms."""
    return render(request, "billing/affiliates.html", terms())


class Overview(PersonPage, FormPage):
    """Link, code, figures and balance; for whoever is no affiliate yet, the terms and a form to join."""

    template_name = "billing/affiliate_join.html"
    form_class = JoinForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with user_context(self.person.pk):
            affiliate = own_affiliate(self.person)
            if affiliate is not None:
                return render(request, "billing/affiliate.html", _overview(affiliate))
        return super().get(request, *args, **kwargs)

    def make_form(self, data: Any = None) -> JoinForm:
        return JoinForm(data, initial={"code": suggested_code(self.person)})

    def page_context(self) -> dict[str, Any]:
        return {**terms(), "example": link_of("your-code")}

    def save(self, form: JoinForm) -> HttpResponseBase:
        made = join_affiliates(
            actor=self.actor,
            user=self.person,
            code=form.cleaned_data["code"],
            takes_terms=form.cleaned_data["terms"],
            now=timezone.now(),
        )
        messages.success(self.request, f"You are an affiliate now. Your code is {made.code}.")
        return HttpResponseRedirect(reverse("billing:affiliate"))


class StatementPage(PersonPage):
    """What was booked in a month."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        since = _month(request, f"{timezone.now():%Y-%m}")
        until = figures.month_after(since)
        with user_context(self.person.pk):
            affiliate = _affiliate_or_404(self)
            context = {
                "statement": figures.monthly_statement(affiliate, since, until),
                "since": since,
                "earlier": figures.month_before(since) if since > _beginning(affiliate) else None,
                "later": until if until <= timezone.now() else None,
            }
        return render(request, "billing/affiliate_statement.html", context)


class StatementFile(PersonPage):
    """A month, or everything when none is named, as CSV."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        since = _month(request, _BEGINNING)
        named = "month" in request.GET
        until = figures.month_after(since) if named else timezone.now()
        with user_context(self.person.pk):
            affiliate = _affiliate_or_404(self)
            text = statement_csv(statement_of(affiliate, since, until))
        name = f"statement-{affiliate.code}-{f'{since:%Y-%m}' if named else 'all'}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(text, content_type="text/csv", headers=headers)


def _overview(affiliate: Affiliate) -> dict[str, Any]:
    return {
        **terms(affiliate.rate),
        "affiliate": affiliate,
        "link": link_of(affiliate.code),
        "figures": figures.figures_of(affiliate),
        "balances": figures.balance_rows(affiliate),
        "next_release": figures.next_release(affiliate),
        "payouts": figures.payout_rows(affiliate),
        "keys": keys_of(affiliate),
        "api_url": f"{settings.PUBLIC_URL}/api/v1/affiliate/",
    }


def _month(request: HttpRequest, otherwise: str) -> datetime:
    """Return when the month begins that the address names. Raises Http404 for what is none."""
    month = figures.month_of(request.GET.get("month", otherwise))
    if month is None:
        raise Http404("no such month")
    return month


def _beginning(affiliate: Affiliate) -> datetime:
    return affiliate.created_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _affiliate_or_404(page: PersonPage) -> Affiliate:
    affiliate = own_affiliate(page.person)
    if affiliate is None:
        raise Http404("no affiliate")
    return affiliate
