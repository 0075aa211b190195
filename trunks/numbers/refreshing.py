"""Keeping fresh what others decide of bought numbers: read once a day for each account, and when asked.

An account is read in a few requests however many numbers it has, and only what changed is written. Numbers
that were bought before the business profile was handed in are put on it here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from callsphere.lib.errors import Refused
from callsphere.providers.twilio import messaging, numbers, trust
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.messaging import MessagingState
from callsphere.providers.twilio.numbers import NumberUrls, OwnedNumber
from callsphere.providers.twilio.trust import TrustState
from tenants.audit import Actor, differences, record_event, snapshot
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.services.editing import lock_tenant, locked
from trunks.enums import Attestation, NumberSource, NumberState, PaperState
from trunks.models import EmergencyAddress, NumberRefresh, PhoneNumber
from trunks.numbers.accounts import NUMBERS, AccountMissing, Clock, open_account
from trunks.numbers.intake import voice_urls
from trunks.numbers.jobs import make_due, put_off, store, wake_provisioning
from trunks.numbers.saga import emergency_state, expected_attestation
from trunks.requests import AskedTooOften, check_rate

EVERY = timedelta(days=1)
LOOKS_A_MINUTE = 3
SPREAD = 0.1
GONE = "The operator does not have this number in your account any more. Ask support."
_FIELDS = (
    *("has_voice", "has_sms", "has_mms", "attestation", "emergency_state"),
    *("messaging_state", "messaging_detail", "error"),
)
_VERB = "phone_number.look_requested"
_random = secrets.SystemRandom()


class LookedTooOften(AskedTooOften):
    """Numbers are looked at a few times a minute at most."""

    code = "looked_too_often"
    words = "This number was just looked at."


@dataclass(frozen=True, slots=True)
class Findings:
    """What an account has, by the ids of its numbers."""

    owned: Mapping[str, OwnedNumber]
    trust: TrustState
    on_profile: frozenset[str]
    on_product: frozenset[str]
    messages: Mapping[str, MessagingState]


def look_again(*, tenant: Tenant, actor: Actor, number: PhoneNumber) -> None:
    """Have the tenant's bought numbers looked at within seconds.

    Raises LookedTooOften, and Refused for a number that is not active or was not bought here.
    """
    with transaction.atomic():
        lock_tenant(tenant)
        row = locked(PhoneNumber, tenant, number.pk)
        if row.source != NumberSource.BOUGHT or row.state != NumberState.ACTIVE:
            raise Refused("Only active numbers that were bought here are looked at.", code="not_looked_at")
        check_rate(tenant, row, _VERB, LOOKS_A_MINUTE, LookedTooOften)
        record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row)
        refresh, _is_new = NumberRefresh.objects.get_or_create(tenant=tenant)
        make_due(NumberRefresh, refresh.pk, database_now())
        wake_provisioning()


def plan_refreshes(clock: Clock = database_now) -> int:
    """Have every tenant with a bought number looked at within a day; return for how many that is new."""
    now, planned = clock(), 0
    with platform_context("plan looks at numbers"):
        bought = PhoneNumber.objects.filter(source=NumberSource.BOUGHT, state=NumberState.ACTIVE)
        waiting = NumberRefresh.objects.filter(due_at__isnull=False).values("tenant")
        tenants = bought.exclude(tenant__in=waiting).values_list("tenant", flat=True).order_by().distinct()
        for tenant_id in tenants:
            due_at = now + EVERY * _random.random()
            values = {"due_at": due_at}
            NumberRefresh.objects.update_or_create(tenant_id=tenant_id, defaults=values)
            planned += 1
    return planned


def do_refresh(row: NumberRefresh, clock: Clock) -> None:
    """Look at a tenant's numbers, and store what changed. Raises TwilioError, AccountMissing, Overtaken."""
    with tenant_context(Tenant(pk=row.tenant_id)):
        tenant = Tenant.objects.get(pk=row.tenant_id)
        active = {number.provider_sid: voice_urls(number) for number in _active(tenant)}
        if not active:
            store(row, due_at=None, attempts=0, error="", error_code="")
            return
        account = open_account(tenant)
    found = _read(account, active)
    with tenant_context(tenant):
        # One that was bought since the account was read is not gone: nobody has looked at it yet.
        for number in _active(tenant).filter(provider_sid__in=active).select_for_update():
            _store_findings(tenant, number, found)
        now = clock()
        next_at = now + EVERY * _random.uniform(1 - SPREAD, 1 + SPREAD)
        store(row, looked_at=now, due_at=next_at, attempts=0, error="", error_code="")


def store_failed_refresh(row: NumberRefresh, error: Exception, words: str, code: str, clock: Clock) -> None:
    """Put a look off: for a day without an account. Call it inside the tenant's context. Raises Overtaken."""
    if isinstance(error, AccountMissing):
        store(row, due_at=clock() + EVERY, attempts=0, error=words, error_code=code)
    else:
        put_off(row, clock(), words, code, error)


def _active(tenant: Tenant) -> Any:
    rows = PhoneNumber.objects.filter(tenant=tenant, source=NumberSource.BOUGHT, state=NumberState.ACTIVE)
    return rows.order_by("pk")


def _read(account: TwilioAccount, active: Mapping[str, NumberUrls]) -> Findings:
    state = trust.read_trust_state(account)
    owned = {each.sid: each for each in numbers.list_numbers(account)}
    wanted = [sid for sid in active if sid in owned]
    for sid in wanted:
        # those that were bought before texts were taken tell nobody of them; no request where all is well
        if owned[sid].urls.sms != active[sid].sms and not owned[sid].trunk_sid:
            owned[sid] = numbers.set_number_urls(account, sid, active[sid])
    on_profile = on_product = frozenset[str]()
    if state.business is not None:
        there = trust.list_profile_numbers(account, state.business.sid)
        for sid in wanted:
            if sid not in there:
                trust.assign_number_to_profile(account, state.business.sid, sid)
        on_profile = frozenset({*there, *wanted})
        if state.shaken is not None:
            there = trust.list_product_numbers(account, state.shaken.sid)
            for sid in wanted:
                if sid not in there:
                    trust.assign_number_to_product(account, state.shaken.sid, sid)
            on_product = frozenset({*there, *wanted})
    return Findings(owned, state, on_profile, on_product, messaging.read_messaging_states(account))


def _store_findings(tenant: Tenant, number: PhoneNumber, found: Findings) -> None:
    before = snapshot(number, _FIELDS)
    sid = number.provider_sid
    owned = found.owned.get(sid)
    if owned is None:
        number.error = GONE
    else:
        registered = found.messages.get(sid, messaging.UNREGISTERED)
        number.has_voice, number.has_sms, number.has_mms = owned.voice, owned.sms, owned.mms
        number.attestation = _attestation(sid, found)
        number.emergency_state = _emergency(number, owned)
        number.messaging_state, number.messaging_detail = PaperState(registered.state), registered.reason
        number.error = ""
    changes = differences(before, snapshot(number, _FIELDS))
    if changes:
        number.save()
        verb = "phone_number.changed_outside"
        record_event(tenant=tenant, actor=NUMBERS, verb=verb, obj=number, changes=changes)


def _emergency(number: PhoneNumber, owned: OwnedNumber) -> PaperState:
    """An address that was refused stays refused until another one is entered."""
    state = emergency_state(owned)
    is_told = number.emergency_state in (PaperState.FAILED, PaperState.PENDING)
    has_row = is_told and EmergencyAddress.objects.filter(phone_number=number).exists()
    return PaperState(number.emergency_state) if has_row and state == PaperState.NONE else state


def _attestation(sid: str, found: Findings) -> Attestation:
    expected = expected_attestation(found.trust)
    if expected == Attestation.FULL and sid not in found.on_product:
        expected = Attestation.PARTIAL
    if expected == Attestation.PARTIAL and sid not in found.on_profile:
        return Attestation.GATEWAY
    return expected
