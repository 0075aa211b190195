"""What can be done about plans and payment. One transaction and one audit event each."""

from billing.services.requests import (
    lock_subscription,
    request_cancellation,
    request_change,
    request_checkout,
    request_portal,
    request_resumption,
    request_trial,
)
from billing.services.support import LONGEST_EXTENSION, comp_plan, extend_trial, refresh, resend_notice

__all__ = [
    "LONGEST_EXTENSION",
    "comp_plan",
    "extend_trial",
    "lock_subscription",
    "refresh",
    "request_cancellation",
    "request_change",
    "request_checkout",
    "request_portal",
    "request_resumption",
    "request_trial",
    "resend_notice",
]
