"""A registrar is asked at its pace, for bindings to be made and to be taken away alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.bindings.claims import claim_due
from trunks.bindings.farewells import claim_farewells
from trunks.bindings.pace import forget_idle_hosts
from trunks.models import RegistrarPace, RegistrationFarewell, RegistrationStatus

HOST = "sip.carrier.example"
RATE = 2.0


def leave(person: Person, count: int, *, now: datetime, host: str = HOST) -> None:
    """Leave bindings at a registrar that are to be taken away."""
    with tenant_context(person.tenant):
        RegistrationFarewell.objects.bulk_create(
            RegistrationFarewell(
                tenant=person.tenant,
                registrar=f"sip:{host}",
                username=f"line{place}",
                contact=f"sip:line{place}@192.0.2.1",
                call_id=f"call{place}",
                from_tag="tag",
                cseq=1,
                expires_at=now + timedelta(hours=1),
                next_attempt_at=now,
            )
            for place in range(count)
        )


def times(now: datetime) -> list[float]:
    """When what is not taken up comes next, in seconds from now."""
    with platform_context("test"):
        rows = RegistrationFarewell.objects.filter(has_slot=True).order_by("next_attempt_at")
        return [(row.next_attempt_at - now).total_seconds() for row in rows]


def test_farewells_keep_to_the_pace(alice: Person) -> None:
    now = timezone.now()
    leave(alice, 6, now=now)
    assert len(claim_farewells(now, 10, rate=RATE)) == 3
    assert times(now) == [1.5, 2.0, 2.5]
    assert claim_farewells(now + timedelta(seconds=1), 10, rate=RATE) == []
    soon = now + timedelta(seconds=2.5)
    assert [claim.attempt for claim in claim_farewells(soon, 10, rate=RATE)] == [1, 1, 1]
    assert times(now) == []


def test_a_time_that_passed_long_ago_is_taken_anew(alice: Person) -> None:
    now = timezone.now()
    leave(alice, 20, now=now)
    claim_farewells(now, 20, rate=RATE)
    later = now + timedelta(seconds=60)
    assert len(claim_farewells(later, 20, rate=RATE)) == 3


def test_registrars_do_not_wait_for_each_other(alice: Person) -> None:
    now = timezone.now()
    leave(alice, 3, now=now)
    leave(alice, 3, now=now, host="SIP.other.example")
    leave(alice, 3, now=now, host="sip.other.example")
    assert len(claim_farewells(now, 10, rate=RATE)) == 6
    assert times(now) == [1.5, 2.0, 2.5]


def test_registrations_wait_for_the_farewells_before_them(alice: Person) -> None:
    with tenant_context(alice.tenant):
        services.add_registration(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=make_trunk(alice),
            registrar=f"sip:{HOST}",
            username="clinic",
        )
    now = timezone.now()
    leave(alice, 6, now=now)
    claim_farewells(now, 10, rate=RATE)
    assert claim_due(now, 10, rate=RATE) == []
    with platform_context("test"):
        status = RegistrationStatus.objects.get()
    assert (status.has_slot, (status.next_attempt_at or now) - now) == (True, timedelta(seconds=3))
    assert len(claim_due(now + timedelta(seconds=3), 10, rate=RATE)) == 1


def test_farewells_wait_for_the_registrations_before_them(alice: Person) -> None:
    with tenant_context(alice.tenant):
        for name in ("Reception", "Ward", "Pharmacy"):
            services.add_registration(
                tenant=alice.tenant,
                actor=alice.actor,
                trunk=make_trunk(alice, name=name),
                registrar=f"sip:{HOST}",
                username=name.lower(),
            )
    now = timezone.now()
    assert len(claim_due(now, 10, rate=RATE)) == 3
    leave(alice, 1, now=now)
    assert claim_farewells(now, 10, rate=RATE) == []
    assert times(now) == [1.5]


def test_without_a_pace_all_go_at_once(alice: Person) -> None:
    now = timezone.now()
    leave(alice, 50, now=now)
    assert len(claim_farewells(now, 50, rate=0)) == 50


def test_hosts_that_nobody_asks_are_forgotten(alice: Person) -> None:
    now = timezone.now()
    leave(alice, 1, now=now, host="old.carrier.example")
    claim_farewells(now, 10, rate=RATE)
    later = now + timedelta(days=2)
    with platform_context("test"):
        RegistrationFarewell.objects.all().delete()
        RegistrarPace.objects.create(host=HOST, free_at=later)

    forget_idle_hosts(later)

    with platform_context("test"):
        assert [pace.host for pace in RegistrarPace.objects.all()] == [HOST]
