"""Events that Stripe sends: proven by their signature, and read as far as needed to ask what is so now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

_OF_CHARGES = ("refund", "dispute")


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """That something happened, and to whom. Order is not promised: what is so now is asked of Stripe."""

    id: str
    type: str
    api_version: str
    created_at: datetime
    customer: str
    object_id: str
    charge: str
    """Whose money goes back, for refunds and disputes: these name no customer."""


def read_event(body: bytes, signature: str, secret: str) -> IncomingEvent | None:
    """Return the event; None when the signature does not prove that Stripe sent it just now."""
    try:
        stripe.WebhookSignature.verify_header(
            body.decode(), signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
        )
        return _event(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, stripe.SignatureVerificationError):
        return None


def _event(document: dict[str, Any]) -> IncomingEvent:
    subject = document["data"]["object"]
    return IncomingEvent(
        id=str(document["id"]),
        type=str(document["type"]),
        api_version=str(document.get("api_version") or ""),
        created_at=datetime.fromtimestamp(int(document["created"]), UTC),
        customer=_customer(subject),
        object_id=str(subject.get("id") or ""),
        charge=_id(subject.get("charge")) if subject.get("object") in _OF_CHARGES else "",
    )


def _customer(subject: dict[str, Any]) -> str:
    if subject.get("object") == "customer":
        return str(subject["id"])
    return _id(subject.get("customer"))


def _id(value: Any) -> str:
    return str(value["id"] if isinstance(value, dict) else value or "")
