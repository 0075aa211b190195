"""Registrations whose state a test says, as the workers would have left it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.models import Registration, RegistrationAttempt, RegistrationChange, RegistrationStatus, Trunk

REGISTRAR = "sip:registrar.example.com"
MESSAGES = [
    {"at_ms": 0, "direction": "sent", "summary": "REGISTER", "text": "REGISTER sip:x SIP/2.0"},
    {"at_ms": 12, "direction": "received", "summary": "401 Unauthorized", "text": "SIP/2.0 401 Unauthorized"},
]  # fmt: skip


def register(person: Person, trunk: Trunk, **values: Any) -> Registration:
    """Have a trunk register. Call it outside any context."""
    with tenant_context(person.tenant):
        return services.add_registration(
            tenant=person.tenant,
            actor=person.actor,
            trunk=trunk,
            **{
                "registrar": REGISTRAR,
                "username": "clinic",
                "account": {"username": "acme", "secret": "canary-secret-4711"},
                **values,
            },
        )


def became(person: Person, registration: Registration, state: str, **values: Any) -> None:
    """Let the workers have found this; a time is given in seconds from now."""
    now = timezone.now()
    given = {name: _moment(name, value, now) for name, value in values.items()}
    with tenant_context(person.tenant):
        RegistrationStatus.objects.filter(registration=registration).update(
            state=state, **{"since": now, "attempted_at": now, **given}
        )


def _moment(name: str, value: Any, now: datetime) -> Any:
    is_time = name.endswith("_at") or name == "since"
    return now + timedelta(seconds=value) if is_time and value is not None else value


def attempted(
    person: Person, registration: Registration, count: int = 1, **values: Any
) -> list[RegistrationAttempt]:
    """Let the workers have tried so often, ten seconds apart."""
    now = timezone.now()
    with tenant_context(person.tenant):
        return [
            RegistrationAttempt.objects.create(
                tenant=person.tenant,
                registration=registration,
                slot=slot,
                at=now - timedelta(seconds=10 * (count - slot)),
                **{"step": "register", "duration_ms": 24, "messages": MESSAGES, **values},
            )
            for slot in range(count)
        ]


def changed(person: Person, trunk: Trunk, *moves: tuple[str, str], **values: Any) -> list[RegistrationChange]:
    """Let the state have moved so, a minute apart."""
    now = timezone.now()
    with tenant_context(person.tenant):
        return [
            RegistrationChange.objects.create(
                tenant=person.tenant,
                trunk=trunk,
                from_state=before,
                to_state=after,
                at=now - timedelta(minutes=len(moves) - index),
                **values,
            )
            for index, (before, after) in enumerate(moves)
        ]
