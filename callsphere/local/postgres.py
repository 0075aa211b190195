"""A PostgreSQL server of our own for one checkout: on 127.0.0.1 alone, with passwords, never as root."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from callsphere.local import ports, programs
from callsphere.local.account import server_account
from callsphere.local.errors import CannotStart
from callsphere.local.home import server_home
from callsphere.local.paths import make_folder, write_private
from callsphere.local.processes import Server, stop_leftover

SUPERUSER = "postgres"
# SIGINT ends sessions and shuts down; SIGQUIT leaves the rest to crash recovery.
_FAREWELL = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0))
_SETTINGS = {"listen_addresses": ports.LOOPBACK, "unix_socket_directories": "", "timezone": "UTC"}
# For data that is thrown away: a crash may cost the last transactions, or all of it.
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """One server and its data folder, `<home>/<name>`; the superuser's password is in `local`."""

    def __init__(self, local: Path, *, name: str = "pg", throwaway: bool = False) -> None:
        self.name = name
        self._throwaway = throwaway
        self._local = local
        self._account = server_account()
        self.home = server_home(local, self._account)
        self.data = self.home / name
        self._password_file = local / f"{name}-superuser"
        self._server = Server("PostgreSQL", local / "log" / f"{name}.log", _FAREWELL)
        self.port = 0

    @property
    def is_elsewhere(self) -> bool:
        """Whether programs and data had to go outside the checkout."""
        return self.home != self._local

    @property
    def pid(self) -> int | None:
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def superuser_url(self) -> str:
        password = quote(self._password_file.read_text().strip(), safe="")
        return f"postgresql://{SUPERUSER}:{password}@{ports.LOOPBACK}:{self.port}/postgres"

    def start(self, kept_port: int | None = None) -> None:
        """Make the data folder when missing, and start; `port` tells where it listens.

        Raises CannotStart. Data that is thrown away anyway is made again when it does not start.
        """
        try:
            self._start(kept_port)
        except CannotStart:
            if not self._throwaway or not self.data.exists():
                raise
            shutil.rmtree(self.data)
            self._start(kept_port)

    def _start(self, kept_port: int | None) -> None:
        bin_folder = programs.find(self.home, self._account)
        self._set_aside_without_password()
        if not self.data.exists():
            self._initialize(bin_folder)
        self._check_data(bin_folder)
        self._stop_earlier()
        self.port = ports.choose(f"{self.data} postgres", kept_port)
        settings = {**_SETTINGS, "port": str(self.port), **(_THROWAWAY if self._throwaway else {})}
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        self._server.spawn(
            [str(bin_folder / "postgres"), "-D", str(self.data), *arguments],
            env=self._environment(),
            **self._as_account(),
        )
        self._server.wait_until(self._answers, seconds=60)

    def stop(self) -> None:
        """Shut down and wait until the process is gone."""
        self._server.stop()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url, connect_timeout=3).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise CannotStart(
                    f"{self._password_file} does not hold the password of {self.data}"
                ) from None
            return False
        return True

    def _initialize(self, bin_folder: Path) -> None:
        """Run initdb into a scratch folder, so that an interrupted one is never taken for a database."""
        scratch = self.home / f"{self.name}.new"
        password_file = self.home / f"{self.name}.password"
        self._remove(scratch)
        make_folder(scratch, 0o700)
        password = secrets.token_urlsafe(24)
        write_private(password_file, password)
        if self._account:
            self._account.give(scratch)
            self._account.give(password_file)
        try:
            self._run_initdb(bin_folder, scratch, password_file)
        finally:
            password_file.unlink()
        write_private(self._password_file, password)
        scratch.rename(self.data)

    def _run_initdb(self, bin_folder: Path, scratch: Path, password_file: Path) -> None:
        command = [str(bin_folder / "initdb"), "-D", str(scratch), "-U", SUPERUSER, "-A", "scram-sha-256"]
        command += [f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8"]
        if programs.major_version(bin_folder) >= 17:
            # The same order of text on every machine, whatever its C library.
            command.append("--locale-provider=builtin")
        if self._throwaway:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            cwd="/",
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._as_account(),
        )
        if done.returncode:
            self._remove(scratch)
            raise CannotStart(
                f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr.strip()}"
            )

    def _check_data(self, bin_folder: Path) -> None:
        """Refuse data that this user or this version cannot use, in words rather than in the server's log."""
        user = self._account.uid if self._account else os.geteuid()
        if self.data.stat().st_uid != user:
            raise CannotStart(
                f"{self.data} belongs to another user: it was made by `make run` under another account."
                " Run under that account, or remove it there with `make clean`."
            )
        made_by = int((self.data / "PG_VERSION").read_text())
        version = programs.major_version(bin_folder)
        if made_by != version:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made_by}, the installed program is {version}."
                ' docs/operations.md, "Upgrade", says how to carry the data over; `make clean` starts afresh.'
            )

    def _set_aside_without_password(self) -> None:
        """Without its password (a removed .local) data cannot be opened: keep the folder, start a new one."""
        if self.data.exists() and not self._password_file.exists():
            self.data.rename(self.data.with_name(f"{self.name}-without-password-{int(time.time())}"))

    def _stop_earlier(self) -> None:
        """End a server that an earlier run left; forget its process id when that is somebody else's now."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if self._is_served_by(pid):
            stop_leftover(pid, lambda: self._is_served_by(pid), _FAREWELL)
        elif Path("/proc/self").exists():
            # PostgreSQL would take any live process of that id for a server of its own.
            pid_file.unlink(missing_ok=True)

    def _is_served_by(self, pid: int) -> bool:
        """Whether the process is a server on our data: it works in its data folder. False without /proc."""
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data
        except OSError:
            return False

    def _remove(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _as_account(self) -> dict[str, Any]:
        return self._account.popen_options() if self._account else {}
