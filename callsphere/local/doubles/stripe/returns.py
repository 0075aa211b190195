"""Money that goes back: refunds, which may fail afterwards, and disputes, which are won or lost."""

from __future__ import annotations

import secrets
from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.faults import wrong


def create_refund(account: Account, params: dict[str, Any]) -> Record:
    """Give money back, all that is left or an amount."""
    found = account.all("charge", payment_intent=params.get("payment_intent"))
    charge = found[0] if found else account.get("charge", params.get("charge"), "charge")
    if any(_is_withheld(each) for each in account.all("dispute", charge=charge["id"])):
        raise wrong(f"Charge {charge['id']} has been charged back.", "charge", "charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(params.get("amount", left))
    if not 0 < amount <= left:
        raise wrong(
            f"Refund amount is greater than unrefunded amount ({left})", "amount", "charge_already_refunded"
        )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    refund = account.add(
        "refund",
        amount=amount,
        charge=charge["id"],
        created=account.now(),
        currency=charge["currency"],
        metadata=params.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
        receipt_number=None,
        status="succeeded",
    )
    account.emit("refund.created", refund)
    account.emit("charge.refunded", charge)
    return refund


def fail_refund(account: Account, refund: Record) -> None:
    """Let the bank send a refund back: the card is closed, and the money is ours again."""
    if refund["status"] != "succeeded":
        raise wrong("This refund did not succeed.", "refund", "parameter_invalid")
    charge = account.get("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    account.emit("refund.updated", refund, {"status": "succeeded"})
    account.emit("refund.failed", refund)
    account.emit("charge.updated", charge)


def open_dispute(account: Account, charge: Record, amount: int | None = None) -> Record:
    """Let the bank take a payment back, all of it or an amount, until somebody has decided."""
    left = charge["amount"] - charge["amount_refunded"]
    wanted = left if amount is None else amount
    if charge["disputed"] or not 0 < wanted <= left:
        raise wrong("This payment cannot be disputed.", "charge", "parameter_invalid")
    charge["disputed"] = True
    dispute = account.add(
        "dispute",
        amount=wanted,
        balance_transactions=[],
        charge=charge["id"],
        created=account.now(),
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={},
        evidence_details={"due_by": None, "has_evidence": False, "past_due": False, "submission_count": 0},
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
    )
    _move(account, dispute, -wanted)
    account.emit("charge.dispute.created", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(account: Account, dispute: Record, *, is_won: bool) -> None:
    """Let the bank decide: won gives the money back to us."""
    if dispute["status"] in ("won", "lost"):
        raise wrong("This dispute is decided.", "dispute", "parameter_invalid")
    dispute["status"] = "won" if is_won else "lost"
    if is_won:
        _move(account, dispute, dispute["amount"])
        account.emit("charge.dispute.funds_reinstated", dispute)
    account.emit("charge.dispute.closed", dispute)


def press(account: Account, invoice: Record, action: str) -> None:
    """Do what a button of an invoice's page says. Raises ApiError for what cannot be done."""
    charge = charge_of(account, invoice)
    disputes = account.all("dispute", charge=charge["id"])
    if action == "refund":
        create_refund(account, {"charge": charge["id"]})
    elif action == "fail_refund":
        for refund in account.all("refund", charge=charge["id"], status="succeeded")[:1]:
            fail_refund(account, refund)
    elif action == "dispute":
        open_dispute(account, charge)
    elif action in ("win", "lose"):
        for dispute in disputes[:1]:
            close_dispute(account, dispute, is_won=action == "win")


def charge_of(account: Account, invoice: Record) -> Record:
    """Return the charge that paid an invoice. Raises ApiError when none did."""
    for paid in account.all("invoice_payment", invoice=invoice["id"], status="paid"):
        for charge in account.all("charge", payment_intent=paid["payment"]["payment_intent"]):
            return charge
    raise wrong("Nothing was paid by card here.", "invoice", "parameter_invalid")


def list_charges(account: Account, params: dict[str, Any]) -> list[Record]:
    """Return charges, the newest first, of a customer and since a moment when these are given."""
    wanted = {name: params[name] for name in ("customer", "payment_intent") if name in params}
    since = int(params.get("created", {}).get("gte", 0))
    return [each for each in account.all("charge", **wanted) if each["created"] >= since]


def list_returns(kind: str, account: Account, params: dict[str, Any]) -> list[Record]:
    """Return refunds or disputes, the newest first, of a charge when it is given."""
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return account.all(kind, **wanted)


def _is_withheld(dispute: Record) -> bool:
    return sum(int(each["amount"]) for each in dispute["balance_transactions"]) < 0


def _move(account: Account, dispute: Record, amount: int) -> None:
    """Note that money left or came; real disputes cost a fee besides, which none of this depends on."""
    dispute["balance_transactions"].append(
        {
            "id": f"txn_{secrets.token_hex(12)}",
            "object": "balance_transaction",
            "amount": amount,
            "available_on": account.now(),
            "balance_type": "payments",
            "created": account.now(),
            "currency": dispute["currency"],
            "fee": 0,
            "fee_details": [],
            "net": amount,
            "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
            "source": dispute["id"],
            "status": "available",
            "type": "adjustment",
        }
    )
