"""The process that `bench_refresh` measures: a worker that refreshes registrations, without its broker.

Started with DATABASE_URL of a database made for it; `python -m bench.refresh_process PORT COUNT`. For each
line on standard input it refreshes every registration once at 127.0.0.1:PORT and prints one line of JSON: how
many are registered, and the CPU and wall seconds of this process that it took.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.db.models import F  # noqa: E402 (models need the set-up)
from django.utils import timezone  # noqa: E402 (as above)

from tenants.context import platform_context  # noqa: E402 (as above)
from tenants.keys import seal_for  # noqa: E402 (as above)
from tenants.models import Tenant  # noqa: E402 (as above)
from trunks.bindings import registrar  # noqa: E402 (as above)
from trunks.models import DigestCredential, Registration, RegistrationStatus, Trunk  # noqa: E402 (as above)

EXPIRES_S = 3600


def main(port: int, count: int) -> None:
    """Serve measurements until the input ends."""
    make_registrations(port, count)
    engine = registrar.engine()
    for _line in sys.stdin:
        make_due()
        gc.collect()
        cpu, wall = time.process_time(), time.monotonic()
        claimed = 0
        while claimed < count:
            claimed += registrar.refresh_due(engine, longest_s=0.0)
        spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
        print(json.dumps({"registered": registered(), **spent}), flush=True)


def make_registrations(port: int, count: int) -> None:
    """Put in trunks that register, ten to a tenant, with the passwords of tests/peers/registrar.cfg."""
    with platform_context("fill for a measurement"):
        tenants = [Tenant(name=f"Tenant {n}", slug=f"t{n}") for n in range(max(1, count // 10))]
        Tenant.objects.bulk_create(tenants)
        for start in range(0, count, 1000):
            _make_some(port, tenants, range(start, min(count, start + 1000)))


def _make_some(port: int, tenants: list[Tenant], numbers: range) -> None:
    trunks = [Trunk(tenant=tenants[n % len(tenants)], name=f"Trunk {n}") for n in numbers]
    Trunk.objects.bulk_create(trunks)
    registrations, credentials, statuses = [], [], []
    for trunk, number in zip(trunks, numbers, strict=True):
        owned = {"tenant": trunk.tenant, "trunk": trunk}
        credential = DigestCredential(
            **owned,
            username=f"u{number}",
            direction="outbound",
            bound_hosts=["127.0.0.1"],
        )
        credential.secret = seal_for(credential, "secret", f"secret of u{number}")
        registration = Registration(
            **owned,
            registrar=f"sip:127.0.0.1:{port}",
            host="127.0.0.1",
            transport="udp",
            username=f"u{number}",
            credential=credential,
            expires_s=EXPIRES_S,
        )
        status = RegistrationStatus(
            tenant=trunk.tenant,
            registration=registration,
            call_id=uuid.uuid4().hex,
            from_tag=uuid.uuid4().hex[:10],
        )
        credentials.append(credential)
        registrations.append(registration)
        statuses.append(status)
    DigestCredential.objects.bulk_create(credentials)
    Registration.objects.bulk_create(registrations)
    RegistrationStatus.objects.bulk_create(statuses)


def make_due() -> None:
    """Let every registration be due now."""
    with platform_context("make due for a measurement"):
        RegistrationStatus.objects.update(next_attempt_at=timezone.now(), has_slot=False)


def registered() -> int:
    """How many bindings this round has made or refreshed."""
    with platform_context("count for a measurement"):
        fresh = RegistrationStatus.objects.filter(state="registered", next_attempt_at__gt=timezone.now())
        return fresh.filter(expires_at__gt=F("next_attempt_at")).count()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
