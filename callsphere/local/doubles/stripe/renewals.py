"""What time brings to a subscription: a warning, the trial's end, a renewal, another price, the end."""

from __future__ import annotations

from callsphere.local.doubles.stripe.account import Account, Record, shown
from callsphere.local.doubles.stripe.calendar import DAY, month_after
from callsphere.local.doubles.stripe.customers import card_of
from callsphere.local.doubles.stripe.invoices import Line, make_invoice
from callsphere.local.doubles.stripe.subscriptions import (
    end,
    note_payment,
    release,
    set_price,
    tell,
    text_of,
)

TRIAL_WARNING = 3 * DAY


def next_moment(record: Record) -> int | None:
    """Return when something happens next to a subscription by itself."""
    if record["status"] == "trialing":
        warning = record["trial_end"] - TRIAL_WARNING
        return warning if record.get("_warned_of") != record["trial_end"] else int(record["trial_end"])
    if record["status"] in ("active", "past_due"):
        return int(record["items"]["data"][0]["current_period_end"])
    return None


def bring_on(account: Account, record: Record) -> None:
    """Let that happen which `next_moment` named."""
    if record["status"] == "trialing" and record.get("_warned_of") != record["trial_end"]:
        record["_warned_of"] = record["trial_end"]
        account.emit("customer.subscription.trial_will_end", record)
    elif record["cancel_at_period_end"]:
        end(account, record, "cancellation_requested")
    elif record["status"] == "trialing":
        _end_trial(account, record)
    else:
        _renew(account, record, record["status"])


def _end_trial(account: Account, record: Record) -> None:
    missing = record["trial_settings"]["end_behavior"]["missing_payment_method"]
    if card_of(account, record) is not None or missing == "create_invoice":
        _renew(account, record, "active")
    elif missing == "pause":
        before = shown(record)
        record["status"] = "paused"
        tell(account, record, before)
        account.emit("customer.subscription.paused", record)
    else:
        end(account, record, "payment_failed")


def _renew(account: Account, record: Record, status: str) -> None:
    before = shown(record)
    item = record["items"]["data"][0]
    start = item["current_period_end"]
    _begin_next_phase(account, record, start)
    price = item["price"]
    item["current_period_start"] = start
    item["current_period_end"] = month_after(start, record["billing_cycle_anchor"])
    record["status"] = status
    tell(account, record, before)
    line = Line(price, price["unit_amount"], start, item["current_period_end"], text_of(account, price))
    note_payment(account, make_invoice(account, record, [line], "subscription_cycle"))


def _begin_next_phase(account: Account, record: Record, moment: int) -> None:
    if not record["schedule"]:
        return
    schedule = account.get("subscription_schedule", record["schedule"])
    begun = [phase for phase in schedule["phases"] if phase["start_date"] <= moment]
    if begun and begun[-1] is not schedule["phases"][0]:
        price = account.get("price", begun[-1]["items"][0]["price"])
        set_price(record, price)
        # The last phase has begun: as `end_behavior` release says, the subscription goes on by itself.
        release(account, schedule)
