"""Proving an own number by a call: asked for as a row, placed and watched by a worker.

Twilio calls the number and asks for a code, which the page shows. Calls cost money and ring at people's
homes: few are placed to one number in an hour, over all tenants, and none where somebody would be sent out
or a premium is paid.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import phonenumbers
from django.core.exceptions import ValidationError
from django.db import transaction
from phonenumbers import PhoneNumberType

from callsphere.lib.errors import Refused
from callsphere.providers.twilio import caller_ids
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import parent_account
from callsphere.providers.twilio.errors import TwilioError
from callsphere.sip.check.arguments import is_emergency
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent, Tenant
from tenants.services.editing import field_error, lock_tenant, locked
from trunks.enums import AccountStatus, NumberSource, NumberState, Verification, VerificationState
from trunks.models import NumberVerification, PhoneNumber
from trunks.models.numbers import LONGEST_ERROR
from trunks.models.verifications import OPEN_VERIFICATIONS
from trunks.numbers.accounts import NUMBERS, Clock, ensure_account, open_account
from trunks.numbers.jobs import put_off, store, wake_provisioning
from trunks.numbers.services import verify_own_number

CALLS_AN_HOUR = 3
"""To one number, whoever asks."""
CALLS_A_DAY = 20
"""Of one tenant."""
ANSWER_WITHIN = timedelta(minutes=3)
"""How long somebody may take to answer and to type the code."""
PATIENCE = timedelta(minutes=2)
"""How long a call is tried to be placed that somebody waits for."""
LOOK_EVERY = timedelta(seconds=2)
KEPT = timedelta(days=30)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_VERB = "phone_number.verification_called"
_COSTLY = (PhoneNumberType.PREMIUM_RATE,)
_OF_NO_COUNTRY = "001"
_NOBODY = "Nobody typed the code in time. Have it called again when somebody is there to answer."
_LOST = "We lost track of the call. Hang up if it rings, and have it called again."
_MEANWHILE = "The number was verified or given up in the meantime."


class VerificationFailed(Exception):
    """A call that has proved nothing and is not repeated by itself."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class CalledTooOften(Refused):
    """A number was called too often; `retry_after_s` says in how many seconds it works again."""

    code = "called_too_often"

    def __init__(self, words: str, again_at: datetime, now: datetime) -> None:
        self.retry_after_s = max(1, round((again_at - now).total_seconds()))
        minutes = -(-self.retry_after_s // 60)
        super().__init__(f"{words} Try again in {minutes} minutes, or ask support to verify the number.")


def start_verification(
    *, tenant: Tenant, actor: Actor, number: PhoneNumber, extension: str = ""
) -> NumberVerification:
    """Have an own number called, so that whoever answers proves that it is the tenant's.

    Asked for twice, it is called once: the call that is under way is returned. Raises ValidationError by
    field, CalledTooOften, and Refused when the number needs no call, or may not be called.
    """
    if parent_account() is None:
        raise Refused("This installation cannot call numbers. Ask support to verify it.", code="no_provider")
    extension = extension.strip()
    if extension and not (extension.isascii() and extension.isdigit() and len(extension) <= 8):
        raise field_error("extension", "Use up to 8 digits.", "invalid_extension")
    with transaction.atomic():
        lock_tenant(tenant)
        row = locked(PhoneNumber, tenant, number.pk)
        _check_wanted(row)
        there = NumberVerification.objects.filter(phone_number=row, state__in=OPEN_VERIFICATIONS).first()
        if there is not None:
            return there
        now = database_now()
        _check_pace(tenant, row, now)
        if ensure_account(tenant).wanted != AccountStatus.ACTIVE:
            raise Refused("Your account for phone numbers is suspended. Pay first.", code="suspended")
        asked = NumberVerification.objects.create(
            tenant=tenant, phone_number=row, extension=extension, due_at=now, actor_label=actor.label[:254]
        )
        record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row)
        wake_provisioning()
    return asked


def why_not_called(number: str) -> str:
    """Return in a sentence why a number (E.164) is never called; empty when it may be."""
    parsed = phonenumbers.parse(number)
    national = str(parsed.national_number)
    if is_emergency(national):
        return "Emergency numbers are never called."
    kind, region = phonenumbers.number_type(parsed), phonenumbers.region_code_for_number(parsed)
    if kind in _COSTLY or (region == _OF_NO_COUNTRY and kind != PhoneNumberType.TOLL_FREE):
        return "Premium-rate and satellite numbers are not called: ask support to verify it."
    return ""


def do_verification(row: NumberVerification, clock: Clock) -> None:
    """Place the call, or look whether it has proved the number; store what came of it.

    Raises TwilioError, AccountMissing, VerificationFailed, and Overtaken.
    """
    with tenant_context(Tenant(pk=row.tenant_id)):
        tenant = Tenant.objects.get(pk=row.tenant_id)
        number = PhoneNumber.objects.get(pk=row.phone_number_id)
        account = open_account(tenant)
    if number.state != NumberState.UNVERIFIED:
        raise VerificationFailed(_MEANWHILE, "not_wanted")
    if row.state == VerificationState.WAITING:
        _call(row, tenant, number, account, clock)
    elif caller_ids.find_caller_id(account, number.number):
        _believe(row, tenant, number, account, clock)
    elif row.called_at is None or clock() >= row.called_at + ANSWER_WITHIN:
        raise VerificationFailed(_NOBODY, "code_not_typed")
    else:
        with tenant_context(tenant):
            store(row, due_at=clock() + LOOK_EVERY, attempts=0)


def store_failed_verification(
    row: NumberVerification, error: Exception, words: str, code: str, clock: Clock
) -> None:
    """Put a call off, or end it. Call it inside the tenant's context. Raises Overtaken."""
    is_final = isinstance(error, VerificationFailed) or (
        isinstance(error, TwilioError) and not error.retryable
    )
    is_waiting = row.state == VerificationState.WAITING
    if is_waiting and row.called_at is not None and not is_final:
        is_final, words, code = True, _LOST, "call_lost"  # it may ring, and nobody knows the code
    tried_since = row.created_at if is_waiting else row.called_at or row.created_at
    if is_final or clock() >= tried_since + (PATIENCE if is_waiting else ANSWER_WITHIN):
        ended = {"state": VerificationState.FAILED, "code": "", "due_at": None, "ended_at": clock()}
        store(row, error=words[:LONGEST_ERROR], error_code=code, **ended)
    else:
        put_off(row, clock(), words, code, error)


def forget_old_verifications(clock: Clock = database_now) -> int:
    """Delete calls that ended long ago; return how many."""
    with platform_context("forget calls that verified numbers"):
        return NumberVerification.objects.filter(ended_at__lt=clock() - KEPT).delete()[0]


def _call(
    row: NumberVerification, tenant: Tenant, number: PhoneNumber, account: TwilioAccount, clock: Clock
) -> None:
    """Place the call once: that it is placed is stored first, and one whose code was lost is not repeated."""
    if row.called_at is not None:
        raise VerificationFailed(_LOST, "call_lost")
    _check_pace_of_all(row, number.number, clock())
    caller_ids.forget_caller_id(account, number.number)  # an older proof proves nothing now
    with tenant_context(tenant):
        store(row, called_at=clock())
    try:
        call = caller_ids.call_to_verify(
            account, number.number, label=str(number.pk), extension=row.extension
        )
    except TwilioError as error:
        if not error.outcome_unknown:
            with tenant_context(tenant):
                store(row, called_at=None)
        raise
    calling = {"state": VerificationState.CALLING, "code": call.code, "due_at": clock() + LOOK_EVERY}
    with tenant_context(tenant):
        store(row, attempts=0, error="", error_code="", **calling)


def _believe(
    row: NumberVerification, tenant: Tenant, number: PhoneNumber, account: TwilioAccount, clock: Clock
) -> None:
    with tenant_context(tenant):
        try:
            verify_own_number(tenant=tenant, actor=NUMBERS, number=number, by=Verification.CALL)
            ended = {"state": VerificationState.DONE, "code": "", "due_at": None, "ended_at": clock()}
            store(row, error="", error_code="", **ended)
            return
        except ValidationError as error:
            words = " ".join(error.messages)
    caller_ids.forget_caller_id(account, number.number)
    raise VerificationFailed(words, "number_taken")


def _check_wanted(row: PhoneNumber) -> None:
    if row.is_over:
        raise Refused("This number was given up.", code="number_over")
    if row.source != NumberSource.OWN:
        raise Refused("This number was bought here: nothing is to be verified.", code="not_own")
    if row.state != NumberState.UNVERIFIED:
        raise Refused("This number is verified already.", code="verified")
    why = why_not_called(row.number)
    if why:
        raise Refused(why, code="not_callable")


def _check_pace(tenant: Tenant, row: PhoneNumber, now: datetime) -> None:
    """Count in the audit log, which outlives numbers. Lock the tenant first."""
    asked = AuditEvent.objects.filter(tenant=tenant, verb=_VERB).order_by("-created_at")
    to_it = asked.filter(object_label=row.number, created_at__gt=now - _HOUR)
    times = list(to_it.values_list("created_at", flat=True)[:CALLS_AN_HOUR])
    if len(times) == CALLS_AN_HOUR:
        raise CalledTooOften(
            f"This number was called {CALLS_AN_HOUR} times within the hour.", times[-1] + _HOUR, now
        )
    times = list(asked.filter(created_at__gt=now - _DAY).values_list("created_at", flat=True)[:CALLS_A_DAY])
    if len(times) == CALLS_A_DAY:
        raise CalledTooOften(
            f"You had numbers called {CALLS_A_DAY} times within a day.", times[-1] + _DAY, now
        )


def _check_pace_of_all(row: NumberVerification, number: str, now: datetime) -> None:
    with platform_context("count the calls to one number"):
        calls = NumberVerification.objects.filter(phone_number__number=number, called_at__gt=now - _HOUR)
        count = calls.exclude(pk=row.pk).count()
    if count >= CALLS_AN_HOUR:
        words = "This number was called several times within the hour. Try again later."
        raise VerificationFailed(words, "called_too_often")
