"""The plan that somebody pressed before they had an account: remembered until they choose one.

A cookie carries it to the sign-up. There it is stored with the account, since the mail that confirms the
address may be opened in another browser. It preselects; nothing is bought by it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from billing.models import Plan, PlanWish
from billing.queries import offered_plan
from tenants.context import platform_context
from tenants.models import User

COOKIE = "plan"
HOLDS_FOR = timedelta(days=30)


def remember_plan(response: HttpResponse, plan: Plan) -> None:
    """Have the browser remember the plan that was pressed; the last one counts."""
    response.set_cookie(
        COOKIE, plan.code, max_age=HOLDS_FOR, secure=settings.SECURE, httponly=True, samesite="Lax"
    )


def remembered_plan(request: HttpRequest) -> Plan | None:
    """Return the plan that the browser remembers, while it is offered."""
    code = request.COOKIES.get(COOKIE, "")
    return offered_plan(code) if code else None


def store_wish(*, user: User, plan: Plan | None, now: datetime) -> None:
    """Keep with a new account which plan was pressed."""
    if plan is not None:
        with platform_context("which plan somebody wants"):
            PlanWish.objects.update_or_create(user=user, defaults={"plan_code": plan.code, "created_at": now})


def wanted_plan(request: HttpRequest, user: User, now: datetime) -> Plan | None:
    """Return the plan to preselect, if any: this browser's, else the account's.

    Call it in a context that sees the person's own rows.
    """
    found = remembered_plan(request)
    if found is not None:
        return found
    wish = PlanWish.objects.filter(user=user, created_at__gt=now - HOLDS_FOR).first()
    return offered_plan(wish.plan_code) if wish is not None else None
