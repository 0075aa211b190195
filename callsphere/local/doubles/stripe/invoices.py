"""Invoices: made, final at once, collected, retried."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.calendar import DAY
from callsphere.local.doubles.stripe.customers import card_of, pays
from callsphere.local.doubles.stripe.faults import ApiError

RETRIES_AFTER = (3 * DAY, 5 * DAY, 7 * DAY)
"""How long after the first attempt a card is tried again. Afterwards the invoice stays open."""
TAX_PERCENT = {"DE": 19, "FR": 20, "GB": 20}
"""By the customer's country, while tax is worked out automatically; none elsewhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is charged or given back, in minor units, for a stretch of time."""

    price: Record
    amount: int
    start: int
    end: int
    text: str
    is_proration: bool = False


def _as_every_invoice_begins() -> dict[str, Any]:
    """What every invoice has, as long as nothing was paid."""
    return {
        "account_country": "US",
        "account_name": "CallSphere",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatically_finalizes_at": None,
        "collection_method": "charge_automatically",
        "custom_fields": None,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "issuer": {"type": "self"},
        "metadata": {},
        "next_payment_attempt": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "test_clock": None,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "webhooks_delivered_at": None,
    }


def make_invoice(account: Account, subscription: Record, lines: list[Line], reason: str) -> Record:
    """Make an invoice, final at once, and try to collect it."""
    customer = account.get("customer", subscription["customer"])
    subtotal = sum(line.amount for line in lines)
    taxes = _taxes(subscription, customer, subtotal)
    total = subtotal + sum(tax["amount"] for tax in taxes)
    due = max(0, total + customer["balance"])
    now = account.now()
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    invoice = account.add(
        "invoice",
        **_as_every_invoice_begins(),
        amount_due=due,
        amount_remaining=due,
        automatic_tax={**subscription["automatic_tax"], "provider": None, "status": None},
        billing_reason=reason,
        created=now,
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        effective_at=now,
        ending_balance=min(0, total + customer["balance"]),
        lines={"object": "list", "data": [], "has_more": False, "total_count": len(lines)},
        number=f"{customer['invoice_prefix']}-{number:04d}",
        parent={
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        period_end=max(line.end for line in lines) if reason != "subscription_create" else now,
        period_start=min(line.start for line in lines),
        starting_balance=customer["balance"],
        status="open",
        status_transitions={
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=subtotal,
        total_taxes=taxes,
    )
    invoice["hosted_invoice_url"] = f"{account.address}/invoices/{invoice['id']}"
    invoice["invoice_pdf"] = f"{account.address}/invoices/{invoice['id']}/pdf"
    invoice["lines"]["data"] = [_line(invoice, subscription, line) for line in lines]
    customer["balance"] = invoice["ending_balance"]
    subscription["latest_invoice"] = invoice["id"]
    account.emit("invoice.created", {**invoice, "status": "draft"})
    account.emit("invoice.finalized", invoice)
    collect(account, invoice)
    return invoice


def collect(account: Account, invoice: Record) -> bool:
    """Try to collect an open invoice; return whether it is paid."""
    if invoice["status"] != "open":
        return invoice["status"] == "paid"
    subscription = subscription_of(account, invoice)
    if invoice["amount_due"] > 0:
        invoice["attempted"] = True
        invoice["attempt_count"] += 1
        if not pays(card_of(account, subscription)):
            _note_failure(account, invoice)
            return False
        _charge(account, invoice)
    now = account.now()
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = now
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    return True


def subscription_of(account: Account, invoice: Record) -> Record:
    """Return the subscription that an invoice is for."""
    return account.get("subscription", invoice["parent"]["subscription_details"]["subscription"])


def void(account: Account, invoice: Record) -> None:
    """Give an open invoice up."""
    if invoice["status"] == "open":
        invoice |= {"status": "void", "next_payment_attempt": None}
        invoice["status_transitions"]["voided_at"] = account.now()
        account.emit("invoice.voided", invoice)


def pay_now(account: Account, identity: str) -> Record:
    """Try to collect an invoice at once, as its page does. Raises ApiError when the card is declined."""
    invoice = account.get("invoice", identity)
    if invoice["status"] != "open":
        raise ApiError(400, "Invoice is already paid", code="invoice_not_editable")
    collect(account, invoice)
    return invoice


def _taxes(subscription: Record, customer: Record, subtotal: int) -> list[Record]:
    country = str((customer["address"] or {}).get("country", ""))
    percent = TAX_PERCENT.get(country, 0) if subscription["automatic_tax"]["enabled"] else 0
    if not percent:
        return []
    return [
        {
            "amount": round(subtotal * percent / 100),
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": f"txr_double_{country}"},
            "taxability_reason": "standard_rated",
            "taxable_amount": subtotal,
            "type": "tax_rate_details",
        }
    ]


def _line(invoice: Record, subscription: Record, line: Line) -> Record:
    return {
        "id": f"il_{secrets.token_hex(12)}",
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice["currency"],
        "description": line.text,
        "discount_amounts": [],
        "discountable": not line.is_proration,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": line.is_proration,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": subscription["items"]["data"][0]["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"end": line.end, "start": line.start},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": line.price["id"], "product": line.price["product"]},
            "type": "price_details",
            "unit_amount_decimal": line.price["unit_amount_decimal"],
        },
        "quantity": 1,
        "subtotal": line.amount,
        "taxes": [],
    }


def _note_failure(account: Account, invoice: Record) -> None:
    tried = invoice["attempt_count"]
    first = invoice["status_transitions"]["finalized_at"]
    later = [first + wait for wait in RETRIES_AFTER if first + wait > account.now()]
    invoice["next_payment_attempt"] = later[0] if later and tried <= len(RETRIES_AFTER) else None
    account.get("customer", invoice["customer"])["delinquent"] = True
    account.emit("invoice.payment_failed", invoice)


def _charge(account: Account, invoice: Record) -> None:
    now, amount = account.now(), invoice["amount_due"]
    common: Record = {
        "amount": amount,
        "created": now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "metadata": {},
    }
    intent = account.add(
        "payment_intent",
        amount_capturable=0,
        amount_received=amount,
        capture_method="automatic",
        confirmation_method="automatic",
        payment_method_types=["card"],
        status="succeeded",
        **common,
    )
    charge = account.add(
        "charge",
        amount_captured=amount,
        amount_refunded=0,
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        captured=True,
        disputed=False,
        paid=True,
        payment_intent=intent["id"],
        refunded=False,
        status="succeeded",
        **common,
    )
    charge["receipt_url"] = f"{account.address}/invoices/{invoice['id']}"
    intent["latest_charge"] = charge["id"]
    account.add(
        "invoice_payment",
        amount_paid=amount,
        amount_requested=amount,
        created=now,
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="paid",
        status_transitions={"canceled_at": None, "paid_at": now},
    )
    account.get("customer", invoice["customer"])["delinquent"] = False
    account.emit("charge.succeeded", charge)
