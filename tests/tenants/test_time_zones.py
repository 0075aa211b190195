"""Names of time zones, the days of one, and pages by an organisation's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import AuditEvent, Tenant
from tenants.time_zones import first_moment, known_zones, moment_after, validate_time_zone, zone_choices
from tests.conftest import Person
from tests.tenants.web.conftest import url


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Asia/Calcutta"])
def test_names_that_are_zones(name: str) -> None:
    validate_time_zone(name)
    assert name in known_zones()


@pytest.mark.parametrize("name", ["", "localtime", "Factory", "EST", "Europe/Atlantis", "../etc/passwd"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValidationError, match="such as America/New_York"):
        validate_time_zone(name)


def test_what_is_stored_is_offered() -> None:
    offered = [value for value, _ in zone_choices("Etc/GMT+5")]
    assert {"Etc/GMT+5", "UTC", "Europe/Berlin"} <= set(offered)
    assert offered == sorted(offered)
    assert "Etc/GMT+5" not in [value for value, _ in zone_choices()]


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        # clocks in Cairo skip the midnight with which this day would begin
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC), 23),
        ("Asia/Kolkata", date(2026, 6, 1), datetime(2026, 5, 31, 18, 30, tzinfo=UTC), 24),
    ],
)
def test_days_have_23_to_25_hours(zone: str, day: date, begins: datetime, hours: int) -> None:
    first, after = first_moment(day, ZoneInfo(zone)), moment_after(day, ZoneInfo(zone))
    assert first.astimezone(UTC) == begins
    assert after.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_overflow_nothing(day: date) -> None:
    for name in ("Pacific/Kiritimati", "Pacific/Niue"):
        zone = ZoneInfo(name)
        assert first_moment(day, zone).astimezone(UTC) <= moment_after(day, zone).astimezone(UTC)


def test_every_zone_is_known_to_the_database(alice: Person) -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    with tenant_context(alice.tenant):
        for name in sorted(known_zones()):
            rows = Tenant.objects.extra(
                select={"local": "%s::timestamptz AT TIME ZONE %s"}, select_params=[moment, name]
            ).values_list("local", flat=True)
            assert list(rows) == [moment.astimezone(ZoneInfo(name)).replace(tzinfo=None)], name


def test_the_database_wants_a_zone(alice: Person) -> None:
    with (
        tenant_context(alice.tenant),
        pytest.raises(IntegrityError, match="tenant_time_zone_given"),
        transaction.atomic(),
    ):
        Tenant.objects.update(time_zone="")


def test_pages_write_times_by_the_organisations_clock(alice: Person) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(time_zone="America/New_York", created_at=datetime(2026, 1, 2, 3, tzinfo=UTC))

    html = alice.client().get(url("settings", alice.tenant)).content.decode()

    assert 'title="1 Jan 2026, 22:00:00 EST"' in html
    assert timezone.get_current_timezone_name() == "UTC"
    assert alice.api("tenant:read").get("/api/v1/tenant/").json()["created_at"] == "2026-01-02T03:00:00Z"


def test_the_audit_logs_days_are_the_organisations(alice: Person) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(time_zone="America/New_York")
        made = AuditEvent.objects.get(verb="tenant.created").created_at
    day = made.astimezone(ZoneInfo("America/New_York")).date()

    def lines(since: date, until: date) -> int:
        asked = {"since": since.isoformat(), "until": until.isoformat()}
        return len(alice.client().get(url("audit", alice.tenant), asked).context["lines"])

    before, after = day - timedelta(days=1), day + timedelta(days=1)
    assert [lines(before, before), lines(day, day) > 0, lines(after, after)] == [0, True, 0]


def test_a_zone_that_this_machine_does_not_know_counts_as_utc(alice: Person) -> None:
    alice.tenant.time_zone = "America/Atlantis"
    assert str(alice.tenant.zone) == "UTC"
