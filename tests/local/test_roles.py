"""The database roles: what the application's login may and may not do, proven on the server."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

NIL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def app() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


def test_no_role_stands_above_the_policies(app: psycopg.Connection) -> None:
    rows = app.execute(
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname LIKE 'callsphere%' ORDER BY 1"
    ).fetchall()

    assert rows == [
        ("callsphere_app", True, False, False, False, False),
        ("callsphere_owner", True, False, False, False, True),
        ("callsphere_platform", False, False, False, False, False),
    ]


def test_application_may_switch_to_platform_but_does_not_inherit_it(app: psycopg.Connection) -> None:
    memberships = app.execute(
        "SELECT roleid::regrole::text, inherit_option, set_option, admin_option FROM pg_auth_members"
        " WHERE member = 'callsphere_app'::regrole"
    ).fetchall()
    app.execute("SET ROLE callsphere_platform")

    assert memberships == [("callsphere_platform", False, True, False)]
    assert app.execute("SELECT current_user").fetchone() == ("callsphere_platform",)


def test_application_may_become_nobody_else(app: psycopg.Connection) -> None:
    for role in ("callsphere_owner", "postgres"):
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(f"SET ROLE {role}")


def test_application_makes_no_tables(app: psycopg.Connection) -> None:
    for statement in (
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(statement)


def test_application_is_nobody_until_it_says_who(app: psycopg.Connection) -> None:
    settings = app.execute("SELECT current_setting('app.tenant'), current_setting('app.user')").fetchone()

    assert settings == (NIL, NIL)


def test_application_does_not_wait_for_ever(app: psycopg.Connection, owner: psycopg.Connection) -> None:
    limits = (
        "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
        " current_setting('idle_in_transaction_session_timeout')"
    )

    assert app.execute(limits).fetchone() == ("5s", "30s", "1min")
    assert owner.execute(limits).fetchone() == ("0", "0", "0")


def test_forced_policies_bind_the_application(app: psycopg.Connection, owner: psycopg.Connection) -> None:
    owner.execute("CREATE TABLE bound (id int)")
    try:
        owner.execute("ALTER TABLE bound ENABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE bound FORCE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY platform ON bound TO callsphere_platform USING (true) WITH CHECK (true)")
        app.execute("SET ROLE callsphere_platform")
        app.execute("INSERT INTO bound VALUES (1)")
        app.execute("RESET ROLE")

        assert app.execute("SELECT * FROM bound").fetchall() == []
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("SET row_security = off; SELECT * FROM bound")
        assert owner.execute("SELECT * FROM bound").fetchall() == []
    finally:
        owner.execute("DROP TABLE bound")


def test_wrong_password_is_refused() -> None:
    login, _, server = os.environ["DATABASE_URL"].rpartition("@")
    wrong = f"{login.rpartition(':')[0]}:guess@{server}"

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
