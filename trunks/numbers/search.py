"""Searching among the numbers for sale: asked for as a row, answered by a worker, forgotten after a day.

The account at the top is asked, so that somebody who only looks needs none of their own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.db import transaction

from callsphere.lib.errors import Refused
from callsphere.providers.twilio import numbers, regulations
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import parent_account
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.numbers import AvailableNumber
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.services.editing import check_names, field_error, lock_tenant, name_fields_of_constraints
from trunks.enums import JobState
from trunks.models import NumberSearch
from trunks.models.numbers import LONGEST_ERROR
from trunks.number_format import countries
from trunks.numbers.accounts import AccountMissing, Clock
from trunks.numbers.jobs import put_off, store, wake_provisioning

WAITING_AT_ONCE = 5
PATIENCE = timedelta(minutes=1)
"""How long a search is tried that somebody waits for."""
KEPT = timedelta(days=1)
_FIELDS = ("kind", "area_code", "contains", "needs_voice", "needs_sms", "needs_mms")
_UNASKED = {field.name for field in NumberSearch._meta.fields} - {"country", *_FIELDS}
_COUNTRIES = dict(countries())
name_fields_of_constraints({"number_search_area_code_in_america": "area_code"})


def request_search(*, tenant: Tenant, country: str, **wanted: Any) -> NumberSearch:
    """Ask for numbers for sale; a worker searches within seconds.

    `wanted` are fields of a NumberSearch: `kind`, `area_code`, `contains`, and `needs_…` of voice, sms, mms.
    Raises ValidationError by field, and Refused when nothing is sold here or too many searches wait.
    """
    check_names(wanted, _FIELDS)
    if parent_account() is None:
        raise Refused("Numbers cannot be bought on this installation.", code="no_provider")
    if country not in _COUNTRIES:
        raise field_error("country", "Choose a country by its two letters, such as DE.", "invalid_choice")
    row = NumberSearch(tenant=tenant, country=country, due_at=database_now(), **wanted)
    if row.area_code and country not in ("US", "CA"):
        words = "Only numbers of the US and Canada are searched by area code."
        raise field_error("area_code", words, "not_here")
    with transaction.atomic():
        lock_tenant(tenant)
        if NumberSearch.objects.filter(tenant=tenant, due_at__isnull=False).count() >= WAITING_AT_ONCE:
            raise Refused("Wait until your other searches have ended.", code="searching")
        row.full_clean(exclude=_UNASKED)
        row.save(force_insert=True)
        wake_provisioning()
    return row


def do_search(row: NumberSearch, clock: Clock) -> None:
    """Search, and store what was found. Raises TwilioError, AccountMissing, and Overtaken."""
    account = parent_account()
    if account is None:
        raise AccountMissing("No Twilio account is configured on this installation.", "no_provider")
    found = _found(account, row)
    needed = regulations.list_regulations(account, country=row.country, kind=cast(Any, row.kind))
    papers = [{"name": each.name, "documents": [list(group) for group in each.documents]} for each in needed]
    with tenant_context(Tenant(pk=row.tenant_id)):
        store(
            row,
            state=JobState.DONE,
            due_at=None,
            ended_at=clock(),
            error="",
            error_code="",
            found=[_shown(each) for each in found],
            regulations=papers,
        )


def store_failed_search(row: NumberSearch, error: Exception, words: str, code: str, clock: Clock) -> None:
    """Put a search off, or end it. Call it inside the tenant's context. Raises Overtaken."""
    is_final = isinstance(error, TwilioError) and not error.retryable
    if is_final or clock() >= row.created_at + PATIENCE:
        ended = {"state": JobState.FAILED, "due_at": None, "ended_at": clock()}
        store(row, error=words[:LONGEST_ERROR], error_code=code, **ended)
    else:
        put_off(row, clock(), words, code, error)


def forget_old_searches(clock: Clock = database_now) -> int:
    """Delete what was found more than a day ago; return how many searches that were."""
    with platform_context("forget searches for numbers"):
        return NumberSearch.objects.filter(ended_at__lt=clock() - KEPT).delete()[0]


def _found(account: TwilioAccount, row: NumberSearch) -> list[AvailableNumber]:
    wanted = numbers.NumberSearch(
        row.country,
        kind=cast(Any, row.kind),
        area_code=int(row.area_code) if row.area_code else None,
        contains=row.contains,
        voice=row.needs_voice,
        sms=row.needs_sms,
        mms=row.needs_mms,
    )
    try:
        return numbers.search_numbers(account, wanted)
    except TwilioError as error:
        if error.is_missing:  # none of this kind are sold there
            return []
        raise


def _shown(each: AvailableNumber) -> dict[str, Any]:
    return {
        "number": each.number,
        "country": each.country,
        "kind": each.kind,
        "locality": each.locality,
        "region": each.region,
        "address": each.address,
        "has_voice": each.voice,
        "has_sms": each.sms,
        "has_mms": each.mms,
    }
