"""The worker of phone numbers: claims what is due, does it outside any transaction, stores how it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from callsphere.providers.twilio.errors import TwilioError
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.enums import JobState, NumberJobKind
from trunks.models import (
    EmergencyAddress,
    NumberJob,
    NumberRefresh,
    NumberSearch,
    NumberVerification,
    ProviderAccount,
)
from trunks.models.numbers import LONGEST_ERROR
from trunks.numbers.accounts import AccountMissing, Clock, follow_account
from trunks.numbers.business import read_one_business
from trunks.numbers.emergencies import do_emergency_address, store_failed_emergency_address
from trunks.numbers.jobs import Overtaken, claim_next, put_off, store
from trunks.numbers.refreshing import do_refresh, store_failed_refresh
from trunks.numbers.saga import NumberTaken, do_job, end_purchase
from trunks.numbers.search import do_search, store_failed_search
from trunks.numbers.verifying import VerificationFailed, do_verification, store_failed_verification

log = structlog.get_logger(__name__)
BATCH = 50
PATIENCE = timedelta(minutes=10)
"""How long a purchase is tried that somebody waits for."""
_EXPECTED = (TwilioError, AccountMissing, NumberTaken, VerificationFailed)

Claimed = EmergencyAddress | NumberJob | NumberRefresh | NumberSearch | NumberVerification | ProviderAccount


class FaultOfOurs(Exception):
    """Something that nobody foresaw; the log has it."""

    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side. It is tried again.")


def provision_due(clock: Clock = database_now) -> int:
    """Do what is due; return how much that was. Any number of these may run at once."""
    count = _do_awaited(clock)
    for _turn in range(BATCH):
        done = sum(do_one(clock) for do_one in UNAWAITED)
        if not done:
            break
        count += done + _do_awaited(clock)
    return count


def _do_awaited(clock: Clock) -> int:
    return sum(_do_all(do_one, clock) for do_one in AWAITED)


def _do_all(do_one: Callable[[Clock], bool], clock: Clock) -> int:
    count = 0
    while count < BATCH and do_one(clock):
        count += 1
    return count


def do_one_search(clock: Clock) -> bool:
    """Do the search that is due first; return whether there was one."""
    row = claim_next(NumberSearch, clock())
    if row is None:
        return False
    try:
        do_search(row, clock)
    except Overtaken:
        log.info("number_search_overtaken", search_id=str(row.pk))
    except _EXPECTED as error:
        _store_failure(row, error, clock)
    except Exception:
        log.exception("number_search_broke", search_id=str(row.pk))
        _store_failure(row, FaultOfOurs(), clock)
    return True


def do_one_verification(clock: Clock) -> bool:
    """Place or watch the call that is due first; return whether there was one."""
    row = claim_next(NumberVerification, clock())
    if row is None:
        return False
    try:
        do_verification(row, clock)
    except Overtaken:
        log.info("number_verification_overtaken", verification_id=str(row.pk))
    except _EXPECTED as error:
        _store_failure(row, error, clock)
    except Exception:
        log.exception("number_verification_broke", verification_id=str(row.pk))
        _store_failure(row, FaultOfOurs(), clock)
    return True


def do_one_refresh(clock: Clock) -> bool:
    """Look at the numbers of the tenant who is due first; return whether there was one."""
    row = claim_next(NumberRefresh, clock())
    if row is None:
        return False
    try:
        do_refresh(row, clock)
    except Overtaken:
        log.info("number_refresh_overtaken", tenant_id=str(row.tenant_id))
    except _EXPECTED as error:
        _store_failure(row, error, clock)
    except Exception:
        log.exception("number_refresh_broke", tenant_id=str(row.tenant_id))
        _store_failure(row, FaultOfOurs(), clock)
    return True


def do_one_emergency(clock: Clock) -> bool:
    """Register the emergency address that is due first; return whether there was one."""
    row = claim_next(EmergencyAddress, clock())
    if row is None:
        return False
    try:
        do_emergency_address(row, clock)
    except Overtaken:
        log.info("emergency_address_overtaken", row_id=str(row.pk))
    except _EXPECTED as error:
        _store_failure(row, error, clock)
    except Exception:
        log.exception("emergency_address_broke", row_id=str(row.pk))
        _store_failure(row, FaultOfOurs(), clock)
    return True


def do_one_account(clock: Clock) -> bool:
    """See to the account that is due first; return whether there was one."""
    row = claim_next(ProviderAccount, clock())
    if row is None:
        return False
    try:
        for step in follow_account(row, clock):
            log.info("provider_account_step", tenant_id=str(row.tenant_id), step=step)
    except Overtaken:
        log.info("provider_account_overtaken", tenant_id=str(row.tenant_id))
    except _EXPECTED as error:
        _store_failure(row, error, clock)
    except Exception:
        # One that we cannot see to must not hold up the others.
        log.exception("provider_account_broke", tenant_id=str(row.tenant_id))
        _store_failure(row, FaultOfOurs(), clock)
    return True


def do_one_job(clock: Clock) -> bool:
    """Do the job that is due first; return whether there was one."""
    job = claim_next(NumberJob, clock())
    if job is None:
        return False
    try:
        for step in do_job(job, clock):
            log.info("number_job_step", job_id=str(job.pk), step=step)
    except Overtaken:
        log.info("number_job_overtaken", job_id=str(job.pk))
    except _EXPECTED as error:
        _store_failure(job, error, clock)
    except Exception:
        log.exception("number_job_broke", job_id=str(job.pk))
        _store_failure(job, FaultOfOurs(), clock)
    return True


def _store_failure(row: Claimed, error: Exception, clock: Clock) -> None:
    """Put the work off, or give a purchase up."""
    words, code = _told(error)
    log.warning("provisioning_failed", row_id=str(row.pk), error=code, detail=getattr(error, "detail", ""))
    try:
        with tenant_context(Tenant(pk=row.tenant_id)):
            if isinstance(row, NumberSearch):
                store_failed_search(row, error, words, code, clock)
            elif isinstance(row, EmergencyAddress):
                store_failed_emergency_address(row, error, words, code, clock)
            elif isinstance(row, NumberRefresh):
                store_failed_refresh(row, error, words, code, clock)
            elif isinstance(row, NumberVerification):
                store_failed_verification(row, error, words, code, clock)
            elif isinstance(row, NumberJob) and _is_over(row, error, clock):
                _give_up(row, clock, words, code)
            else:
                _put_off(row, error, clock, words, code)
    except Overtaken:
        log.info("provisioning_overtaken", row_id=str(row.pk))


def _give_up(job: NumberJob, clock: Clock, words: str, code: str) -> None:
    """End a purchase of which nothing can be left; have one undone of which something may."""
    tenant = Tenant.objects.get(pk=job.tenant_id)
    job.phone_number.refresh_from_db()
    if job.unsure_at is None and not job.phone_number.provider_sid:
        end_purchase(tenant, job, clock, words, code)
    else:
        store(job, state=JobState.UNDOING, due_at=clock(), attempts=0, error=words, error_code=code)


def _is_over(job: NumberJob, error: Exception, clock: Clock) -> bool:
    """Whether a purchase has failed for good. A release, and what is to be undone, never has."""
    if job.kind != NumberJobKind.BUY or job.state == JobState.UNDOING:
        return False
    if isinstance(error, NumberTaken) or (isinstance(error, TwilioError) and not error.retryable):
        return True
    return clock() >= job.created_at + PATIENCE


def _put_off(row: NumberJob | ProviderAccount, error: Exception, clock: Clock, words: str, code: str) -> None:
    if isinstance(row, NumberJob) and row.state == JobState.UNDOING:
        words, code = row.error, row.error_code  # why it is undone
    put_off(row, clock(), words, code, error)


def _told(error: Exception) -> tuple[str, str]:
    """Return what people are told of an error, and its code."""
    code = error.problem.name if isinstance(error, TwilioError) else getattr(error, "code", "internal_error")
    return str(error)[:LONGEST_ERROR], code


# What somebody waits for, accounts before the jobs that need them.
AWAITED = (
    do_one_search,
    do_one_account,
    do_one_job,
    do_one_verification,
    do_one_emergency,
)
# What nobody waits for: one at a time, each followed by what somebody began to wait for meanwhile.
UNAWAITED = (do_one_refresh, read_one_business)
