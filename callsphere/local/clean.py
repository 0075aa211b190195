"""`make clean`: removes what setting up and running made in this checkout, and nothing else."""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from callsphere.local.home import remove_elsewhere
from callsphere.local.locks import Held, hold
from callsphere.local.paths import LOCAL, ROOT

MADE = (
    ".venv",
    ".local",
    "node_modules",
    "callsphere/web/static/build",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".schemathesis",
)


def main() -> int:
    """Remove everything, or refuse while something of ours runs. Returns the exit code."""
    with contextlib.ExitStack() as stack:
        try:
            for lock in sorted(LOCAL.glob("*.lock")):
                stack.enter_context(hold(lock, f"process {os.getpid()}, make clean"))
        except Held as holder:
            print(f"CallSphere runs from this folder ({holder}). Stop it first, then clean.", file=sys.stderr)
            return 1
        try:
            removed = [*remove_elsewhere(LOCAL), *(path for name in MADE if _remove(path := ROOT / name))]
        except PermissionError as error:
            print(
                f"{error.filename} belongs to another user: it was made by `make run` under another account."
                " Run `make clean` under that account.",
                file=sys.stderr,
            )
            return 1
    for path in removed:
        print(f"removed {path}")
    return 0


def _remove(path: Path) -> bool:
    """Remove a folder, or only the link when somebody put one in its place. Returns whether it was there."""
    if path.is_symlink():
        path.unlink()
        return True
    if not path.is_dir():
        return False
    shutil.rmtree(path)
    return True


if __name__ == "__main__":
    sys.exit(main())
