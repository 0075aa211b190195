"""Looks that nobody waits for keep to a stated pace; what somebody waits for does not wait for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tests.trunks.provisioning.conftest import Plant
from trunks import services
from trunks.models import TrunkProvision
from trunks.provisioning.claims import REQUESTS_PER_LOOK, claim_trunk, let_go
from trunks.provisioning.settling import EVERY, SPREAD
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(plant: Plant) -> datetime:
    """Six trunks that are due, none awaited; return a time at which they are."""
    row = plant.ready()
    for index in range(5):
        trunk = plant.make_trunk(f"Line {index}")
        plant.do(services.set_up_provision, trunk=trunk, kind="byoc")
    at = database_now() + timedelta(hours=2)
    with tenant_context(plant.person.tenant):
        TrunkProvision.objects.update(is_awaited=False, is_set_up=True, due_at=row.due_at)
    return at


def claims(at: datetime) -> int:
    """Claim what may be claimed at one moment, and hold nothing; return how much that was."""
    count = 0
    while (row := claim_trunk(at)) is not None:
        let_go(row)
        count += 1
    return count


def test_looks_are_as_many_as_the_rate_allows(due: datetime, settings: Any) -> None:
    settings.TWILIO_SWEEP_RATE = REQUESTS_PER_LOOK  # one look a second
    told = [claims(due + timedelta(seconds=second)) for second in (0, 0.5, 1, 2, 2.5, 60)]
    assert told == [1, 0, 1, 1, 0, 3]


def test_what_somebody_waits_for_is_not_slowed(due: datetime, settings: Any) -> None:
    settings.TWILIO_SWEEP_RATE = 1
    assert claims(due) == 1
    with platform_context("wait for all"):
        TrunkProvision.objects.filter(due_at__lte=due).update(is_awaited=True)
    assert claims(due) == 5


def test_looks_spread_over_the_hour(plant: Plant) -> None:
    row = plant.ready()
    waits = []
    for _ in range(4):
        assert row.due_at is not None
        at = row.due_at
        reconcile_due(partial(_at, at))
        row = plant.row
        assert row.due_at is not None
        waits.append(row.due_at - at)

    assert all(EVERY * (1 - SPREAD) <= each <= EVERY for each in waits)
    assert len(set(waits)) == 4


def _at(moment: datetime) -> datetime:
    return moment
