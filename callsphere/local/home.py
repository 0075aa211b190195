"""The folder of PostgreSQL's programs and data: `.local`, or one elsewhere when `nobody` cannot reach it.

Root often works in a folder that only root may enter (its home, a `mktemp -d`). Opening such a folder to
others is not ours to do, so the server's files go to `/var/lib/callsphere-<hash of the checkout>` instead.
"""

import hashlib
import os
import shutil
from pathlib import Path

from callsphere.local.account import Account
from callsphere.local.errors import CannotStart
from callsphere.local.paths import make_folder

_PARENTS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  # owner and marker are checked, see _is_ours
_MARKER = "made-for"  # a file in the folder elsewhere that names the .local it belongs to


def server_home(local: Path, account: Account | None) -> Path:
    """Return the folder that holds the servers of this `.local`, made when missing."""
    make_folder(local, 0o755)
    if account is None:
        return local
    existing = homes_elsewhere(local)
    if existing:
        return existing[0]
    if account.may("-x", local):
        return local
    if any(local.glob("*/PG_VERSION")):
        raise CannotStart(
            f"{local} holds a database, but an unprivileged user can no longer enter that folder, and"
            " PostgreSQL does not run as root. Move the checkout back to where it was, or start afresh with"
            " `make clean`."
        )
    return _make_elsewhere(local, account)


def homes_elsewhere(local: Path) -> list[Path]:
    """Return the folders outside the checkout that were made for this `.local`."""
    found = (parent / _name(local) for parent in _PARENTS)
    return [home for home in found if _is_ours(home, local)]


def remove_elsewhere(local: Path) -> list[Path]:
    """Remove those folders, and return which."""
    homes = homes_elsewhere(local)
    for home in homes:
        shutil.rmtree(home)
    return homes


def _name(local: Path) -> str:
    return f"callsphere-{hashlib.sha256(str(local).encode()).hexdigest()[:12]}"


def _is_ours(home: Path, local: Path) -> bool:
    """Ours is a real folder of our own user that names this `.local`: /var/tmp is open to everybody."""
    if home.is_symlink() or not home.is_dir() or home.stat().st_uid != os.geteuid():
        return False
    marker = home / _MARKER
    return marker.is_file() and marker.read_text() == str(local)


def _make_elsewhere(local: Path, account: Account) -> Path:
    for parent in _PARENTS:
        home = parent / _name(local)
        try:
            home.mkdir(mode=0o755)
        except OSError:
            continue  # a read-only file system, or somebody else's folder of that name
        home.chmod(0o755)
        (home / _MARKER).write_text(str(local))
        if account.may("-x", home):
            return home
        shutil.rmtree(home)
    raise CannotStart(
        f"PostgreSQL does not run as root, an unprivileged user cannot enter {local},"
        f" and no folder could be made in {' or '.join(map(str, _PARENTS))}."
        " Move the checkout to a folder that others may enter, run as an ordinary user, or set DATABASE_URL."
    )
