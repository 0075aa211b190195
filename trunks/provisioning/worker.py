"""The worker of trunks at Twilio: claims what is due, does it, and stores how it went."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from callsphere.providers.twilio.errors import TwilioError
from tenants.audit import record_event
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.enums import ProvisionState, ProvisionTask
from trunks.models import TrunkProvision
from trunks.numbers.accounts import AccountMissing, Clock
from trunks.numbers.jobs import Overtaken, put_off, store, told_error
from trunks.numbers.worker import FaultOfOurs
from trunks.provisioning.claims import claim_trunk, let_go
from trunks.provisioning.names import next_domain_name
from trunks.provisioning.putting import NameTaken
from trunks.provisioning.reconciling import reconcile
from trunks.provisioning.work import RECONCILER, PlanChanged

log = structlog.get_logger(__name__)
BATCH = 50
PATIENCE = timedelta(minutes=10)
"""How long applying a plan is tried that somebody waits for."""
_EXPECTED = (TwilioError, AccountMissing, NameTaken, PlanChanged)


def reconcile_due(clock: Clock = database_now) -> int:
    """Do what is due; return how much that was. Any number of these may run at once."""
    count = 0
    while count < BATCH and reconcile_one(clock):
        count += 1
    return count


def reconcile_one(clock: Clock) -> bool:
    """Do what is due first and may be asked for now; return whether there was anything."""
    row = claim_trunk(clock())
    if row is None:
        return False
    unsure_at = row.unsure_at
    try:
        for step in reconcile(row, clock):
            log.info("provision_step", trunk_id=str(row.pk), step=step)
    except Overtaken:
        log.info("provision_overtaken", trunk_id=str(row.pk))
    except _EXPECTED as error:
        _store_failure(row, error, clock, unsure_at)
    except Exception:
        # One that we cannot see to must not hold up the others.
        log.exception("provision_broke", trunk_id=str(row.pk))
        _store_failure(row, FaultOfOurs(), clock, unsure_at)
    finally:
        let_go(row)
    return True


def _store_failure(row: TrunkProvision, error: Exception, clock: Clock, unsure_at: datetime | None) -> None:
    """Put the work off, try another name, or give a plan up. `unsure_at` is as before this attempt."""
    words, code = told_error(error)
    log.warning("provision_failed", trunk_id=str(row.pk), error=code, detail=getattr(error, "detail", ""))
    try:
        with tenant_context(Tenant(pk=row.tenant_id)):
            if _is_certain(error) and row.unsure_at != unsure_at:
                store(row, unsure_at=unsure_at)  # every answer came: nothing appears any more
            if row.task != ProvisionTask.APPLY or not _is_over(row, error, clock):
                _put_off(row, error, clock(), words, code)
            elif code == "domain_taken" and (name := next_domain_name(row)):
                store(row, domain_name=name, due_at=clock())
            else:
                _give_up(row, clock(), words, code)
    except Overtaken:
        log.info("provision_overtaken", trunk_id=str(row.pk))


def _give_up(row: TrunkProvision, now: datetime, words: str, code: str) -> None:
    """Leave nothing of a first set-up; of a later plan, see what was done of it, and say why it ended."""
    values = {"due_at": now, "attempts": 0, "error": words, "error_code": code, "is_awaited": True}
    if row.is_set_up:
        store(row, task=ProvisionTask.LOOK, state=ProvisionState.FAILED, begun_fingerprint="", **values)
    else:
        store(row, task=ProvisionTask.UNDO, **values)
    tenant = Tenant.objects.get(pk=row.tenant_id)
    record_event(tenant=tenant, actor=RECONCILER, verb="provision.failed", obj=row, reason=words)


def _put_off(row: TrunkProvision, error: Exception, now: datetime, words: str, code: str) -> None:
    """Try again later. What failed and what is undone keep their reason."""
    if row.task == ProvisionTask.UNDO or row.state == ProvisionState.FAILED:
        words, code = row.error, row.error_code
    put_off(row, now, words, code, error)


def _is_over(row: TrunkProvision, error: Exception, clock: Clock) -> bool:
    """Whether applying has failed for good."""
    if isinstance(error, NameTaken | PlanChanged) or (isinstance(error, TwilioError) and not error.retryable):
        return True
    return row.requested_at is None or clock() >= row.requested_at + PATIENCE


def _is_certain(error: Exception) -> bool:
    """Whether it is known what Twilio did."""
    return (isinstance(error, TwilioError) and not error.outcome_unknown) or isinstance(error, NameTaken)
