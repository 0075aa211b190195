"""Checkout sessions, and what happens when somebody completes one on the stand-in's own page."""

from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.calendar import DAY
from callsphere.local.doubles.stripe.customers import attach_card, create_customer, pays
from callsphere.local.doubles.stripe.faults import declined, wrong
from callsphere.local.doubles.stripe.forms import is_true
from callsphere.local.doubles.stripe.subscriptions import create_subscription

LIFETIME_S = DAY


def create_session(account: Account, params: dict[str, Any]) -> Record:
    """Open a checkout of one subscription."""
    if params.get("mode") != "subscription":
        raise wrong("The stand-in knows the mode subscription alone.", "mode", "parameter_invalid")
    price = account.get("price", params["line_items"][0]["price"], "line_items[0][price]")
    if "customer" in params:
        account.get("customer", params["customer"], "customer")
    for name in ("success_url", "cancel_url"):
        if not str(params.get(name, "")).startswith(("http://", "https://")):
            raise wrong("Not a valid URL", name, "url_invalid")
    data = params.get("subscription_data", {})
    is_trial = int(data.get("trial_period_days", 0)) > 0
    session = account.add(
        "checkout.session",
        amount_subtotal=0 if is_trial else price["unit_amount"],
        amount_total=0 if is_trial else price["unit_amount"],
        automatic_tax={
            "enabled": is_true(params.get("automatic_tax", {}).get("enabled")),
            "liability": None,
            "provider": None,
            "status": None,
        },
        billing_address_collection=params.get("billing_address_collection"),
        cancel_url=params["cancel_url"],
        client_reference_id=params.get("client_reference_id"),
        created=account.now(),
        currency=price["currency"],
        custom_fields=[],
        custom_text={},
        customer=params.get("customer"),
        customer_details=None,
        customer_email=params.get("customer_email"),
        expires_at=account.now() + LIFETIME_S,
        invoice=None,
        metadata=params.get("metadata", {}),
        mode="subscription",
        payment_method_collection=params.get("payment_method_collection", "always"),
        payment_method_types=["card"],
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        subscription=None,
        success_url=params["success_url"],
        ui_mode="hosted_page",
        _price=price["id"],
        _data=data,
    )
    session["url"] = f"{account.address}/checkout/{session['id']}"
    return session


def may_leave_card_out(session: Record) -> bool:
    """Whether the customer may go on without a card."""
    is_trial = int(session["_data"].get("trial_period_days", 0)) > 0
    return is_trial and session["payment_method_collection"] == "if_required"


def complete(account: Account, session: Record, *, card: str, country: str) -> str:
    """Do what the page's button does; return where the customer goes. Raises ApiError for a declined card."""
    if session["status"] != "open":
        raise wrong("This checkout is over.", "id", "parameter_invalid")
    if not card and not may_leave_card_out(session):
        raise wrong("Choose a card.", "card")
    customer = _customer(account, session, country)
    days = int(session["_data"].get("trial_period_days", 0))
    if card:
        method = attach_card(account, customer, card)
        if not days and not pays(method):
            raise declined()
    subscription = create_subscription(
        account,
        {
            "customer": customer["id"],
            "items": [{"price": session["_price"]}],
            "automatic_tax": session["automatic_tax"],
            "default_payment_method": customer["invoice_settings"]["default_payment_method"],
            **session["_data"],
        },
    )
    session |= {
        "status": "complete",
        "payment_status": "no_payment_required" if days else "paid",
        "subscription": subscription["id"],
        "invoice": subscription["latest_invoice"],
        "customer": customer["id"],
        "url": None,
    }
    account.emit("checkout.session.completed", session)
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def expire(account: Account, session: Record) -> Record:
    """End a checkout that nobody completed."""
    session |= {"status": "expired", "url": None}
    account.emit("checkout.session.expired", session)
    return session


def _customer(account: Account, session: Record, country: str) -> Record:
    if session["customer"]:
        customer = account.get("customer", session["customer"])
    else:
        customer = create_customer(account, {"email": session["customer_email"]})
        session["customer"] = customer["id"]
    customer["address"] = {"country": country}
    session["customer_details"] = {
        "address": customer["address"],
        "email": customer["email"],
        "name": customer["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    return customer
