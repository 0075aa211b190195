"""Customers and their cards."""

from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record

# The last four digits decide what the bank says, as with Stripe's own test cards.
DECLINED_LATER = "0341"
CARDS = {"4242": "visa", "4444": "mastercard", DECLINED_LATER: "visa"}


def create_customer(account: Account, params: dict[str, Any]) -> Record:
    """Make a customer."""
    record = account.add(
        "customer",
        address=params.get("address"),
        balance=0,
        created=account.now(),
        currency=None,
        default_source=None,
        delinquent=False,
        description=params.get("description"),
        discount=None,
        email=params.get("email"),
        invoice_prefix=f"CS{len(account.tables['customer']) + 1:06d}",
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata=params.get("metadata", {}),
        name=params.get("name"),
        next_invoice_sequence=1,
        phone=None,
        preferred_locales=[],
        shipping=None,
        tax_exempt="none",
        test_clock=None,
    )
    account.emit("customer.created", record)
    return record


def update_customer(account: Account, identity: str, params: dict[str, Any]) -> Record:
    """Change a customer's name, address or e-mail address."""
    record = account.get("customer", identity)
    for name in ("email", "name", "address", "description"):
        if name in params:
            record[name] = params[name]
    record["metadata"] |= params.get("metadata", {})
    account.emit("customer.updated", record)
    return record


def attach_card(account: Account, customer: Record, last4: str) -> Record:
    """Give a customer a card, which pays from now on."""
    card = account.add(
        "payment_method",
        allow_redisplay="limited",
        billing_details={
            "address": customer["address"],
            "email": customer["email"],
            "name": customer["name"],
            "phone": None,
            "tax_id": None,
        },
        card={
            "brand": CARDS[last4],
            "country": "US",
            "display_brand": CARDS[last4],
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"double{last4}",
            "funding": "credit",
            "last4": last4,
        },
        created=account.now(),
        customer=customer["id"],
        metadata={},
        type="card",
    )
    account.emit("payment_method.attached", card)
    customer["invoice_settings"]["default_payment_method"] = card["id"]
    account.emit("customer.updated", customer)
    return card


def card_of(account: Account, subscription: Record) -> Record | None:
    """Return the card that a subscription is paid with, or None."""
    customer = account.get("customer", subscription["customer"])
    identity = (
        subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    )
    return account.get("payment_method", identity) if identity else None


def pays(card: Record | None) -> bool:
    """Whether a charge of this card succeeds."""
    return card is not None and card["card"]["last4"] != DECLINED_LATER
