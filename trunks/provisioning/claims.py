"""Whose turn it is: one trunk of an account at a time, and looks that nobody waits for at a stated pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet

from tenants.context import platform_context
from trunks.enums import AccountStatus
from trunks.models import ProviderAccount, TrunkProvision
from trunks.numbers.jobs import LEASE

REQUESTS_PER_LOOK = 10
"""Requests that a look takes at most: five lists, and five more for what is in them."""
BURST = timedelta(seconds=2)
"""How much of the pace may be made up for at once, as much as passes between two ticks."""

_TAKE_TURN = """
INSERT INTO trunks_providerpace AS pace (name, free_at) VALUES ('twilio', %(now)s + %(step)s)
ON CONFLICT (name) DO UPDATE SET free_at = greatest(pace.free_at, %(now)s - %(burst)s) + %(step)s
WHERE pace.free_at <= %(now)s
RETURNING name
"""


def claim_trunk(now: datetime) -> TrunkProvision | None:
    """Lend the trunk that waited longest, with its account, or return None; others skip both meanwhile.

    What somebody waits for comes first. Anything else has to wait for its turn, of which there are as many as
    TWILIO_SWEEP_RATE allows, over all accounts and workers together.
    """
    with platform_context("claim a trunk at the provider"):
        row = _due(now).filter(is_awaited=True).first()
        if row is None:
            row = _due(now).filter(is_awaited=False).first()
            if row is None or not _take_turn(now):
                return None
        row.claim, row.attempts, row.due_at = row.claim + 1, row.attempts + 1, now + LEASE
        row.save(update_fields=["claim", "attempts", "due_at"])
        row.account.held_until = now + LEASE
        row.account.save(update_fields=["held_until"])
    return row


def let_go(row: TrunkProvision) -> None:
    """Let others have the account, unless they have it already."""
    with platform_context("let go of a provider account"):
        mine = ProviderAccount.objects.filter(pk=row.account_id, held_until=row.account.held_until)
        mine.update(held_until=None)


def _due(now: datetime) -> QuerySet[TrunkProvision]:
    """Return what is due in accounts that can be asked, and that nobody asks now."""
    rows: QuerySet[Any] = TrunkProvision.objects.select_related("account")
    ready = {
        "account__status": AccountStatus.ACTIVE,
        "account__wanted": AccountStatus.ACTIVE,
    }
    is_free = Q(account__held_until=None) | Q(account__held_until__lte=now)
    due = rows.filter(is_free, due_at__lte=now, **ready).exclude(account__key_sid="")
    return due.order_by(F("due_at")).select_for_update(skip_locked=True, of=("self", "account"))


def _take_turn(now: datetime) -> bool:
    step = timedelta(seconds=REQUESTS_PER_LOOK / settings.TWILIO_SWEEP_RATE)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"now": now, "step": step, "burst": BURST}
        cursor.execute(_TAKE_TURN, values)
        return cursor.fetchone() is not None
