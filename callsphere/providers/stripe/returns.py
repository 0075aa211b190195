"""What went back of a customer's payments: refunds and disputes, by the invoice that was paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

_PAGE = 100
_CAME_TO_NOTHING = ("failed", "canceled")


@dataclass(frozen=True, slots=True)
class Returned:
    """What went back of what an invoice was paid with, in minor units: by us, and by the bank for now."""

    refunded: int = 0
    disputed: int = 0

    def __add__(self, other: Returned) -> Returned:
        return Returned(self.refunded + other.refunded, self.disputed + other.disputed)


NOTHING = Returned()


def returned_of(client: stripe.StripeClient, customer: str, since: datetime) -> dict[str, Returned]:
    """Return what went back, by invoice, of charges made since a moment."""
    charges = client.v1.charges.list(
        params={"customer": customer, "created": {"gte": int(since.timestamp())}, "limit": _PAGE}
    )
    found: dict[str, Returned] = {}
    for charge in charges.auto_paging_iter():
        if charge.amount_refunded or charge.disputed:
            returned = Returned(_refunded(client, charge), _disputed(client, charge))
            for invoice in _invoices_of(client, charge):
                found[invoice] = found.get(invoice, NOTHING) + returned
    return found


def give_back(client: stripe.StripeClient, invoice: stripe.Invoice) -> None:
    """Refund all that an invoice was paid with by card; what went back already stays so."""
    payments = client.v1.invoice_payments.list(params={"invoice": str(invoice.id), "status": "paid"})
    for each in payments.auto_paging_iter():
        intent = each.payment.payment_intent
        if intent is None:
            continue
        name = intent if isinstance(intent, str) else intent.id
        try:
            client.v1.refunds.create(
                params={"payment_intent": name, "reason": "duplicate"},
                options={"idempotency_key": f"give-back:{name}"},
            )
        except stripe.InvalidRequestError as error:
            if error.code != "charge_already_refunded":
                raise


def _refunded(client: stripe.StripeClient, charge: stripe.Charge) -> int:
    """Add up the refunds: one that failed at the bank came back to us."""
    if not charge.amount_refunded:
        return 0
    refunds = client.v1.refunds.list(params={"charge": charge.id, "limit": _PAGE})
    return sum(each.amount for each in refunds.auto_paging_iter() if each.status not in _CAME_TO_NOTHING)


def _disputed(client: stripe.StripeClient, charge: stripe.Charge) -> int:
    """Add up what is withheld now. An inquiry withholds nothing, and a dispute that was won no more."""
    if not charge.disputed:
        return 0
    disputes = client.v1.disputes.list(params={"charge": charge.id, "limit": _PAGE})
    return sum(each.amount for each in disputes.auto_paging_iter() if _is_withheld(each))


def _is_withheld(dispute: stripe.Dispute) -> bool:
    return sum(each.amount for each in dispute.balance_transactions) < 0


def _invoices_of(client: stripe.StripeClient, charge: stripe.Charge) -> Iterator[str]:
    """Return the invoice that a charge paid; none when it paid something else."""
    intent = charge.payment_intent
    if intent is None:
        return
    payments = client.v1.invoice_payments.list(
        params={
            "payment": {
                "type": "payment_intent",
                "payment_intent": intent if isinstance(intent, str) else intent.id,
            },
            "status": "paid",
        }
    )
    for each in payments.data[:1]:
        yield each.invoice if isinstance(each.invoice, str) else str(each.invoice.id)
