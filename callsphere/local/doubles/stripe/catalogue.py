"""Products and prices."""

from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.faults import ApiError, wrong


def create_product(account: Account, params: dict[str, Any]) -> Record:
    """Make a product; its id may be chosen."""
    identity = params.get("id")
    if identity and identity in account.tables["product"]:
        raise ApiError(400, f"Product already exists: '{identity}'", code="resource_already_exists")
    record = account.add(
        "product",
        active=True,
        created=account.now(),
        default_price=None,
        description=params.get("description"),
        images=[],
        marketing_features=[],
        metadata=params.get("metadata", {}),
        name=params["name"],
        package_dimensions=None,
        shippable=None,
        statement_descriptor=None,
        tax_code=params.get("tax_code"),
        type="service",
        unit_label=None,
        updated=account.now(),
        url=None,
    )
    if identity:
        account.tables["product"][identity] = account.tables["product"].pop(record["id"])
        record["id"] = identity
    account.emit("product.created", record)
    return record


def create_price(account: Account, params: dict[str, Any]) -> Record:
    """Make a monthly price of a product."""
    account.get("product", params["product"], "product")
    key = params.get("lookup_key")
    if key and account.all("price", lookup_key=key):
        raise wrong(f"A price ({key}) already uses that lookup key.", "lookup_key", "parameter_invalid")
    amount = int(params["unit_amount"])
    record = account.add(
        "price",
        active=True,
        billing_scheme="per_unit",
        created=account.now(),
        currency=params["currency"],
        custom_unit_amount=None,
        lookup_key=key,
        metadata=params.get("metadata", {}),
        nickname=params.get("nickname"),
        product=params["product"],
        recurring={
            "interval": params["recurring"]["interval"],
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        tax_behavior=params.get("tax_behavior", "unspecified"),
        tiers_mode=None,
        transform_quantity=None,
        type="recurring",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    account.emit("price.created", record)
    return record


def list_prices(account: Account, params: dict[str, Any]) -> list[Record]:
    """Return prices, of these lookup keys when there are any."""
    keys = params.get("lookup_keys")
    return [
        price
        for price in account.all("price")
        if (not keys or price["lookup_key"] in keys) and str(price["active"]).lower() != "false"
    ]
