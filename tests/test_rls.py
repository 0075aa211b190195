"""The database keeps tenants apart by itself: forced policies, keys that stay inside, attempts in SQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tests import databases
from tests.isolation.database import (
    OF_PLATFORM,
    WITHOUT_TENANT,
    catalogue_faults,
    inside,
    leaks_of,
    tables_of_tenants,
)
from tests.isolation.world import make_world

# One for each test process: tests break it.
SCRATCH = f"{databases.PREFIX}_scratch_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
PGRLS = Path(sys.executable).with_name("pgrls")


@pytest.fixture
def own() -> uuid.UUID:
    return uuid7()


@pytest.fixture
def foreign() -> uuid.UUID:
    return uuid7()


@pytest.fixture
def owner(own: uuid.UUID, foreign: uuid.UUID) -> Iterator[psycopg.Connection]:
    """A database of its own with two tenants and a trunk each, open as its owner."""
    databases.create_database(SCRATCH)
    with application() as app:
        for tenant in (own, foreign):
            with app.transaction():
                app.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant)])
                _insert_trunk(app, tenant)
    with databases.owner_connection(SCRATCH) as scratch:
        yield scratch
    databases.drop_database(SCRATCH)


def application() -> psycopg.Connection:
    """Connect to the scratch database as the application does."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{SCRATCH}")
    return psycopg.connect(url.geturl(), autocommit=True)


def _insert_trunk(app: psycopg.Connection, tenant: uuid.UUID) -> None:
    app.execute(
        "INSERT INTO tenants_tenant (id, name, slug, trunk_limit, member_limit, api_key_limit,"
        " api_requests_per_minute, is_active, created_at) VALUES (%s, 'T', %s, 1, 1, 1, 1, true, now())",
        [tenant, tenant.hex],
    )
    app.execute(
        "INSERT INTO trunks_trunk (id, tenant_id, version, name, direction, authentication, is_enabled,"
        " notes, dial_format, caller_id_format, home_country, international_prefix, strip_digits,"
        " dial_prefix, sends_asserted_identity, preset_key, created_at, updated_at)"
        " VALUES (%s, %s, 1, 'T', 'both', '{}', true,"
        " '', 'e164_plus', 'e164_plus', '', '', 0,"
        " '', false, '', now(), now())",
        [uuid7(), tenant],
    )


def leaks(own: uuid.UUID, foreign: uuid.UUID) -> list[str]:
    with application() as app, inside(app, own):
        return leaks_of(app, "trunks_trunk", own, foreign)


# The catalogue


@pytest.mark.django_db
def test_policies_keys_and_grants_are_right() -> None:
    connection.ensure_connection()
    assert catalogue_faults(connection.connection) == []


@pytest.mark.django_db
def test_every_table_has_a_tenant_or_a_reason() -> None:
    tables = set(connection.introspection.table_names())
    connection.ensure_connection()
    with_tenant = {*tables_of_tenants(connection.connection), "tenants_tenant"}
    assert {*WITHOUT_TENANT, *OF_PLATFORM} <= tables
    assert set(OF_PLATFORM) & {*WITHOUT_TENANT, *with_tenant} == set()
    assert with_tenant & set(WITHOUT_TENANT) == {"tenants_tenantroute"}


def test_the_linter_excuses_the_same_tables() -> None:
    rules = tomllib.loads((databases.ROOT / "pgrls.toml").read_text())["lint"]["rules"]
    assert set(rules["SEC001"]["allowlist"]) == {f"public.{table}" for table in WITHOUT_TENANT}


# Attempts


@pytest.mark.django_db
def test_no_table_shows_or_takes_another_tenants_rows() -> None:
    acme, globex = make_world("canaryacme"), make_world("canaryglobex")
    with tenant_context(acme.tenant):
        raw = connection.connection
        tables = [*tables_of_tenants(raw), "tenants_tenant"]
        found = {table: leaks_of(raw, table, acme.tenant.pk, globex.tenant.pk) for table in tables}
    open_on_purpose = found.pop("tenants_tenantroute")
    assert {table: what for table, what in found.items() if what} == {}
    assert "others' rows are seen" in open_on_purpose


@pytest.mark.django_db
def test_outside_any_tenant_nothing_is_seen_or_made() -> None:
    make_world("canaryacme")
    raw = connection.connection
    tables = [table for table in tables_of_tenants(raw) if table != "tenants_tenantroute"]
    counts = {table: raw.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}
    assert counts == dict.fromkeys(tables, 0)


@pytest.mark.django_db
def test_a_key_cannot_point_at_another_tenants_row() -> None:
    acme, globex = make_world("canaryacme"), make_world("canaryglobex")
    with tenant_context(acme.tenant):
        raw = connection.connection
        raw.execute("SAVEPOINT before")
        raw.execute(
            "UPDATE trunks_gateway SET trunk_id = %s WHERE id = %s",
            [globex.ids["trunk_id"], acme.ids["gateway_id"]],
        )
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="same_tenant"):
            raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raw.execute("ROLLBACK TO SAVEPOINT before")


@pytest.mark.django_db
def test_the_login_is_no_superuser_and_owns_nothing() -> None:
    raw = connection.cursor().connection
    assert raw.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone() == (False, False, False, False)
    assert raw.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone() == (
        0,
    )
    assert raw.execute(
        "SELECT inherit_option, set_option FROM pg_auth_members WHERE member = current_user::regrole"
    ).fetchall() == [(False, True)]


# The tests bite: with one thing broken, they go red


def test_the_scratch_database_is_right_to_begin_with(
    owner: psycopg.Connection, own: uuid.UUID, foreign: uuid.UUID
) -> None:
    assert (catalogue_faults(owner), leaks(own, foreign)) == ([], [])


@pytest.mark.parametrize(
    ("mutation", "fault", "leak"),
    [
        (
            "DROP POLICY tenant ON trunks_trunk",
            "trunks_trunk: the policy `tenant` is missing or another",
            "own rows are not seen",
        ),
        (
            "ALTER POLICY tenant ON trunks_trunk USING (true)",
            "trunks_trunk: the policy `tenant` is missing or another",
            "others' rows are seen",
        ),
        (
            "ALTER POLICY tenant ON trunks_trunk WITH CHECK (true)",
            "trunks_trunk: the policy `tenant` is missing or another",
            "rows are made for others",
        ),
        (
            "CREATE POLICY handy ON trunks_trunk USING (true)",
            "trunks_trunk: unknown policy handy",
            "others' rows are deleted",
        ),
        (
            "ALTER TABLE trunks_trunk DISABLE ROW LEVEL SECURITY",
            "trunks_trunk: row-level security is not forced",
            "others' rows are seen",
        ),
    ],
)
def test_a_broken_policy_is_noticed(
    owner: psycopg.Connection, own: uuid.UUID, foreign: uuid.UUID, mutation: str, fault: str, leak: str
) -> None:
    owner.execute(mutation)
    assert fault in catalogue_faults(owner)
    assert leak in leaks(own, foreign)


@pytest.mark.parametrize(
    ("mutation", "fault"),
    [
        (
            "ALTER TABLE trunks_trunk NO FORCE ROW LEVEL SECURITY",
            "trunks_trunk: row-level security is not forced",
        ),
        (
            "ALTER TABLE trunks_gateway DROP CONSTRAINT trunks_gateway_trunk_same_tenant",
            "trunks_gateway.trunk_id: may point at another tenant's row",
        ),
        (
            "CREATE TABLE notes (id uuid PRIMARY KEY, tenant_id uuid)",
            "notes: row-level security is not forced",
        ),
        (
            "GRANT SELECT ON tenants_outgoingmail TO callsphere_app",
            "tenants_outgoingmail: the application may INSERT, SELECT",
        ),
        (
            "CREATE POLICY handy ON tenants_outgoingmail FOR SELECT TO callsphere_app USING (true)",
            "tenants_outgoingmail: unknown policy handy",
        ),
        (
            "DROP POLICY may_add ON tenants_outgoingmail",
            "tenants_outgoingmail: the policy `may_add` is missing or another",
        ),
        (
            "CREATE TABLE notes (id uuid PRIMARY KEY)",
            "notes: has no tenant, and no reason in WITHOUT_TENANT",
        ),
    ],
)
def test_a_broken_table_is_noticed(owner: psycopg.Connection, mutation: str, fault: str) -> None:
    owner.execute(mutation)
    assert fault in catalogue_faults(owner)


# A second opinion


def pgrls(*arguments: str) -> subprocess.CompletedProcess[str]:
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{SCRATCH}").geturl()
    command = [str(PGRLS), *arguments, "--database-url", url]
    return subprocess.run(command, cwd=databases.ROOT, capture_output=True, text=True, check=False)


def test_pgrls_finds_nothing_to_mend(owner: psycopg.Connection) -> None:
    result = pgrls("lint")
    assert (result.returncode, result.stdout.strip()) == (0, "pgrls: no issues found.")


@pytest.mark.parametrize("mode", ["anon", "cross-tenant", "write"])
def test_pgrls_proves_the_applications_policies(owner: psycopg.Connection, mode: str) -> None:
    for table in OF_PLATFORM:  # no tenant's; the catalogue's test says what the application may do with them
        owner.execute(f'DROP TABLE "{table}" CASCADE')
    for table in [*tables_of_tenants(owner), "tenants_tenant"]:
        owner.execute(f'DROP POLICY IF EXISTS platform ON "{table}"')
    result = pgrls("verify", "--mode", mode)
    assert result.returncode == 0, result.stdout
    undecided = [line.split()[0] for line in result.stdout.splitlines() if "UNVERIFIED" in line]
    # Its key is `id`, which the prover takes for no tenant's; the attempts above cover it.
    assert undecided == ["public.tenants_tenant"]
