"""What people may do to a registration. What the workers make of it is in test_registrar.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.models import Registration, Trunk


@pytest.fixture
def registration(alice: Person, trunk: Trunk) -> Registration:
    with tenant_context(alice.tenant):
        return services.add_registration(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            registrar="sip:registrar.example.com",
            username="clinic",
        )


CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "update": (services.update_registration, {"expected_version": None, "expires_s": 600}),
    "pause": (services.pause_registration, {}),
    "resume": (services.resume_registration, {}),
    "register now": (services.register_now, {}),
    "delete": (services.delete_registration, {}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_locks_the_trunk_first(alice: Person, registration: Registration, name: str) -> None:
    """Two changes at once wait for each other, and never each for the other."""
    service, values = CHANGES[name]
    with tenant_context(alice.tenant), CaptureQueriesContext(connection) as captured:
        service(tenant=alice.tenant, actor=alice.actor, registration=registration, **values)
    locks = [each["sql"] for each in captured if "FOR NO KEY UPDATE" in each["sql"]]
    assert [sql.partition('FROM "')[2].partition('"')[0] for sql in locks][:2] == [
        "trunks_trunk",
        "trunks_registration",
    ]
