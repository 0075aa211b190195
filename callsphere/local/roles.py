"""The three database roles and the application's database, made in a server of ours by its superuser."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

_ROLES = Path(__file__).with_name("roles.sql")
_PASSWORDS = (
    "SELECT set_config('setup.owner_password', %s, false), set_config('setup.app_password', %s, false)"
)


def create_roles(superuser_url: str, *, owner_url: str, app_url: str, afresh: bool = False) -> None:
    """Make roles, passwords, privileges and the database that the two URLs name. Safe to repeat.

    `superuser_url` leads to the database `postgres` of the same server. `afresh` drops the database first.
    """
    database = urlsplit(app_url).path.strip("/")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if afresh:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not known:
            _apply(_in(superuser_url, "template1"), owner_url, app_url)
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER callsphere_owner").format(sql.Identifier(database))
            )
            connection.execute(
                sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )
    _apply(_in(superuser_url, database), owner_url, app_url)


def _apply(superuser_url: str, owner_url: str, app_url: str) -> None:
    with psycopg.connect(superuser_url) as connection:
        connection.execute(_PASSWORDS, [_password(owner_url), _password(app_url)])
        connection.execute(_ROLES.read_text().encode())


def _in(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def _password(url: str) -> str:
    return unquote(urlsplit(url).password or "")
