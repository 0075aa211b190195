"""Runs one of PostgreSQL's programs on the embedded database, as its superuser, while `make run` is up.

`python -m callsphere.local.postgres_client psql`, or `pg_dump -Fc -f FILE`, `pg_restore`, `pg_dumpall`.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from callsphere.local import environment, programs
from callsphere.local.errors import CannotStart
from callsphere.local.paths import LOCAL
from callsphere.local.postgres import SUPERUSER


def main() -> None:
    """Become the program that the command line names; return only when it cannot be run."""
    name, *arguments = sys.argv[1:] or ["psql"]
    try:
        program, connection = _program(name), _connection()
    except CannotStart as error:
        sys.exit(str(error))
    os.execve(program, [str(program), *arguments], {**os.environ, **connection})  # noqa: S606  # no shell wanted


def _program(name: str) -> Path:
    program = programs.find(LOCAL, None) / name
    if not program.is_file():
        raise CannotStart(f"{program.parent} has no program {name}")
    return program


def _connection() -> dict[str, str]:
    """Return libpq's variables for the superuser."""
    address = urlsplit(environment.read(environment.env_file(LOCAL)).get("DATABASE_URL", ""))
    password_file = LOCAL / "pg-superuser"
    if not address.port or not password_file.is_file():
        raise CannotStart("There is no embedded database in this folder yet: `make run` makes it.")
    return {
        "PGHOST": address.hostname or "",
        "PGPORT": str(address.port),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": password_file.read_text().strip(),
        "PGDATABASE": address.path.strip("/"),
    }


if __name__ == "__main__":
    main()
