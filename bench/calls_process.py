"""Fills a database with calls, reads the log as the application does, and prints what the database took."""

# ruff: noqa: E402  # models can be imported once Django is set up
from __future__ import annotations

import json
import logging
import os
import secrets
import statistics
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.db import connection

from callsphere.calls.listing import PAGE_SIZE, CallFilter, read_sip_codes, select_calls
from callsphere.lib.ids import first_uuid_of
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import Tenant, User
from tenants.services import create_tenant
from tests.calls.many import Many, fill_calls
from tests.databases import owner_connection

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PERIOD = timedelta(days=365)
_OTHERS, _SHARE = 9, 0.05
_PORTION = 250_000
_REPEATS = 21
FILTERS = {
    "calls from Berlin (1 in 500)": CallFilter(their_number="4930"),
    "outbound calls (1 in 100)": CallFilter(direction="outbound"),
    "busy calls (1 in 1,000)": CallFilter(outcome="busy"),
    "486 (1 in 1,000)": CallFilter(sip_codes=read_sip_codes("486")),
    "4xx": CallFilter(sip_codes=read_sip_codes("4xx")),
    "5xx (1 in 1,000)": CallFilter(sip_codes=read_sip_codes("5xx")),
    "talked for 590 s or more": CallFilter(shortest_s=590),
    "calls that go on": CallFilter(live=True),
    "a day half a year back": CallFilter(
        started_from=FIRST + timedelta(days=180), started_before=FIRST + timedelta(days=181)
    ),
}


def make_tenant() -> Tenant:
    """Make a tenant of nobody's."""
    owner = User.objects.create_user(f"{secrets.token_hex(4)}@example.com")
    tenant: Tenant = create_tenant(name="Bench", owner=owner, actor=Actor.system("bench"))
    return tenant


def fill(tenant: Tenant, count: int) -> None:
    """Give a tenant calls over a year."""
    portions = max(1, count // _PORTION)
    for number in range(portions):
        first, period = FIRST + PERIOD / portions * number, PERIOD / portions
        fill_calls(tenant, Many(count // portions, first, period, live=5 if number == portions - 1 else 0))


def took_ms(tenant: Tenant, which: CallFilter, **place: Any) -> float:
    """Return the milliseconds that the server takes to plan and run a page, in the median."""
    taken = []
    with tenant_context(tenant):
        rows = select_calls(tenant, which).filter(**place)[: PAGE_SIZE + 1]
        for _ in range(_REPEATS):
            plan = json.loads(rows.explain(format="json", analyze=True, timing=False))[0]
            taken.append(plan["Planning Time"] + plan["Execution Time"])
    return statistics.median(taken)


def main(count: int, deep: int) -> dict[str, float]:
    """Measure with so many calls of one tenant; `deep` is how many rows lie before the deep page."""
    busy, others = make_tenant(), [make_tenant() for _ in range(_OTHERS)]
    for tenant in others:
        fill(tenant, round(count * _SHARE))
    fill(busy, count)
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("VACUUM ANALYZE calls_call")
    place = first_uuid_of(FIRST + PERIOD * (1 - deep / count))
    found = {"first": took_ms(busy, CallFilter()), "deep": took_ms(busy, CallFilter(), id__lt=place)}
    return found | {name: took_ms(busy, which) for name, which in FILTERS.items()}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
