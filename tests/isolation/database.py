"""What the database itself says and does about tenants: its catalogue, and attempts with plain SQL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

# Tables of rows that belong to no tenant, each with the reason why it needs no policy.
WITHOUT_TENANT = {
    "account_emailaddress": "a person's own addresses; people belong to several tenants",
    "account_emailconfirmation": "a person's own",
    "auth_group": "staff only",
    "auth_group_permissions": "staff only",
    "auth_permission": "the same for all",
    "billing_plan": "the same for all; the application's login may only read it",
    "axes_accessattempt": "failed sign-ins to the admin, before anybody is known",
    "axes_accessattemptexpiration": "the same",
    "axes_accessfailurelog": "the same",
    "axes_accesslog": "the same",
    "django_admin_log": "what staff did in the admin",
    "django_content_type": "the same for all",
    "django_migrations": "the same for all",
    "django_session": "a browser's own, found by a random key",
    "otp_static_staticdevice": "a person's own",
    "otp_static_statictoken": "a person's own",
    "otp_totp_totpdevice": "a person's own",
    "tenants_tenantroute": "leads from a token's hash to its tenant: read before the tenant is known",
    "tenants_user": "people belong to several tenants",
    "tenants_user_groups": "staff only",
    "tenants_user_user_permissions": "staff only",
    "trunks_providerpace": "one pace for all tenants; never shown",
    "trunks_registrarpace": "one pace for each registrar, over all tenants; never shown",
    "trunks_addressallowance": "one allowance for each address, over all tenants; never shown",
    "trunks_hostallowance": "one allowance for each host, over all tenants; never shown",
}

# Tables of rows that belong to no tenant and that the platform role alone sees. The application's login may
# run the commands named here, within the policy of the name beside each.
OF_PLATFORM: dict[str, dict[str, str]] = {
    "billing_affiliate": {"SELECT": "own_rows"},
    "billing_affiliatekey": {"SELECT": "own_rows"},
    "billing_clicksalt": {},
    "billing_commission": {"SELECT": "own_rows"},
    "billing_ledgerentry": {"SELECT": "own_rows"},
    "billing_ledgertransaction": {"SELECT": "own_rows"},
    "billing_payout": {"SELECT": "own_rows"},
    "billing_planwish": {"SELECT": "own_rows"},
    "billing_referral": {"SELECT": "own_rows", "INSERT": "may_add"},
    "billing_referralclick": {"SELECT": "own_rows"},
    "billing_referraltouch": {"SELECT": "own_rows"},
    "billing_stripeevent": {"INSERT": "may_add"},
    "calls_unwantedcall": {"INSERT": "may_add"},
    "tenants_outgoingmail": {"INSERT": "may_add"},
    "tenants_platformevent": {"SELECT": "own_rows"},
}

_TENANT = "( SELECT (current_setting('app.tenant'::text, true))::uuid AS current_setting)"

_TABLES = """
    SELECT c.relname, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1
"""
_POLICIES = """
    SELECT tablename, policyname, roles::text[], permissive, cmd, qual, with_check
    FROM pg_policies WHERE schemaname = 'public'
"""
# Single-column keys from one table with a tenant to another that no key (tenant_id, x) accompanies.
_LONE_KEYS = """
    SELECT f.conrelid::regclass::text, a.attname
    FROM pg_constraint f
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    JOIN pg_attribute own ON own.attrelid = f.conrelid AND own.attname = 'tenant_id'
    JOIN pg_attribute theirs ON theirs.attrelid = f.confrelid AND theirs.attname = 'tenant_id'
    WHERE f.contype = 'f' AND cardinality(f.conkey) = 1 AND NOT EXISTS (
        SELECT FROM pg_constraint pair
        WHERE pair.contype = 'f' AND pair.conrelid = f.conrelid AND pair.confrelid = f.confrelid
          AND pair.conkey = ARRAY[own.attnum, a.attnum] AND pair.confkey[1] = theirs.attnum
    )
"""
_GRANTS = """
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND grantee IN ('callsphere_app', 'PUBLIC') AND table_name = ANY(%s)
"""
_STORED = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
_OPEN_PARTITIONS = """
    SELECT DISTINCT c.relname FROM pg_class c
    JOIN information_schema.role_table_grants g ON g.table_name = c.relname AND g.table_schema = 'public'
    WHERE c.relispartition AND g.grantee IN ('callsphere_app', 'callsphere_platform', 'PUBLIC')
"""


def tables_of_tenants(connection: Any) -> list[str]:
    """Return the tables whose rows belong to a tenant, partitions apart."""
    rows = connection.execute(_TABLES).fetchall()
    return [name for name, partition, _on, _forced, owned in rows if owned and not partition]


def catalogue_faults(connection: Any) -> list[str]:
    """Return what is wrong with policies, keys and grants; empty is right."""
    faults = []
    policies = {
        (table, name): (roles, permissive, command, using, check)
        for table, name, roles, permissive, command, using, check in connection.execute(_POLICIES)
    }
    for table, partition, on, forced, owned in connection.execute(_TABLES).fetchall():
        if table in WITHOUT_TENANT:
            continue
        if not (on and forced):
            faults.append(f"{table}: row-level security is not forced")
        if partition:
            continue
        platform = (["callsphere_platform"], "PERMISSIVE", "ALL", "true", "true")
        if policies.get((table, "platform")) != platform:
            faults.append(f"{table}: the policy `platform` is missing or another")
        if table in OF_PLATFORM:
            continue
        if not owned and table != "tenants_tenant":
            faults.append(f"{table}: has no tenant, and no reason in WITHOUT_TENANT")
        scope = f"({'tenant_id' if owned else 'id'} = {_TENANT})"
        app = (["callsphere_app"], "PERMISSIVE", "ALL", scope, scope)
        if policies.get((table, "tenant")) != app:
            faults.append(f"{table}: the policy `tenant` is missing or another")
    faults += _unknown_policies(policies)
    faults += _faults_of_platform(connection, policies)
    faults += [f"{t}.{c}: may point at another tenant's row" for t, c in connection.execute(_LONE_KEYS)]
    faults += [
        f"{row[0]}: a partition that can be read directly" for row in connection.execute(_OPEN_PARTITIONS)
    ]
    return faults


def _unknown_policies(policies: Mapping[tuple[str, str], Any]) -> Iterator[str]:
    for table, name in policies:
        known = {"tenant", "own_rows"} if table not in OF_PLATFORM else {*OF_PLATFORM[table].values()}
        if name not in {"platform", *known}:
            yield f"{table}: unknown policy {name}"


def _faults_of_platform(connection: Any, policies: Mapping[tuple[str, str], Any]) -> Iterator[str]:
    """Say what the application's login may do with the platform's tables beyond what is named."""
    granted = connection.execute(_GRANTS, [list(OF_PLATFORM)]).fetchall()
    for table, allowed in OF_PLATFORM.items():
        commands = {command for name, command in granted if name == table}
        if commands != set(allowed):
            yield f"{table}: the application may {', '.join(sorted(commands))}"
        for command, policy in allowed.items():
            if policies.get((table, policy), ("", "", ""))[:3] != (["callsphere_app"], "PERMISSIVE", command):
                yield f"{table}: the policy `{policy}` is missing or another"


def leaks_of(connection: Any, table: str, own: uuid.UUID, foreign: uuid.UUID) -> list[str]:
    """Try to see and change another tenant's rows from inside `own`; return what succeeded.

    Not seeing one's own rows counts too: then the attempts would prove nothing.
    """
    column = "id" if table == "tenants_tenant" else "tenant_id"
    names: dict[str, sql.Composable] = {"t": sql.Identifier(table), "c": sql.Identifier(column)}
    found = []
    if not _count(connection, "SELECT count(*) FROM {t} WHERE {c} = %s", names, own):
        found.append("own rows are not seen")
    if _count(connection, "SELECT count(*) FROM {t} WHERE {c} <> %s", names, own):
        found.append("others' rows are seen")
    for what, statement in (
        ("others' rows are changed", "UPDATE {t} SET {c} = {c} WHERE {c} = %s"),
        ("others' rows are deleted", "DELETE FROM {t} WHERE {c} = %s"),
        ("own rows are given away", "UPDATE {t} SET {c} = %s"),
    ):
        if _affected(connection, statement, names, foreign):
            found.append(what)
    stolen = json.dumps({column: str(foreign), "id": str(uuid.uuid4())})
    stored = sql.SQL(", ").join(map(sql.Identifier, _stored_columns(connection, table)))
    insert = (
        "INSERT INTO {t} ({stored}) SELECT {stored} FROM jsonb_populate_record("
        "(SELECT x FROM {t} x LIMIT 1), %s::jsonb)"
    )
    if _affected(connection, insert, {**names, "stored": stored}, stolen):
        found.append("rows are made for others")
    return found


def _stored_columns(connection: Any, table: str) -> list[str]:
    """Return the columns that are written, not generated."""
    return [name for (name,) in connection.execute(_STORED, [table])]


@contextmanager
def inside(connection: psycopg.Connection, tenant: uuid.UUID) -> Iterator[psycopg.Connection]:
    """Enter a tenant on a plain connection, as the application does; everything is rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant)])
        yield connection


def _count(connection: Any, statement: str, names: dict[str, sql.Composable], value: Any) -> int:
    return connection.execute(sql.SQL(statement).format(**names), [value]).fetchone()[0]


def _affected(connection: Any, statement: str, names: dict[str, sql.Composable], value: Any) -> int:
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(sql.SQL(statement).format(**names), [value]).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0
    except psycopg.IntegrityError:
        return 1  # policies are asked first: this one had nothing against it
