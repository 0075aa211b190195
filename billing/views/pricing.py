"""What the plans cost, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.affiliates.models import CURRENT_RATE
from billing.payments import is_simulated
from billing.queries import offered_plans
from billing.summaries import plan_cards


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
