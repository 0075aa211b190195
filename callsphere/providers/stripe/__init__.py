"""Payments through Stripe: what a customer bought and paid, and what to change about it."""

from callsphere.providers.stripe.client import Payments, PriceSpec
from callsphere.providers.stripe.errors import PaymentsError
from callsphere.providers.stripe.states import InvoiceState, SubscriptionState
from callsphere.providers.stripe.webhooks import IncomingEvent, read_event

__all__ = [
    "IncomingEvent",
    "InvoiceState",
    "Payments",
    "PaymentsError",
    "PriceSpec",
    "SubscriptionState",
    "read_event",
]
