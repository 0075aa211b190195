"""Looks at what Twilio has of a trunk, and does what was asked for, step by step.

Nothing there knows transactions, so each step looks before it acts, and yields after each act that lasts. A
worker may die at any of these points: the next one that claims the row begins at the top and finds what is
done. What is stored at the end is compared with the trunk as it is then: its edits wait for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tenants.audit import record_event
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.enums import ProvisionTask
from trunks.models import TrunkProvision
from trunks.numbers.accounts import Clock, open_account
from trunks.numbers.jobs import store
from trunks.provisioning.differences import Choice, Difference, compare, fingerprint_of
from trunks.provisioning.putting import put_right
from trunks.provisioning.removing import take_away
from trunks.provisioning.settling import put_passwords, settle
from trunks.provisioning.wanted import Wanted
from trunks.provisioning.work import RECONCILER, PlanBlocked, PlanChanged, Work

SETTLED_AFTER = timedelta(minutes=2)
"""How long something whose answer never came may still appear."""


def reconcile(row: TrunkProvision, clock: Clock) -> Iterator[str]:
    """Do what a claimed row asks for. Yields after each act that lasts, there or here.

    Raises TwilioError, AccountMissing, NameTaken, PlanChanged, and Overtaken.
    """
    with tenant_context(Tenant(pk=row.tenant_id)):
        tenant = Tenant.objects.get(pk=row.tenant_id)
        work = Work(row, tenant, open_account(tenant), clock, dict(row.put_passwords))
    if row.task == ProvisionTask.REMOVE:
        yield from _remove(work)
    elif row.task == ProvisionTask.UNDO:
        yield from _undo(work)
    elif row.task == ProvisionTask.APPLY:
        yield from _apply(work)
    else:
        settle(work, work.look(work.wanted()))
        yield "looked"


def _apply(work: Work) -> Iterator[str]:
    row, wanted = work.row, work.wanted()
    seen = work.look(wanted)
    found = compare(wanted, seen, row.put_passwords)
    refusal = _refusal(row, wanted, found)
    if refusal is not None:
        settle(work, seen, failure=refusal)
        yield "refused"
        return
    with tenant_context(work.tenant):
        store(row, begun_fingerprint=wanted.fingerprint)
    yield "begun"
    choice = Choice(frozenset(row.chosen_keys))
    yield from put_right(work.account, wanted, seen, found, choice, work.note_write)
    work.passwords |= put_passwords(wanted, found, choice)
    settle(work, work.look(wanted), applied=wanted if choice.is_everything else None)
    yield "applied"


def _refusal(row: TrunkProvision, wanted: Wanted, found: list[Difference]) -> Exception | None:
    """Return why this may not be put: nobody looked at it. Raises PlanChanged once something was put."""
    if row.begun_fingerprint:
        if wanted.fingerprint != row.begun_fingerprint:
            raise PlanChanged
        return None
    blocking = [each.text for each in wanted.notes if each.is_blocking]
    if blocking:
        return PlanBlocked(" ".join(blocking))
    return None if fingerprint_of(found) == row.plan_fingerprint else PlanChanged()


def _undo(work: Work) -> Iterator[str]:
    """Leave nothing of a first set-up that failed. The error stays, for people to read."""
    yield from take_away(work.account, work.owner, work.note_removal)
    if is_settled(work):
        work.passwords = {}
        settle(work, work.look(work.wanted()), is_undone=True)
        yield "undone"


def _remove(work: Work) -> Iterator[str]:
    """Leave nothing of a trunk that was deleted, or is no longer to be at Twilio; then forget it."""
    yield from take_away(work.account, work.owner, work.note_removal)
    if is_settled(work):
        with tenant_context(work.tenant):
            row = work.locked()
            record_event(tenant=work.tenant, actor=RECONCILER, verb="provision.removed", obj=row)
            row.delete()
        yield "forgotten"


def is_settled(work: Work) -> bool:
    """Whether nothing can appear any more that an earlier attempt asked for; else look again later."""
    if work.row.unsure_at is None or work.clock() >= work.row.unsure_at + SETTLED_AFTER:
        return True
    with tenant_context(work.tenant):
        store(work.row, due_at=work.row.unsure_at + SETTLED_AFTER)
    return False
