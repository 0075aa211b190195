"""Buying and releasing a number at the provider, step by step.

Nothing there knows idempotency keys, so each step looks before it acts, and yields after each act that lasts.
A worker may die at any of these points: the next one that claims the job begins at the top and finds what is
done. A number exists once in the world, so that a purchase repeated is refused and never a second one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction

from callsphere.providers.twilio import caller_ids, messaging, numbers, trust
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.numbers import OwnedNumber
from callsphere.providers.twilio.trust import TrustState
from tenants.audit import record_event
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.enums import Attestation, JobState, NumberJobKind, NumberSource, NumberState, PaperState
from trunks.models import NumberJob, PhoneNumber, ProviderAccount
from trunks.numbers.accounts import NUMBERS, Clock, open_account
from trunks.numbers.intake import voice_urls
from trunks.numbers.jobs import store
from trunks.provider_side import number_goes

SETTLED_AFTER = timedelta(minutes=2)
"""How long a purchase whose answer never came may still appear."""
TAKEN = "Another organisation has this number. Ask support."


class NumberTaken(Exception):
    """What was bought cannot be stored as the tenant's."""

    code = "number_taken"


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed job with what it takes to do it."""

    job: NumberJob
    tenant: Tenant
    number: PhoneNumber
    account: TwilioAccount


def do_job(job: NumberJob, clock: Clock) -> Iterator[str]:
    """Do a claimed job. Yields after each act that lasts, there or here.

    Raises TwilioError, AccountMissing, NumberTaken, and Overtaken.
    """
    with tenant_context(Tenant(pk=job.tenant_id)):
        tenant = Tenant.objects.get(pk=job.tenant_id)
        number = PhoneNumber.objects.get(pk=job.phone_number_id)
        if job.kind == NumberJobKind.FORGET and not ProviderAccount.objects.exclude(sid="").exists():
            _end_job(job, clock)  # the proof went with the account
            return
        work = Work(job, tenant, number, open_account(tenant))
    if job.kind == NumberJobKind.RELEASE:
        yield from _release(work, clock)
    elif job.kind == NumberJobKind.FORGET:
        yield from _forget(work, clock)
    elif job.state == JobState.UNDOING:
        yield from _undo(work, clock)
    else:
        yield from _buy(work, clock)


def end_purchase(tenant: Tenant, job: NumberJob, clock: Clock, error: str, code: str) -> None:
    """Give a purchase up of which nothing is left. Call it inside the tenant's context. Raises Overtaken."""
    now = clock()
    store(job, state=JobState.FAILED, due_at=None, ended_at=now, error=error, error_code=code)
    number = PhoneNumber.objects.select_for_update().get(pk=job.phone_number_id)
    number.state, number.over_at, number.error, number.provider_sid = NumberState.FAILED, now, error, ""
    number.save()
    verb = "phone_number.purchase_failed"
    record_event(tenant=tenant, actor=NUMBERS, verb=verb, obj=number, reason=error)


def _buy(work: Work, clock: Clock) -> Iterator[str]:
    owned = _bought(work, clock)
    yield "bought"
    _keep(work, owned)
    yield "purchase kept"
    urls = voice_urls(work.number)
    if owned.urls != urls or owned.trunk_sid:
        owned = numbers.set_number_urls(work.account, owned.sid, urls)
        yield "pointed"
    state = trust.read_trust_state(work.account)
    yield from _assign(work.account, state, owned.sid)
    registered = messaging.read_messaging_states(work.account).get(owned.sid, messaging.UNREGISTERED)
    _finish_purchase(work, clock, expected_attestation(state), registered)
    yield "purchase finished"


def _bought(work: Work, clock: Clock) -> OwnedNumber:
    """Return the number, bought if it is not there. The attempt is noted first, as it may outlive us."""
    before = work.job.unsure_at
    _note_attempt(work, clock)
    try:
        return numbers.buy_number(
            work.account,
            work.number.number,
            label=str(work.number.pk),
            urls=voice_urls(work.number),
            address_sid=work.number.address_sid,
            bundle_sid=work.number.bundle_sid,
        )
    except TwilioError as error:
        # Our own earlier attempt may be the "somebody else" who has it.
        there = numbers.find_number(work.account, work.number.number) if before else None
        if there is not None:
            return there
        if before is None and not error.outcome_unknown:
            with tenant_context(work.tenant):
                store(work.job, unsure_at=None)
        raise


def _note_attempt(work: Work, clock: Clock) -> None:
    with tenant_context(work.tenant):
        store(work.job, unsure_at=clock())


def _keep(work: Work, owned: OwnedNumber) -> None:
    with tenant_context(work.tenant):
        store(work.job, unsure_at=None)
        row = PhoneNumber.objects.select_for_update().get(pk=work.number.pk)
        row.provider_sid = owned.sid
        row.has_voice, row.has_sms, row.has_mms = owned.voice, owned.sms, owned.mms
        row.emergency_state = emergency_state(owned)
        row.save()


def _assign(account: TwilioAccount, state: TrustState, number_sid: str) -> Iterator[str]:
    """Put the number on the profile, and on the trust product, which takes those of the profile alone."""
    if state.business is None:
        return
    trust.assign_number_to_profile(account, state.business.sid, number_sid)
    yield "on the profile"
    if state.shaken is not None:
        trust.assign_number_to_product(account, state.shaken.sid, number_sid)
        yield "on the trust product"


def _finish_purchase(
    work: Work, clock: Clock, attestation: Attestation, registered: messaging.MessagingState
) -> None:
    now = clock()
    with tenant_context(work.tenant):
        store(work.job, state=JobState.DONE, due_at=None, ended_at=now, error="", error_code="")
        row = PhoneNumber.objects.select_for_update().get(pk=work.number.pk)
        row.state, row.active_at, row.attestation = NumberState.ACTIVE, now, attestation
        row.messaging_state, row.messaging_detail = PaperState(registered.state), registered.reason
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            raise NumberTaken(TAKEN) from None
        changes = {"state": [NumberState.ORDERED, NumberState.ACTIVE]}
        verb = "phone_number.bought"
        record_event(tenant=work.tenant, actor=NUMBERS, verb=verb, obj=row, changes=changes)


def _undo(work: Work, clock: Clock) -> Iterator[str]:
    """Give back what was bought. Until an attempt has settled, the number may still appear: look again."""
    owned = numbers.find_number(work.account, work.number.number)
    if owned is not None:
        yield from _give_back(work.account, owned.sid)
    settled_at = work.job.unsure_at + SETTLED_AFTER if work.job.unsure_at else clock()
    with tenant_context(work.tenant):
        if clock() < settled_at:
            store(work.job, due_at=settled_at)
        else:
            end_purchase(work.tenant, work.job, clock, work.job.error, work.job.error_code)
    yield "purchase undone"


def _release(work: Work, clock: Clock) -> Iterator[str]:
    yield from _give_back(work.account, work.number.provider_sid)
    now = clock()
    with tenant_context(work.tenant):
        _end_job(work.job, clock)
        number_goes(work.number)
        row = PhoneNumber.objects.select_for_update().get(pk=work.number.pk)
        row.state, row.over_at = NumberState.RELEASED, now
        row.save()
        record_event(tenant=work.tenant, actor=NUMBERS, verb="phone_number.released", obj=row)
    yield "release finished"


def _forget(work: Work, clock: Clock) -> Iterator[str]:
    """Have the provider take an own number for proved no more, unless it was verified again meanwhile."""
    with tenant_context(work.tenant):
        # Given up and added again, it may have been verified as another row.
        own = PhoneNumber.objects.filter(tenant=work.tenant, source=NumberSource.OWN)
        is_proved = own.filter(number=work.number.number, state=NumberState.ACTIVE).exists()
    if not is_proved:
        caller_ids.forget_caller_id(work.account, work.number.number)
        yield "proof withdrawn"
    with tenant_context(work.tenant):
        _end_job(work.job, clock)
    yield "forgotten"


def _end_job(job: NumberJob, clock: Clock) -> None:
    store(job, state=JobState.DONE, due_at=None, ended_at=clock(), error="", error_code="")


def _give_back(account: TwilioAccount, number_sid: str) -> Iterator[str]:
    """Take a number off what it is on, and release it; what is done already counts as done."""
    state = trust.read_trust_state(account)
    if state.shaken is not None:
        trust.remove_number_from_product(account, state.shaken.sid, number_sid)
        yield "off the trust product"
    if state.business is not None:
        trust.remove_number_from_profile(account, state.business.sid, number_sid)
        yield "off the profile"
    numbers.release_number(account, number_sid)
    yield "released"


def expected_attestation(state: TrustState) -> Attestation:
    """Return the level of a number that is on what the account has (ATIS-1000074 §5.2.3)."""
    if state.business is None or not state.business.is_approved:
        return Attestation.GATEWAY
    if state.shaken is None or not state.shaken.is_approved:
        return Attestation.PARTIAL
    return Attestation.FULL


def emergency_state(owned: OwnedNumber) -> PaperState:
    """Say how far the emergency address of a number is, which Twilio says in two fields."""
    status = owned.emergency_address_status
    if status == "registered":
        return PaperState.REGISTERED if owned.emergency_active else PaperState.NONE
    if status.startswith("pending"):
        return PaperState.PENDING
    return PaperState.FAILED if status.endswith("failure") else PaperState.NONE
