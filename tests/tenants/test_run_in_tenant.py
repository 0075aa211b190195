"""One statement as a tenant, in one round trip."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from tenants.context import ContextError, run_in_tenant, tenant_context
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)
WHO = "SELECT current_setting('app.tenant')"
RENAME = "UPDATE tenants_tenant SET name = %s RETURNING name"


def test_it_sees_the_tenants_rows_alone_and_leaves_nothing_behind(alice: Person, charlie: Person) -> None:
    assert run_in_tenant(alice.tenant.pk, "SELECT id FROM tenants_tenant", []) == [(alice.tenant.pk,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_tenant")
        assert cursor.fetchone() == (0,)
        cursor.execute(WHO)
        assert cursor.fetchone()[0] != str(alice.tenant.pk)
    assert not connection.in_atomic_block


def test_what_it_changes_stays_and_is_the_tenants_alone(alice: Person, charlie: Person) -> None:
    assert run_in_tenant(alice.tenant.pk, RENAME, ["New name"]) == [("New name",)]
    names = []
    for person in (alice, charlie):
        with tenant_context(person.tenant):
            person.tenant.refresh_from_db()
            names.append(person.tenant.name)
    assert (names[0], names[1] != "New name") == ("New name", True)


def test_what_fails_undoes_all_and_leaves_nothing_behind(alice: Person) -> None:
    changing = "WITH changed AS (UPDATE tenants_tenant SET name = 'x' RETURNING 1) SELECT 1 / 0 FROM changed"
    with pytest.raises(DatabaseError, match="division by zero"):
        run_in_tenant(alice.tenant.pk, changing, [])
    assert run_in_tenant(alice.tenant.pk, "SELECT name FROM tenants_tenant", []) == [(alice.tenant.name,)]


def test_a_context_and_a_transaction_are_no_place_for_it(alice: Person) -> None:
    with tenant_context(alice.tenant), pytest.raises(ContextError):
        run_in_tenant(alice.tenant.pk, "SELECT 1", [])
    with transaction.atomic(), pytest.raises(ContextError):
        run_in_tenant(alice.tenant.pk, "SELECT 1", [])


def test_a_connection_that_is_lost_is_replaced_and_the_statement_sent_again(alice: Person) -> None:
    with suppress(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert not connection.is_usable()
    assert run_in_tenant(alice.tenant.pk, "SELECT name FROM tenants_tenant", []) == [(alice.tenant.name,)]


def test_a_statement_that_is_stopped_is_not_sent_again(alice: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY SEQUENCE sent")
    stopped = "SELECT nextval('sent'); DO $$ BEGIN RAISE SQLSTATE '57014'; END $$"
    with pytest.raises(OperationalError):
        run_in_tenant(alice.tenant.pk, stopped, [])
    assert run_in_tenant(alice.tenant.pk, "SELECT last_value FROM sent", []) == [(1,)]
