"""Rows that somebody else holds: after a while the answer is 503, and nothing is stored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from rest_framework.test import APIClient

from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tenants.models import IdempotentRequest
from tests import databases
from tests.conftest import Person
from trunks.models import Trunk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["lock_timeout", "statement_timeout"])
def impatient(request: Any, alice: Person) -> None:
    """Shorten one of the limits that the login has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, '500ms', false)", [request.param])


def be_patient() -> None:
    """Undo that: on a busy machine what nobody holds may take as long."""
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
        cursor.execute("RESET statement_timeout")


@contextmanager
def held(table: str) -> Iterator[None]:
    """Let somebody else hold a whole table meanwhile."""
    with databases.owner_connection(connection.settings_dict["NAME"]) as owner, owner.transaction():
        owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def create_trunk(api: APIClient) -> Any:
    """Ask for a trunk, always with the same key."""
    return api.post("/api/v1/trunks/", {"name": "A"}, headers={"Idempotency-Key": "k"})


def check_busy(answer: Any) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:callsphere:error:busy",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "This took too long, and nothing was stored. Try again in a few seconds.",
        "errors": [],
    }


@pytest.mark.parametrize("table", ["trunks_trunk", "tenants_apikey", "tenants_auditevent"])
def test_programs_are_told_to_come_again(alice: Person, impatient: None, table: str) -> None:
    api = alice.api()
    with held(table):
        check_busy(create_trunk(api))
    be_patient()
    with tenant_context(alice.tenant):
        assert (Trunk.objects.count(), IdempotentRequest.objects.count()) == (0, 0)
    assert create_trunk(api).status_code == 201


@pytest.mark.parametrize("table", ["trunks_trunk", "tenants_membership"])
def test_people_see_a_page(alice: Person, impatient: None, table: str) -> None:
    client = alice.client()
    path = f"/t/{alice.tenant.slug}/trunks/"
    with held(table):
        answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "This took too long" in answer.content.decode()
    be_patient()
    assert client.get(path).status_code == 200


def test_the_same_request_at_once_waits_and_may_come_again(alice: Person, impatient: None) -> None:
    api = alice.api()
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    with psycopg.connect(url.geturl(), autocommit=True) as first, first.transaction(force_rollback=True):
        first.execute("SELECT set_config('app.tenant', %s, true)", [str(alice.tenant.pk)])
        first.execute(
            "INSERT INTO tenants_idempotentrequest"
            " (id, tenant_id, key, endpoint, request_hash, body, created_at)"
            " VALUES (%s, %s, 'k', '/', '', '', now())",
            [uuid7(), alice.tenant.pk],
        )
        check_busy(create_trunk(api))
    be_patient()
    assert create_trunk(api).status_code == 201
