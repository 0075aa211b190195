"""The tenant's subaccount at the provider: made when it is wanted first, suspended and closed as it is told.

`want_account` is how the apps above say what should be; a worker sees to it. What a step has made is found
again by our own name for it, so that a worker which dies between making and storing leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from callsphere.providers.twilio import accounts
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.accounts import Subaccount
from callsphere.providers.twilio.client import parent_account
from tenants.audit import Actor, record_event, record_events
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.keys import reveal, seal_for
from tenants.models import Tenant, TenantRoute
from tenants.tokens import hash_token
from trunks.enums import AccountStatus, BusinessState, JobState, NumberSource, NumberState
from trunks.models import NumberJob, PhoneNumber, ProviderAccount
from trunks.models.numbers import OPEN_JOBS, OVER_STATES
from trunks.numbers.jobs import make_due, store, wake_provisioning
from trunks.provider_side import account_is_gone

KEY_NAME = "callsphere"
NUMBERS = Actor.system("phone numbers")
_CLOSED = "The account that held the number was closed."
_NOT_OPEN = {
    AccountStatus.SUSPENDED: "Your account for phone numbers is suspended.",
    AccountStatus.CLOSED: "Your account for phone numbers is closed.",
}

UNREAD: dict[str, Any] = {
    "business_state": BusinessState.UNKNOWN,
    "business_error": "",
    "calls_at_once": None,
    "business_read_at": None,
    "business_due_at": None,
}

Clock = Callable[[], datetime]


class AccountMissing(Exception):
    """There is no account to work with now. `str()` says why, for people; `code` is for programs."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(why or "Your account for phone numbers is being set up.")
        self.code = code or "account_not_ready"


def account_name(tenant: Tenant) -> str:
    """Return our name for a tenant's subaccount, by which it is found."""
    return f"callsphere {tenant.pk}"


def want_account(tenant: Tenant, wanted: AccountStatus) -> None:
    """Have the tenant's account be active, suspended or closed, if there is one. Lock the tenant first.

    Closing releases every bought number. Call it inside the tenant's context.
    """
    account = ProviderAccount.objects.select_for_update().filter(tenant=tenant).first()
    if account is None or account.wanted == wanted:
        return
    make_due(ProviderAccount, account.pk, database_now(), wanted=wanted)
    wake_provisioning()


def ensure_account(tenant: Tenant) -> ProviderAccount:
    """Return the tenant's account as stored, to be made if there is none. Lock the tenant first."""
    account, _is_new = ProviderAccount.objects.get_or_create(
        tenant=tenant, defaults={"due_at": database_now()}
    )
    if account.error_code:  # somebody wants it now: no use in waiting as long as after many failures
        make_due(ProviderAccount, account.pk, database_now())
    return account


def find_tenant_of_account(sid: str) -> Tenant | None:
    """Return whose account it is, by its id alone; None for one that is nobody's, or closed.

    Call it outside any context.
    """
    route = TenantRoute.objects.filter(hash=hash_token(sid), kind=RouteKind.PROVIDER_ACCOUNT).first()
    return None if route is None else Tenant(pk=route.tenant_id)


def open_account(tenant: Tenant) -> TwilioAccount:
    """Return the account opened by its key. Call it inside the tenant's context. Raises AccountMissing."""
    row = ProviderAccount.objects.filter(tenant=tenant).first()
    if row is None:
        raise AccountMissing("", "")
    if not row.is_ready:
        raise AccountMissing(row.error or _NOT_OPEN.get(AccountStatus(row.wanted), ""), row.error_code)
    return TwilioAccount(row.sid, row.key_sid, reveal(row, "key_secret"))


def follow_account(row: ProviderAccount, clock: Clock) -> Iterator[str]:
    """Make a claimed account what it should be. Yields after each act that lasts, there or here.

    Raises TwilioError, AccountMissing when nothing is configured, and Overtaken.
    """
    parent = parent_account()
    if parent is None:
        raise AccountMissing("No Twilio account is configured on this installation.", "no_provider")
    tenant = Tenant(pk=row.tenant_id)
    if row.wanted == AccountStatus.CLOSED:
        yield from _close(parent, tenant, row, clock)
        return
    if not row.sid:
        made = accounts.find_or_create_subaccount(parent, name=account_name(tenant))
        yield "account made"
        _keep_account(tenant, row, made)
        yield "account kept"
    if row.status != row.wanted:
        set_status = (
            accounts.activate_subaccount
            if row.wanted == AccountStatus.ACTIVE
            else accounts.suspend_subaccount
        )
        set_status(parent, row.sid)
        yield f"account {row.wanted}"
    if row.wanted == AccountStatus.ACTIVE and not row.key_sid:
        yield from _make_key(tenant, row)
    with tenant_context(tenant):
        due = {"business_due_at": clock()} if row.wanted == AccountStatus.ACTIVE else {}
        store(row, status=row.wanted, due_at=None, attempts=0, error="", error_code="", **due)
    yield "account followed"


def _keep_account(tenant: Tenant, row: ProviderAccount, made: Subaccount) -> None:
    with tenant_context(tenant):
        tenant = Tenant.objects.get(pk=tenant.pk)
        store(row, sid=made.sid, auth_token=seal_for(row, "auth_token", made.auth_token), status=made.status)
        route = {"kind": RouteKind.PROVIDER_ACCOUNT, "tenant": tenant}
        TenantRoute.objects.update_or_create(hash=hash_token(made.sid), defaults=route)
        record_event(tenant=tenant, actor=NUMBERS, verb="provider_account.made", obj=row)


def _make_key(tenant: Tenant, row: ProviderAccount) -> Iterator[str]:
    """A key's secret is told once: one that nobody stored is replaced by the next."""
    with tenant_context(tenant):
        opened = TwilioAccount.with_token(row.sid, reveal(row, "auth_token"))
    key = accounts.create_key(opened, name=KEY_NAME)
    yield "key made"
    with tenant_context(tenant):
        store(row, key_sid=key.key_sid, key_secret=seal_for(row, "key_secret", key.key_secret))
    yield "key kept"


def _close(parent: TwilioAccount, tenant: Tenant, row: ProviderAccount, clock: Clock) -> Iterator[str]:
    # One that was made and not stored is found by its name.
    found = None if row.sid else accounts.find_subaccount(parent, name=account_name(tenant))
    sid = row.sid or (found.sid if found else "")
    if sid:
        accounts.close_subaccount(parent, sid)
        yield "account closed"
    _forget_account(tenant, row, clock())
    yield "account forgotten"


def _forget_account(tenant: Tenant, row: ProviderAccount, now: datetime) -> None:
    empty = {"sid": "", "auth_token": "", "key_sid": "", "key_secret": "", "status": AccountStatus.CLOSED}
    gone = {**empty, **UNREAD}
    with tenant_context(tenant):
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        record_event(tenant=tenant, actor=NUMBERS, verb="provider_account.closed", obj=row)
        TenantRoute.objects.filter(hash=hash_token(row.sid)).delete()
        store(row, due_at=None, attempts=0, error="", error_code="", **gone)
        account_is_gone(tenant)
        bought = PhoneNumber.objects.filter(tenant=tenant, source=NumberSource.BOUGHT)
        held = list(bought.exclude(state__in=OVER_STATES).select_for_update())
        # A worker that is about to store something finds that its job has ended.
        jobs = NumberJob.objects.filter(tenant=tenant, phone_number__in=held, state__in=OPEN_JOBS)
        jobs.update(state=JobState.FAILED, due_at=None, ended_at=now, error=_CLOSED, error_code="closed")
        PhoneNumber.objects.filter(pk__in=[each.pk for each in held]).update(
            state=NumberState.RELEASED, over_at=now, error=_CLOSED
        )
        record_events(actor=NUMBERS, verb="phone_number.released", objects=held)
