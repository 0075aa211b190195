"""The account that PostgreSQL runs under: it refuses to run as root, so root drops to `nobody`."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsphere.local.errors import CannotStart


@dataclass(frozen=True, slots=True)
class Account:
    """A user id and group id to start programs with."""

    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """Return the options of `subprocess` that start a program under this account, without our groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, test: str, path: Path) -> bool:
        """Ask the kernel, as this account, what the shell's `test` asks: -x, -r, -d of a path.

        Modes alone would not tell: access lists, mounts and every folder above count too.
        """
        command = ["/bin/sh", "-c", 'test "$1" "$2"', "sh", test, str(path)]
        try:
            done = subprocess.run(command, cwd="/", check=False, **self.popen_options())
        except (PermissionError, OSError) as error:
            raise CannotStart(
                "PostgreSQL refuses to run as root, and this root may not start programs as another user"
                f" ({error.strerror}). Run as an ordinary user, or set DATABASE_URL to a server of yours."
            ) from error
        return done.returncode == 0

    def give(self, path: Path) -> None:
        """Make the account the owner of one folder or file of ours."""
        os.chown(path, self.uid, self.gid)


def server_account() -> Account | None:
    """Return the account to drop to, or None when we are an ordinary user and stay that."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)
