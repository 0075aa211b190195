"""Subscriptions: started with or without a trial, changed with proration, canceled."""

from __future__ import annotations

from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record, shown
from callsphere.local.doubles.stripe.calendar import DAY, month_after
from callsphere.local.doubles.stripe.customers import card_of, pays
from callsphere.local.doubles.stripe.faults import declined, wrong
from callsphere.local.doubles.stripe.forms import is_true
from callsphere.local.doubles.stripe.invoices import Line, make_invoice, subscription_of, void


def _as_every_subscription_begins() -> dict[str, Any]:
    """What every subscription has in the beginning."""
    return {
        "application": None,
        "application_fee_percent": None,
        "billing_cycle_anchor_config": None,
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": None,
        },
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "days_until_due": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": None,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "test_clock": None,
        "transfer_data": None,
    }


def create_subscription(account: Account, params: dict[str, Any]) -> Record:
    """Start a subscription, with a trial when days are given. Raises ApiError when its first charge fails."""
    customer = account.get("customer", params["customer"], "customer")
    price = account.get("price", params["items"][0]["price"], "items[0][price]")
    now, days = account.now(), int(params.get("trial_period_days", 0))
    end = now + days * DAY if days else month_after(now, now)
    behavior = params.get("trial_settings", {}).get("end_behavior", {})
    record = account.add(
        "subscription",
        **_as_every_subscription_begins(),
        automatic_tax={
            "disabled_reason": None,
            "enabled": is_true(params.get("automatic_tax", {}).get("enabled")),
            "liability": None,
        },
        billing_cycle_anchor=end if days else now,
        created=now,
        currency=price["currency"],
        customer=customer["id"],
        default_payment_method=params.get("default_payment_method"),
        items={"object": "list", "data": [], "has_more": False, "total_count": 1},
        metadata=params.get("metadata", {}),
        start_date=now,
        status="trialing" if days else "active",
        trial_end=end if days else None,
        trial_settings={
            "end_behavior": {
                "missing_payment_method": behavior.get("missing_payment_method", "create_invoice")
            }
        },
        trial_start=now if days else None,
    )
    record["items"]["data"] = [_item(account, record, price, now, end)]
    if not days and not pays(card_of(account, record)):
        del account.tables["subscription"][record["id"]]
        raise declined()
    account.emit("customer.subscription.created", record)
    text = f"Trial period for {_name(account, price)}" if days else text_of(account, price)
    amount = 0 if days else price["unit_amount"]
    make_invoice(account, record, [Line(price, amount, now, end, text)], "subscription_create")
    return record


def update_subscription(account: Account, identity: str, params: dict[str, Any]) -> Record:
    """Change price, end of the trial, cancellation or metadata."""
    record = _living(account, identity)
    before = shown(record)
    if "cancel_at_period_end" in params:
        if record["schedule"]:
            raise wrong(
                "The subscription is managed by the subscription schedule, and updating any cancelation"
                " behavior directly is not allowed. Please update the schedule instead.",
                "cancel_at_period_end",
                "parameter_invalid",
            )
        _set_cancellation(account, record, is_true(params["cancel_at_period_end"]))
    if "trial_end" in params:
        _set_trial_end(account, record, params["trial_end"])
    if "default_payment_method" in params:
        record["default_payment_method"] = params["default_payment_method"] or None
    record["metadata"] |= params.get("metadata", {})
    if "items" in params:
        _change_price(account, record, params)
    tell(account, record, before)
    return record


def cancel_now(account: Account, identity: str) -> Record:
    """End a subscription at once; what is open of it is given up."""
    record = _living(account, identity)
    end(account, record, "cancellation_requested")
    return record


def end(account: Account, record: Record, reason: str) -> None:
    """End a subscription."""
    now = account.now()
    if record["schedule"]:
        release(account, account.get("subscription_schedule", record["schedule"]))
    record |= {
        "status": "canceled",
        "ended_at": now,
        "canceled_at": record["canceled_at"] or now,
        "cancel_at": None,
    }
    record["cancellation_details"]["reason"] = reason
    for invoice in account.all("invoice", customer=record["customer"], status="open"):
        if subscription_of(account, invoice) is record:
            void(account, invoice)
    account.emit("customer.subscription.deleted", record)


def release(account: Account, schedule: Record) -> Record:
    """Let a subscription go on without its schedule."""
    if schedule["subscription"]:
        subscription = account.get("subscription", schedule["subscription"])
        before = shown(subscription)
        subscription["schedule"] = None
        schedule |= {"released_subscription": schedule["subscription"], "subscription": None}
        tell(account, subscription, before)
    schedule |= {"status": "released", "released_at": account.now(), "current_phase": None}
    account.emit("subscription_schedule.released", schedule)
    return schedule


def note_payment(account: Account, invoice: Record) -> None:
    """Let a subscription's status follow what became of its invoice."""
    record = account.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if record["status"] not in ("active", "past_due"):
        return
    is_behind = any(
        each["parent"]["subscription_details"]["subscription"] == record["id"]
        for each in account.all("invoice", customer=record["customer"], status="open")
    )
    before = shown(record)
    record["status"] = "past_due" if is_behind else "active"
    tell(account, record, before)


def _set_cancellation(account: Account, record: Record, wanted: bool) -> None:
    record["cancel_at_period_end"] = wanted
    record["cancel_at"] = record["items"]["data"][0]["current_period_end"] if wanted else None
    record["canceled_at"] = account.now() if wanted else None
    record["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None


def _set_trial_end(account: Account, record: Record, wanted: Any) -> None:
    now = account.now()
    moment = now if wanted == "now" else int(wanted)
    if record["status"] != "trialing":
        raise wrong("The trial of this subscription is over.", "trial_end", "parameter_invalid")
    if moment < now:
        raise wrong("trial_end must be in the future.", "trial_end", "parameter_invalid")
    record["trial_end"] = record["billing_cycle_anchor"] = moment
    record["items"]["data"][0]["current_period_end"] = moment
    if record["cancel_at_period_end"]:
        record["cancel_at"] = moment


def _change_price(account: Account, record: Record, params: dict[str, Any]) -> None:
    item = record["items"]["data"][0]
    (wanted,) = params["items"]
    if wanted.get("id") != item["id"]:
        raise wrong("The stand-in keeps one item: name it by its id.", "items[0][id]", "parameter_invalid")
    old, new = item["price"], account.get("price", wanted["price"], "items[0][price]")
    if old["id"] == new["id"]:
        return
    if record["status"] == "trialing" or params.get("proration_behavior") == "none":
        set_price(record, new)
        return
    lines = _proration(account, item, old, new)
    owed = sum(line.amount for line in lines)
    if (
        owed > 0
        and params.get("payment_behavior") == "error_if_incomplete"
        and not pays(card_of(account, record))
    ):
        raise declined()
    set_price(record, new)
    note_payment(account, make_invoice(account, record, lines, "subscription_update"))


def _proration(account: Account, item: Record, old: Record, new: Record) -> list[Line]:
    now, start, stop = account.now(), item["current_period_start"], item["current_period_end"]
    left = (stop - now) / (stop - start)
    unused = f"Unused time on {_name(account, old)}"
    remaining = f"Remaining time on {_name(account, new)}"
    return [
        Line(old, -round(old["unit_amount"] * left), now, stop, unused, is_proration=True),
        Line(new, round(new["unit_amount"] * left), now, stop, remaining, is_proration=True),
    ]


def set_price(record: Record, price: Record) -> None:
    """Let the subscription's one item cost this from now on."""
    item = record["items"]["data"][0]
    item["price"] = shown(price)
    item["plan"] = _plan(price)


def _living(account: Account, identity: str) -> Record:
    record = account.get("subscription", identity)
    if record["status"] == "canceled":
        raise wrong(
            "A canceled subscription can only update its cancellation_details and metadata.",
            "id",
            "resource_missing",
        )
    return record


def tell(account: Account, record: Record, before: Record) -> None:
    """Send an event when a subscription is not what it was."""
    now = shown(record)
    changed = {name: before[name] for name in before if before[name] != now[name]}
    if changed:
        account.emit("customer.subscription.updated", record, changed)


def _item(account: Account, subscription: Record, price: Record, start: int, stop: int) -> Record:
    return {
        "id": subscription["id"].replace("sub_", "si_"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": start,
        "current_period_end": stop,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": _plan(price),
        "price": shown(price),
        "quantity": 1,
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def _plan(price: Record) -> Record:
    """Return the older shape of a price, which items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": True,
        "amount": price["unit_amount"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": 1,
        "product": price["product"],
    }


def _name(account: Account, price: Record) -> str:
    return str(account.get("product", price["product"])["name"])


def text_of(account: Account, price: Record) -> str:
    """Return a price as an invoice's line names it."""
    amount = f"{price['unit_amount'] / 100:.2f} {price['currency'].upper()}"
    return f"1 x {_name(account, price)} (at {amount} / month)"
