"""Subscription schedules, as far as a change of price at the end of a period needs them."""

from typing import Any

from callsphere.local.doubles.stripe.account import Account, Record, shown
from callsphere.local.doubles.stripe.faults import wrong


def create_schedule(account: Account, params: dict[str, Any]) -> Record:
    """Put a subscription under a schedule whose first phase is the period that it is in."""
    subscription = account.get("subscription", params["from_subscription"], "from_subscription")
    if subscription["schedule"]:
        raise wrong(
            "You cannot migrate a subscription that is already attached to a schedule.",
            "from_subscription",
            "parameter_invalid",
        )
    item = subscription["items"]["data"][0]
    start, stop = item["current_period_start"], item["current_period_end"]
    schedule = account.add(
        "subscription_schedule",
        application=None,
        billing_mode=subscription["billing_mode"],
        canceled_at=None,
        completed_at=None,
        created=account.now(),
        current_phase={"end_date": stop, "start_date": start},
        customer=subscription["customer"],
        default_settings={"collection_method": "charge_automatically"},
        end_behavior="release",
        metadata={},
        pause_schedules=[],
        phases=[_phase(item["price"]["id"], start, stop)],
        released_at=None,
        released_subscription=None,
        status="active",
        subscription=subscription["id"],
        test_clock=None,
    )
    subscription["schedule"] = schedule["id"]
    account.emit("subscription_schedule.created", schedule)
    account.emit("customer.subscription.updated", subscription, {"schedule": None})
    return schedule


def update_schedule(account: Account, identity: str, params: dict[str, Any]) -> Record:
    """Set the phases: the running one first, each of the others from the end of the one before."""
    schedule = account.get("subscription_schedule", identity)
    if schedule["status"] != "active":
        raise wrong("You cannot update a schedule that is over.", "id", "parameter_invalid")
    current = schedule["current_phase"]
    phases: list[Record] = []
    for number, wanted in enumerate(params["phases"]):
        price = account.get("price", wanted["items"][0]["price"], f"phases[{number}][items][0][price]")
        start = int(wanted.get("start_date", phases[-1]["end_date"] if phases else current["start_date"]))
        if number == 0 and start != current["start_date"]:
            raise wrong("The current phase keeps its start.", "phases[0][start_date]", "parameter_invalid")
        stop = wanted.get("end_date")
        if stop is None and number + 1 < len(params["phases"]):
            raise wrong("Give every phase but the last an end.", "phases", "parameter_invalid")
        phases.append(_phase(price["id"], start, int(stop) if stop else None))
    schedule["phases"] = phases
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    account.emit("subscription_schedule.updated", shown(schedule))
    return schedule


def _phase(price: str, start: int, stop: int | None) -> Record:
    return {
        "add_invoice_items": [],
        "currency": "usd",
        "discounts": [],
        "end_date": stop,
        "items": [{"price": price, "quantity": 1, "discounts": [], "metadata": {}, "tax_rates": []}],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": start,
        "trial_end": None,
    }
