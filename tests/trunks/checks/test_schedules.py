"""Checks that start by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.api.conftest import errors_of
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import page, text_of
from trunks import services
from trunks.models import CheckSchedule, ReadinessCheck, Trunk
from trunks.tasks import start_scheduled_checks

pytestmark = pytest.mark.django_db


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Main line", "sip:203.0.113.5")


def set_schedule(person: Person, trunk: Trunk, **options: Any) -> CheckSchedule:
    with tenant_context(person.tenant):
        return services.set_check_schedule(
            tenant=person.tenant, actor=person.actor, trunk=trunk, **{"every_hours": 1, **options}
        )


def make_due() -> None:
    with platform_context("test"):
        CheckSchedule.objects.update(next_check_at=timezone.now() - timedelta(hours=5))


def checks() -> list[ReadinessCheck]:
    with platform_context("test"):
        return list(ReadinessCheck.objects.all())


def test_nothing_happens_by_itself(trunk: Trunk) -> None:
    start_scheduled_checks()
    assert checks() == []


def test_a_trunk_is_checked_once_an_hour(alice: Person, trunk: Trunk) -> None:
    schedule = set_schedule(alice, trunk, call="100")
    assert schedule.next_check_at > timezone.now() + timedelta(minutes=59)
    start_scheduled_checks()
    assert checks() == []
    make_due()
    start_scheduled_checks()
    start_scheduled_checks()
    (check,) = checks()
    assert (check.requested_kind, check.requested_by, check.call) == ("system", "schedule", "100")
    with tenant_context(alice.tenant):
        # Hours that were missed are not made up for.
        assert CheckSchedule.objects.get().next_check_at > timezone.now() + timedelta(minutes=59)


def test_a_trunk_that_is_being_checked_waits_for_the_next_time(alice: Person, trunk: Trunk) -> None:
    set_schedule(alice, trunk)
    with tenant_context(alice.tenant):
        services.start_check(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
    make_due()
    start_scheduled_checks()
    assert len(checks()) == 1


def test_a_disabled_trunk_and_a_customer_who_is_switched_off_are_left_alone(
    alice: Person, charlie: Person, trunk: Trunk
) -> None:
    set_schedule(alice, trunk)
    set_schedule(charlie, make_trunk(charlie, "Theirs", "sip:203.0.113.6"))
    with platform_context("test"):
        Trunk.objects.filter(pk=trunk.pk).update(is_enabled=False)
        charlie.tenant.is_active = False
        charlie.tenant.save()
    make_due()
    start_scheduled_checks()
    assert checks() == []


def test_a_carrier_that_is_checked_very_often_is_stood_back_from(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunks.checks.limits.HOST_BURST", 1)
    for name in ("One", "Two"):
        set_schedule(alice, make_trunk(alice, name, "sip:sip.example.com"))
    make_due()
    start_scheduled_checks()
    assert len(checks()) == 1
    with tenant_context(alice.tenant):
        waits = sorted(
            (each.next_check_at - timezone.now()).total_seconds() for each in CheckSchedule.objects.all()
        )
    assert 60 < waits[0] < 70
    assert waits[1] > 3500


def test_what_was_set_is_in_the_log(alice: Person, trunk: Trunk) -> None:
    set_schedule(alice, trunk, every_hours=24, call="100")
    set_schedule(alice, trunk, every_hours=24, call="100")
    with tenant_context(alice.tenant):
        services.stop_check_schedule(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        services.stop_check_schedule(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        events = AuditEvent.objects.filter(verb="trunk.check_schedule_changed").order_by("created_at")
        assert [event.changes for event in events] == [
            {
                "every_hours": [None, 24],
                "register": [None, False],
                "call": [None, "100"],
                "caller": [None, ""],
            },
            {"scheduled_checks": [True, False]},
        ]


@pytest.mark.parametrize(
    ("options", "field"),
    [({"every_hours": 0}, "every_hours"), ({"every_hours": 169}, "every_hours"), ({"call": "911"}, "call")],
)
def test_wrong_input(alice: Person, trunk: Trunk, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        set_schedule(alice, trunk, **options)
    assert list(refused.value.message_dict) == [field]


def test_the_page(alice: Person, bob: Person, trunk: Trunk) -> None:
    browser = alice.client()
    url = page("check-schedule", alice, trunk)
    assert browser.post(url, {"every_hours": "6", "call": "+14155550123", "version": 0}).status_code == 302
    with tenant_context(alice.tenant):
        schedule = CheckSchedule.objects.get()
    assert (schedule.every_hours, schedule.call) == (6, "+14155550123")
    assert "Checked every 6 hours, with a call to +14155550123" in text_of(
        browser.get(page("checks", alice, trunk)).content
    )
    assert browser.post(url, {"every_hours": "6", "call": "911", "version": 1}).status_code == 422
    assert bob.client().get(url).status_code == 403
    assert browser.post(url, {"every_hours": "", "version": 1}).status_code == 302
    with tenant_context(alice.tenant):
        assert not CheckSchedule.objects.exists()


def test_a_schedule_saved_in_another_tab_is_not_overwritten(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    url = page("check-schedule", alice, trunk)
    assert browser.post(url, {"every_hours": "6", "version": 0}).status_code == 302

    refused = browser.post(url, {"every_hours": "24", "version": 0})

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "How often", "theirs": "Every 6 hours", "yours": "Every day"}
    ]
    assert "alice@example.com changed this" in refused.content.decode()
    version = refused.context["form"]["version"].value()
    assert browser.post(url, {"every_hours": "24", "version": version}).status_code == 302
    with tenant_context(alice.tenant):
        assert CheckSchedule.objects.get().every_hours == 24


def test_stopping_is_no_way_around(alice: Person, trunk: Trunk) -> None:
    set_schedule(alice, trunk, every_hours=6)
    browser = alice.client()
    url = page("check-schedule", alice, trunk)
    assert browser.post(url, {"every_hours": "", "version": 0}).status_code == 409
    with tenant_context(alice.tenant):
        services.stop_check_schedule(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
    refused = browser.post(url, {"every_hours": "24", "version": 1})
    assert refused.context["conflict_rows"] == [
        {"label": "How often", "theirs": "Never: on request alone", "yours": "Every day"}
    ]
    with tenant_context(alice.tenant):
        assert not CheckSchedule.objects.exists()


def test_the_summary_tells_of_signing_in(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    with tenant_context(alice.tenant):
        services.add_credential(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            direction="outbound",
            username="acme",
            secret="first secret",
        )
    set_schedule(alice, trunk, every_hours=6, register=True)
    text = text_of(browser.get(page("checks", alice, trunk)).content)
    assert "Checked every 6 hours, with signing in. Next:" in text
    set_schedule(alice, trunk, every_hours=6, register=True, call="100")
    text = text_of(browser.get(page("checks", alice, trunk)).content)
    assert "Checked every 6 hours, with a call to 100 and signing in. Next:" in text


def test_the_api(alice: Person, trunk: Trunk) -> None:
    api: APIClient = alice.api()
    address = f"/api/v1/trunks/{trunk.pk}/check-schedule/"
    assert api.get(address).status_code == 404
    made = api.put(address, {"every_hours": 2, "call": "100"})
    assert made.status_code == 200
    assert api.get(address).json() == made.json()
    assert errors_of(api.put(address, {"every_hours": 200}))[0][0] == "every_hours"
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_a_scheduled_check_that_turns_bad_is_seen_on_the_trunk(alice: Person, trunk: Trunk) -> None:
    make_report(alice, trunk, kind="system", at=timezone.now() - timedelta(days=1))
    browser = alice.client()
    assert "The last scheduled check failed" not in text_of(browser.get(page("detail", alice, trunk)).content)
    make_report(alice, trunk, kind="system", hold=("fail", "hold_rejected", "488."))
    text = text_of(browser.get(page("detail", alice, trunk)).content)
    assert "The last scheduled check failed" in text
    assert "Hold worked yesterday. New: the carrier does not allow hold." in text
