"""The worker of phone numbers: claims what is due, does it outside any transaction, stores how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

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
from trunks.numbers.accounts import AccountMissing, Clock, follow_account
from trunks.numbers.business import read_one_business
from trunks.numbers.emergencies import do_emergency_address, store_failed_emergency_address
from trunks.numbers.jobs import Overtaken, claim_next, put_off, store, told_error
from trunks.numbers.refreshing import do_refresh, store_failed_refresh
from trunks.numbers.saga import NumberTaken, do_job, end_purchase
from trunks.numbers.search import do_search, store_failed_search
from trunks.numbers.verifying import VerificationFailed, do_verification, store_failed_verification

log = structlog.get_logger(__name__)
BATCH = 50
PATIENCE = timedelta(minutes=10)
"""How long a purchase is tried that somebody waits for."""
_EXPECTED = (TwilioError, AccountMissing, NumberTaken, VerificationFailed)

L = TypeVar(
    "L", EmergencyAddress, NumberJob, NumberRefresh, NumberSearch, NumberVerification, ProviderAccount
)


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


def _store_failed_account(
    row: ProviderAccount, error: Exception, words: str, code: str, clock: Clock
) -> None:
    put_off(row, clock(), words, code, error)


def _store_failed_job(job: NumberJob, error: Exception, words: str, code: str, clock: Clock) -> None:
    """Put the work off, or give a purchase up."""
    if _is_over(job, error, clock):
        _give_up(job, clock, words, code)
        return
    if job.state == JobState.UNDOING:
        words, code = job.error, job.error_code  # why it is undone
    put_off(job, clock(), words, code, error)


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


@dataclass(frozen=True, slots=True)
class Kind(Generic[L]):
    """A kind of work: whose rows say that it is due, how one is done, and what is stored of a failure.

    `do` may give the steps it has done; `store_failed` is called inside the tenant's context with the error,
    what people are told of it, its code and the clock.
    """

    model: type[L]
    do: Callable[[L, Clock], Iterable[str] | None]
    store_failed: Callable[[L, Exception, str, str, Clock], None]

    def do_one(self, clock: Clock) -> bool:
        """Do what is due first; return whether there was anything."""
        row = claim_next(self.model, clock())
        if row is None:
            return False
        named = {"kind": self.model._meta.model_name, "row_id": str(row.pk)}
        try:
            for step in self.do(row, clock) or ():
                log.info("provisioning_step", step=step, **named)
        except Overtaken:
            log.info("provisioning_overtaken", **named)
        except _EXPECTED as error:
            self._fail(row, error, clock)
        except Exception:
            # One that we cannot see to must not hold up the others.
            log.exception("provisioning_broke", **named)
            self._fail(row, FaultOfOurs(), clock)
        return True

    def _fail(self, row: L, error: Exception, clock: Clock) -> None:
        words, code = told_error(error)
        detail = getattr(error, "detail", "")
        log.warning("provisioning_failed", row_id=str(row.pk), error=code, detail=detail)
        try:
            with tenant_context(Tenant(pk=row.tenant_id)):
                self.store_failed(row, error, words, code, clock)
        except Overtaken:
            log.info("provisioning_overtaken", row_id=str(row.pk))


SEARCHES = Kind(NumberSearch, do_search, store_failed_search)
ACCOUNTS = Kind(ProviderAccount, follow_account, _store_failed_account)
JOBS = Kind(NumberJob, do_job, _store_failed_job)
VERIFICATIONS = Kind(NumberVerification, do_verification, store_failed_verification)
EMERGENCIES = Kind(EmergencyAddress, do_emergency_address, store_failed_emergency_address)
REFRESHES = Kind(NumberRefresh, do_refresh, store_failed_refresh)

# What somebody waits for, accounts before the jobs that need them.
AWAITED = (
    SEARCHES.do_one,
    ACCOUNTS.do_one,
    JOBS.do_one,
    VERIFICATIONS.do_one,
    EMERGENCIES.do_one,
)
# What nobody waits for: one at a time, each followed by what somebody began to wait for meanwhile.
UNAWAITED = (REFRESHES.do_one, read_one_business)
