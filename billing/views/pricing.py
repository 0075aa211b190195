"""What the plans cost, for everybody."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.affiliates.models import CURRENT_RATE
from billing.payments import is_simulated
from billing.queries import offered_plan, offered_plans
from billing.summaries import plan_cards
from billing.wishes import remember_plan


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show the plans that are offered."""
    cards = plan_cards(offered_plans())
    days = cards[0].plan.trial_days if cards else 0
    context = {
        "cards": cards,
        "trial_days": days,
        "payments_simulated": is_simulated(),
        "affiliate_percent": f"{CURRENT_RATE / 100:g}",
    }
    return render(request, "billing/pricing.html", context)


@never_cache
@require_safe
def start(request: HttpRequest, plan: str) -> HttpResponse:
    """Lead to the sign-up, or to one's own first page, and remember which plan was pressed."""
    name = "tenants:home" if request.user.is_authenticated else "account_signup"
    response = HttpResponseRedirect(reverse(name))
    found = offered_plan(plan)
    if found is not None:
        remember_plan(response, found)
    return response
