"""The provider as this installation has it configured."""

from functools import lru_cache

from django.conf import settings

from billing.models import Plan
from callsphere.lib.errors import Refused
from callsphere.providers.stripe import Payments, PriceSpec


def is_configured() -> bool:
    """Whether anything can be bought here."""
    return bool(settings.STRIPE_SECRET_KEY)


def is_simulated() -> bool:
    """Whether the stand-in serves, which charges nobody."""
    return bool(settings.STRIPE_BASE_URL)


def check_configured() -> None:
    """Raise Refused when nothing can be bought here."""
    if not is_configured():
        raise Refused(
            f"Payments are not set up on this installation. Write to {settings.SUPPORT_EMAIL}: support can"
            " give you a plan.",
            code="payments_not_configured",
        )


def payments() -> Payments:
    """Return the provider. Use it outside requests and transactions."""
    return _payments(settings.STRIPE_SECRET_KEY, settings.STRIPE_BASE_URL)


def price_spec(plan: Plan) -> PriceSpec:
    """Return how a version of a plan is sold."""
    return PriceSpec(plan.lookup_key, f"callsphere_{plan.code}", plan.name, plan.price, plan.currency)


@lru_cache(maxsize=4)
def _payments(key: str, base_url: str) -> Payments:
    return Payments(key, base_url)
