"""The customer portal: opening it, and what its buttons do."""

from typing import Any

from callsphere.local.doubles.stripe import invoices, subscriptions
from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.customers import attach_card
from callsphere.local.doubles.stripe.faults import declined


def open_session(account: Account, params: dict[str, Any]) -> Record:
    """Open the portal for a customer."""
    customer = account.get("customer", params["customer"], "customer")
    session = account.add(
        "billing_portal.session",
        configuration="bpc_double",
        created=account.now(),
        customer=customer["id"],
        flow=None,
        locale=None,
        on_behalf_of=None,
        return_url=params.get("return_url"),
    )
    session["url"] = f"{account.address}/portal/{session['id']}"
    return session


def press(account: Account, session: Record, *, action: str, card: str) -> None:
    """Change the card, or what the action says. Raises ApiError for what cannot be done."""
    customer = account.get("customer", session["customer"])
    living = [
        each for each in account.all("subscription", customer=customer["id"]) if each["status"] != "canceled"
    ]
    if card:
        method = attach_card(account, customer, card)
        for each in living:
            subscriptions.update_subscription(account, each["id"], {"default_payment_method": method["id"]})
    elif action == "pay":
        pay_all(account, customer)
    elif action in ("cancel", "resume"):
        for each in living:
            wanted = {"cancel_at_period_end": action == "cancel"}
            subscriptions.update_subscription(account, each["id"], wanted)


def pay_all(account: Account, customer: Record) -> None:
    """Collect every open invoice of a customer. Raises ApiError when the card is declined."""
    for invoice in account.all("invoice", customer=customer["id"], status="open"):
        is_paid = invoices.collect(account, invoice)
        subscriptions.note_payment(account, invoice)
        if not is_paid:
            raise declined()
