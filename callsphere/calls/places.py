"""What a call is on: read with one statement, written out since an event is to cost little more than its row.

The statements run as the tenant: the database's policies leave out what is not its own.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from callsphere.calls.dialled import numbers_meant
from callsphere.calls.models import CallEvent
from callsphere.calls.proving import Prover
from tenants.context import run_in_tenant
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES

# The columns of each: the place's id, a text of its own, whether calls may be taken there, and whether the
# account still has the token that proved the request.
_PLACE = """
    SELECT place.id, place.{text},
           {may_take} AND tenant.is_active AND tenant.read_only_reason = '' AS may_take,
           EXISTS (SELECT FROM trunks_provideraccount AS account
                   WHERE account.tenant_id = place.tenant_id AND account.sid = %s AND account.auth_token = %s)
           AS is_proven
    FROM {table} AS place JOIN tenants_tenant AS tenant ON tenant.id = place.tenant_id
    WHERE place.id = %s
"""
_NUMBER = _PLACE.format(table="trunks_phonenumber", text="state", may_take="true")
# Stores an event where the place is the tenant's and the token holds, and returns the place as above
# (callsphere/calls/migrations/0009_store_event.py).
_STORED = "SELECT * FROM calls_store_event(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_TRUNK = _PLACE.format(table="trunks_trunk", text="home_country", may_take="place.is_enabled")


@dataclass(frozen=True, slots=True)
class Called:
    """Number and trunk that a call is on, one of them at least; whether calls may be taken there.

    `number_state` is empty where no number is. `is_proven`: the account still has the prover's token.
    """

    number_id: uuid.UUID | None
    number_state: str
    trunk_id: uuid.UUID | None
    may_take: bool
    is_proven: bool


def find_number(number_id: uuid.UUID, prover: Prover) -> Called | None:
    """Return a number of the tenant's, as bought ones are called. Call it inside the tenant's context."""
    row = _read(_NUMBER, number_id, prover)
    if row is None:
        return None
    pk, state, may_take, is_proven = row
    return Called(pk, state, None, may_take, is_proven)


def store_on_number(number_id: uuid.UUID, prover: Prover, event: CallEvent) -> Called | None:
    """Store what was told of a call to a number of the tenant's, unless it is known, in one round trip.

    Nothing is stored where the number is not the tenant's (None) or `is_proven` is false. Call it outside any
    context.
    """
    values = [
        *(prover.account_sid, prover.sealed, number_id, event.pk, prover.tenant.pk, event.kind),
        *(event.call_sid, event.root_sid, event.subject, event.sequence_number, event.call_status),
        json.dumps(event.payload),
    ]
    rows = run_in_tenant(prover.tenant.pk, _STORED, values)
    if not rows:
        return None
    pk, state, may_take, is_proven = rows[0]
    return Called(pk, state, None, may_take, is_proven)


def find_trunk(trunk_id: uuid.UUID, to: str, prover: Prover) -> Called | None:
    """Return a trunk of the tenant's with the number on it that is called (`to`), if it is one.

    Call it inside the tenant's context.
    """
    row = _read(_TRUNK, trunk_id, prover)
    if row is None:
        return None
    pk, home_country, may_take, is_proven = row
    number = _number_on(trunk_id, numbers_meant(to, home_country))
    if number is None:
        return Called(None, "", pk, may_take, is_proven)
    return Called(number.pk, number.state, pk, may_take, is_proven)


def _read(statement: str, place_id: uuid.UUID, prover: Prover) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, [prover.account_sid, prover.sealed, place_id])
        return cursor.fetchone()


def _number_on(trunk_id: uuid.UUID, meant: set[str]) -> PhoneNumber | None:
    if not meant:
        return None
    on_trunk = PhoneNumber.objects.filter(trunk_id=trunk_id, number__in=meant)
    return on_trunk.exclude(state__in=OVER_STATES).first()
