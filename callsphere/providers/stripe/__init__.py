"""Payments through Stripe: what a customer bought and paid, and what to change about it."""

from callsphere.providers.stripe.client import Payments, PriceSpec
from callsphere.providers.stripe.errors import PaymentsError, fault_of_ours
from callsphere.providers.stripe.states import InvoiceState, SubscriptionState
from callsphere.providers.stripe.webhooks import IncomingEvent, read_event

__all__ = [
    "IncomingEvent",
    "InvoiceState",
    "Payments",
    "PaymentsError",
    "PriceSpec",
    "SubscriptionState",
    "fault_of_ours",
    "read_event",
]
