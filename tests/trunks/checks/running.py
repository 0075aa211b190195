"""Runs queued checks in this process, against carriers on loopback."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.checks.runs import CheckRunner
from trunks.models import ReadinessCheck, Trunk
from trunks.models.checks import OPEN_STATES

PATIENCE_S = 120.0


@contextmanager
def running() -> Iterator[CheckRunner]:
    """A runner of this process's own."""
    runner = CheckRunner()
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def ask(person: Person, trunk: Trunk, **options: object) -> ReadinessCheck:
    """Ask for a check as this person."""
    with tenant_context(person.tenant):
        return services.start_check(
            tenant=person.tenant,
            actor=person.actor,
            trunk=trunk,
            **options,  # type: ignore[arg-type]  # whatever a test asks for
        )


def stored(person: Person, check_id: uuid.UUID) -> ReadinessCheck:
    """Return a check as it stands in the database."""
    with tenant_context(person.tenant):
        return ReadinessCheck.objects.get(pk=check_id)


def ended(person: Person, check_id: uuid.UUID) -> ReadinessCheck:
    """Wait for the end of a check."""
    deadline = time.monotonic() + PATIENCE_S
    while (check := stored(person, check_id)).state in OPEN_STATES:
        assert time.monotonic() < deadline, f"still {check.state}: {check.steps}"
        time.sleep(0.05)
    return check


def report_of(person: Person, trunk: Trunk, **options: object) -> ReadinessCheck:
    """Ask for a check, run it here, and return it."""
    check = ask(person, trunk, **options)
    with running() as runner:
        assert runner.run_due() == 1
        return ended(person, check.pk)


def results(check: ReadinessCheck) -> dict[str, tuple[str, str | None]]:
    """Result and cause of each step."""
    return {step["name"]: (step["result"], step["cause"]) for step in check.steps}
