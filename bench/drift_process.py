"""The process of `bench_drift`: sets tenants up at the double, sweeps once, and prints what it saw as JSON.

Started with DATABASE_URL of a database made for it; the arguments are those of `sweep` as JSON.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.conf import settings  # noqa: E402 (models need the set-up)

from callsphere.local.doubles.twilio.faults import Fault  # noqa: E402 (as above)
from callsphere.local.doubles.twilio.messages import Answer, Request  # noqa: E402 (as above)
from callsphere.local.doubles.twilio.server import DoubleServer  # noqa: E402 (as above)
from callsphere.local.doubles.twilio.twilio import Twilio  # noqa: E402 (as above)
from callsphere.providers.twilio.account import DOUBLE_PREFIX  # noqa: E402 (as above)
from tenants.audit import Actor  # noqa: E402 (as above)
from tenants.clock import database_now  # noqa: E402 (as above)
from tenants.context import platform_context, tenant_context  # noqa: E402 (as above)
from tenants.models import Tenant, User  # noqa: E402 (as above)
from tenants.services import create_tenant  # noqa: E402 (as above)
from trunks import services  # noqa: E402 (as above)
from trunks.models import TrunkProvision  # noqa: E402 (as above)
from trunks.numbers.worker import provision_due  # noqa: E402 (as above)
from trunks.provisioning.worker import reconcile_due  # noqa: E402 (as above)

ACTOR = Actor.system("bench")


class CountingTwilio(Twilio):
    """The double, which counts what it is asked: reads, and everything else."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.counts: Counter[bool] = Counter()

    def take(self, request: Request) -> tuple[Answer | None, Fault | None]:
        self.counts[request.method == "GET"] += 1
        return super().take(request)


class Clock:
    """Simulated time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def start_double() -> CountingTwilio:
    """Start the double in a thread, and lead all requests there."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = f"{DOUBLE_PREFIX}{'a' * 24}", "b" * 32
    twilio = CountingTwilio(account_sid=settings.TWILIO_ACCOUNT_SID, auth_token=settings.TWILIO_AUTH_TOKEN)
    server = DoubleServer(twilio)
    settings.TWILIO_BASE_URL = server.url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return twilio


def set_up_tenants(count: int) -> None:
    """Have a trunk of each tenant at the double, with two gateways, a network and a user name."""
    owner = User.objects.create_user("bench@example.com", "correct horse battery staple")
    for index in range(count):
        tenant = create_tenant(name=f"Tenant {index}", owner=owner, actor=ACTOR)
        with tenant_context(tenant):
            _set_up(tenant)
    for work in (provision_due, reconcile_due, _apply_all, reconcile_due):
        while work():
            pass


def _set_up(tenant: Tenant) -> None:
    who: dict[str, Any] = {"tenant": tenant, "actor": ACTOR}
    trunk = services.create_trunk(**who, name="Carrier")
    for number in (1, 2):
        services.add_gateway(**who, trunk=trunk, uri=f"sip:gw{number}.carrier.example;transport=tls")
    services.add_allowed_network(**who, trunk=trunk, cidr="203.0.113.0/28")
    login: dict[str, Any] = {"username": "pbx", "secret": "Correct-Horse-7"}
    services.add_credential(**who, trunk=trunk, direction="inbound", **login)
    services.set_up_provision(**who, trunk=trunk, kind="byoc")


def _apply_all() -> int:
    with platform_context("list plans"):
        rows = list(TrunkProvision.objects.filter(state="planned").select_related("tenant"))
    for row in rows:
        with tenant_context(row.tenant):
            services.apply_plan(tenant=row.tenant, actor=ACTOR, provision=row, plan=row.plan_fingerprint)
    return len(rows)


def sweep(*, tenants: int, rate: int, tick_s: int) -> dict[str, Any]:
    """Let all be due at once, as after an outage, and tick until all were looked at."""
    settings.TWILIO_SWEEP_RATE = rate
    twilio = start_double()
    set_up_tenants(tenants)
    clock = Clock(database_now() + timedelta(hours=2))
    with platform_context("let all be due"):
        assert TrunkProvision.objects.filter(state="in_sync").update(due_at=clock.now) == tenants
    twilio.counts.clear()
    started, began = time.perf_counter(), clock.now
    asked: list[int] = []
    looked = 0
    while looked < tenants:
        before = twilio.counts.total()
        looked += reconcile_due(clock)
        asked.append(twilio.counts.total() - before)
        clock.now += timedelta(seconds=tick_s)
    real_s = time.perf_counter() - started
    ticks = 10 // tick_s
    return {
        "requests": twilio.counts.total(),
        "writes": twilio.counts[False],
        "sweep_s": (clock.now - began).total_seconds(),
        "busiest_10_s": max(sum(asked[at : at + ticks]) for at in range(len(asked))),
        "real_s": real_s,
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(sweep(**json.loads(sys.argv[1]))))
