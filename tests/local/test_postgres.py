"""The embedded PostgreSQL: never as root, crash-safe, and out of folders that are not its own."""

import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from callsphere.local.errors import CannotStart
from callsphere.local.home import homes_elsewhere, remove_elsewhere
from callsphere.local.postgres import PostgresServer

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")


@contextmanager
def running(local: Path, *, throwaway: bool = True) -> Iterator[PostgresServer]:
    server = PostgresServer(local, throwaway=throwaway)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def execute(server: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_listens_with_passwords_on_loopback_alone(local: Path) -> None:
    with running(local) as server:
        settings = execute(
            server,
            "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories'),"
            " current_setting('server_encoding'), current_setting('data_checksums')",
        )
        methods = execute(server, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")
        password_file = local / "pg-superuser"

        assert settings == [("127.0.0.1", "", "UTF8", "on")]
        assert methods == [("scram-sha-256",)]
        assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


def test_stop_leaves_no_process_and_the_next_start_finds_the_data(local: Path) -> None:
    with running(local) as server:
        execute(server, "CREATE TABLE kept (id int)")
        pid, port = server.pid, server.port
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()

    with running(local) as again:
        assert execute(again, "SELECT * FROM kept") == []
        assert again.port == port


def test_recovers_from_a_kill_and_a_process_id_that_is_somebody_elses_now(local: Path) -> None:
    with running(local, throwaway=False) as server:
        execute(server, "CREATE TABLE kept (id int)")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with running(local, throwaway=False) as again:
        assert execute(again, "SELECT * FROM kept") == []


def test_ends_a_server_that_was_left_behind(local: Path) -> None:
    with running(local) as left_behind:
        earlier = left_behind.pid
        with running(local) as server:
            assert server.pid != earlier
            assert not left_behind.running
            assert execute(server, "SELECT 1") == [(1,)]


def test_dies_with_the_process_that_started_it(local: Path) -> None:
    script = (
        "import os, sys, pathlib; from callsphere.local.postgres import PostgresServer;"
        " server = PostgresServer(pathlib.Path(sys.argv[1]), throwaway=True); server.start();"
        " print(server.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, local], capture_output=True, text=True, check=False)
    pid_file = local / "pg" / "postmaster.pid"

    PostgresServer(local)._stop_earlier()  # waits for a server that is still shutting down

    assert done.returncode == -signal.SIGKILL
    assert not pid_file.exists()


def test_a_port_in_use_is_left_to_its_owner(local: Path) -> None:
    with running(local) as first:
        neighbour = PostgresServer(local, name="neighbour", throwaway=True)
        try:
            neighbour.start(kept_port=first.port)
            assert neighbour.port != first.port
        finally:
            neighbour.stop()


def test_data_of_another_version_is_refused_in_words(local: Path) -> None:
    with running(local, throwaway=False) as server:
        pass
    (server.data / "PG_VERSION").write_text("15\n")

    with pytest.raises(CannotStart, match=r"was made by PostgreSQL 15, the installed program is \d+"):
        server.start()


def test_throwaway_data_that_does_not_start_is_made_again(local: Path) -> None:
    with running(local) as server:
        execute(server, "CREATE TABLE kept (id int)")
    (server.data / "global" / "pg_control").write_bytes(b"")

    with running(local) as again:
        assert execute(again, "SELECT to_regclass('kept')") == [(None,)]


@as_root
def test_root_drops_to_nobody(local: Path) -> None:
    with running(local) as server:
        nobody = pwd.getpwnam("nobody").pw_uid
        status = Path(f"/proc/{server.pid}/status").read_text()

        assert f"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}\n" in status
        assert "Groups:\t \n" in status
        assert server.data.stat().st_uid == nobody
        assert not server.is_elsewhere


@as_root
def test_works_in_a_folder_that_only_root_may_enter(private_local: Path) -> None:
    outside = private_local.parent
    with running(private_local) as server:
        execute(server, "CREATE TABLE kept (id int)")
        home = server.home

        assert server.is_elsewhere
        assert homes_elsewhere(private_local) == [home]
        assert stat.S_IMODE(home.stat().st_mode) == 0o755
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(outside.stat().st_mode) == 0o700
        assert outside.stat().st_uid == 0
    with running(private_local) as again:
        assert execute(again, "SELECT * FROM kept") == []

    assert remove_elsewhere(private_local) == [home]
    assert not home.exists()


@as_root
def test_a_removed_password_starts_afresh_and_keeps_the_old_data(private_local: Path) -> None:
    with running(private_local) as server:
        execute(server, "CREATE TABLE old (id int)")
    (private_local / "pg-superuser").unlink()

    with running(private_local) as again:
        assert execute(again, "SELECT to_regclass('old')") == [(None,)]
        assert len(list(server.home.glob("pg-without-password-*"))) == 1
