"""Test databases: migrated once by their owner into a template, copied for each test process.

Tests run as `callsphere_app`, the login that row-level security binds. A superuser or an owner in tests
would prove nothing about isolation.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
# Runs at the same time need names of their own.
PREFIX = os.environ.get("TEST_DATABASE_PREFIX", "test_callsphere")
_TEMPLATE_LOCK = 7_226_001
# Rows that migrations make, and that no test may lose.
_KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission", "billing_plan")


def create_database(name: str) -> None:
    """Make (again) a database that holds what the migrations make, and nothing else."""
    template = f"callsphere_template_{_migrations_hash()}"
    with owner_connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone()
        if not exists:
            _build_template(connection, template)
        drop_database(name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def drop_database(name: str) -> None:
    """Drop a database, whoever is still connected."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with owner_connection() as connection:
        for attempt in range(240):
            try:
                connection.execute(statement)
                return
            except psycopg.errors.InsufficientPrivilege:
                # Only a superuser may end autovacuum's connection; it leaves by itself soon.
                if attempt == 239:
                    raise
                time.sleep(0.5)


def empty_tables(name: str) -> None:
    """Delete every row that tests made, as the owner: the application may not truncate."""
    with owner_connection(name) as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relname <> ALL(%s)",
            [list(_KEPT_TABLES)],
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(row[0]) for row in tables)
        statement = sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names)
        for attempt in range(20):
            try:
                connection.execute(statement)
                return
            except psycopg.errors.DeadlockDetected:
                # A browser that has left may have asked for one page more, which takes its locks as it comes.
                if attempt == 19:
                    raise


@contextmanager
def owner_connection(database: str | None = None) -> Iterator[psycopg.Connection]:
    """Connect as the owner, autocommitting; to the configured database unless one is named."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])
    with psycopg.connect(
        url._replace(path=f"/{database}").geturl() if database else url.geturl()
    ) as connection:
        connection.autocommit = True
        yield connection


def _build_template(connection: psycopg.Connection, template: str) -> None:
    building = f"{template}_building"
    drop_database(building)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{building}").geturl()
    subprocess.run(
        [sys.executable, ROOT / "manage.py", "migrate", "--verbosity", "0"],
        env={**os.environ, "DATABASE_OWNER_URL": url},
        check=True,
    )
    _leave_tables_alone(building)
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
    )
    older = connection.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE 'callsphere\\_template\\_%%' AND datname <> %s",
        [template],
    ).fetchall()
    for (database,) in older:
        drop_database(database)


def _leave_tables_alone(database: str) -> None:
    """Keep autovacuum away from what tests fill.

    It comes when it likes, finds tables empty whose rows are in a test's open transaction, and lets every
    statement of that test be planned as if they were.
    """
    with owner_connection(database) as owner:
        tables = owner.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'r'"
        ).fetchall()
        for (table,) in tables:
            owner.execute(
                sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = off)").format(sql.Identifier(table))
            )


def _migrations_hash() -> str:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    files = [
        *ROOT.glob("*/migrations/*.py"),
        *ROOT.glob("callsphere/*/migrations/*.py"),
        ROOT / "tenants/rls.py",
        Path(__file__),
    ]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
