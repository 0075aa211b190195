"""What a tenant may do: worked out of its plan and of what is paid, written to its columns when that changes.

The limits and the read-only mark are columns of the tenant, so that the apps below enforce them without
knowing of plans. Only differences from what was written last are written: room that support gave by hand
stays until the plan changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.enums import LIVING, OVER, OVERDUE, Stage, Status
from billing.models import LIMIT_FIELDS, Plan, Subscription
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.services import update_tenant

GRACE = timedelta(days=7)
"""How long everything goes on after a payment failed."""
HOLD = timedelta(days=30)
"""How long numbers are kept after a tenant became read-only."""
WARNING = timedelta(days=3)
"""How long before they are released somebody is told once more."""
BILLING = Actor.system("billing")


def plan_in_force(subscription: Subscription, now: datetime) -> Plan | None:
    """Return the plan whose limits hold: the larger of the bought and the given one."""
    bought = subscription.plan if subscription.status in LIVING else None
    plans = [plan for plan in (bought, comped_plan(subscription, now)) if plan is not None]
    return max(plans, key=lambda plan: plan.number_limit, default=None)


def comped_plan(subscription: Subscription, now: datetime) -> Plan | None:
    """Return the plan that support gave, while it lasts."""
    until = subscription.comped_until
    return subscription.comped_plan if until is None or until > now else None


def move_on(subscription: Subscription, now: datetime) -> Stage:
    """Let the subscription's stage follow its status and the time; return the stage that it was in."""
    before = Stage(subscription.stage)
    if comped_plan(subscription, now) is not None or not _is_in_trouble(subscription):
        subscription.grace_until = subscription.release_at = None
        subscription.stage = Stage.FINE
    else:
        _set_deadlines(subscription, now)
        subscription.stage = _stage_at(subscription, now)
    subscription.look_at = next_look(subscription, now)
    return before


def next_look(subscription: Subscription, now: datetime) -> datetime | None:
    """Return the next moment at which time alone changes something, or somebody is to be told."""
    moments = [subscription.grace_until, subscription.release_at, subscription.comped_until]
    if subscription.release_at is not None:
        moments.append(subscription.release_at - WARNING)
    if subscription.status == Status.TRIALING and subscription.trial_end is not None:
        moments += [subscription.trial_end - timedelta(days=days) for days in (3, 1)]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def apply_entitlement(tenant: Tenant, subscription: Subscription, now: datetime) -> bool:
    """Write to the tenant what differs from what was written last; return whether anything did.

    The tenant is locked by the caller. The subscription's `entitled` is set, and saved by the caller.
    """
    if (
        not subscription.entitled
        and plan_in_force(subscription, now) is None
        and not _is_in_trouble(subscription)
    ):
        return False  # looked at plans and chose none: what it has, it keeps
    wanted = entitlement(subscription, now)
    changes = {name: value for name, value in wanted.items() if subscription.entitled.get(name) != value}
    if not changes:
        return False
    columns: dict[str, Any] = dict(changes)
    if columns.get("numbers_held_until"):
        columns["numbers_held_until"] = subscription.release_at
    update_tenant(
        tenant=tenant, actor=BILLING, expected_version=None, reason=_reason(subscription), **columns
    )
    subscription.entitled = wanted
    return True


def entitlement(subscription: Subscription, now: datetime) -> dict[str, Any]:
    """Return the tenant's columns as they should be, in what JSON can hold."""
    limits = _limits(subscription, now)
    held = subscription.release_at if subscription.stage == Stage.READ_ONLY else None
    return {
        **limits,
        "read_only_reason": _read_only_reason(subscription),
        "billing_alert": _alert(subscription),
        "numbers_held_until": held.isoformat() if held else None,
    }


def _limits(subscription: Subscription, now: datetime) -> dict[str, int]:
    plan = plan_in_force(subscription, now)
    if plan is None and subscription.status in OVER and subscription.stage != Stage.RELEASED:
        plan = subscription.plan  # what is there is kept until it is released; nothing can be added
    limits = plan.limits if plan else _limits_without_plan()
    coming = subscription.next_plan
    if plan is not None and coming is not None and plan == subscription.plan:
        # What the smaller plan has no room for must not be added on the way to it.
        limits = {name: min(value, coming.limits[name]) for name, value in limits.items()}
    if subscription.stage == Stage.RELEASED:
        limits["number_limit"] = 0
    return limits


def _limits_without_plan() -> dict[str, int]:
    untouched = Tenant()
    return {name: getattr(untouched, name) for name in LIMIT_FIELDS}


def _is_in_trouble(subscription: Subscription) -> bool:
    return subscription.status in OVERDUE or subscription.status in OVER


def _set_deadlines(subscription: Subscription, now: datetime) -> None:
    """Set each deadline once: support may have moved it, and a second look must not start it anew."""
    if subscription.status in OVERDUE:
        subscription.grace_until = subscription.grace_until or now + GRACE
    elif subscription.grace_until is None or subscription.grace_until > now:
        # What is over has no grace. It may have ended long ago, under a plan that support gave until now.
        subscription.grace_until = now
    subscription.release_at = subscription.release_at or subscription.grace_until + HOLD


def _stage_at(subscription: Subscription, now: datetime) -> Stage:
    if subscription.grace_until is not None and now < subscription.grace_until:
        return Stage.GRACE
    if subscription.release_at is not None and now < subscription.release_at:
        return Stage.READ_ONLY
    return Stage.RELEASED


def _read_only_reason(subscription: Subscription) -> str:
    if subscription.stage not in (Stage.READ_ONLY, Stage.RELEASED):
        return ""
    if subscription.status in OVERDUE:
        return "The last payment failed. Pay on the page Billing, or ask an owner to."
    if subscription.had_trial and subscription.trial_end == subscription.ended_at:
        return "The trial has ended. Choose a plan on the page Billing, or ask an owner to."
    return "The plan has ended. Choose a plan on the page Billing, or ask an owner to."


def _alert(subscription: Subscription) -> str:
    if subscription.stage == Stage.GRACE and subscription.grace_until:
        return (
            f"The last payment failed. Pay by {day(subscription.grace_until)}, or nothing can be changed any"
            " more."
        )
    if subscription.stage == Stage.READ_ONLY and subscription.release_at:
        return f"Phone numbers are kept until {day(subscription.release_at)}, and given up then."
    return ""


def day(moment: datetime) -> str:
    """Write a day as people do."""
    return f"{moment.day} {moment:%B %Y}"


def _reason(subscription: Subscription) -> str:
    return f"Plan: {subscription}"
