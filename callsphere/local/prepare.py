"""Brings database, static files and demo data up to date, and leaves out what the last start already did.

Each step costs a start of Django, so a digest of everything it depends on is kept in `.local/prepared.json`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg

from callsphere.local import environment, manage
from callsphere.local.errors import CannotStart
from callsphere.local.paths import LOCAL, ROOT, write_private

_STATE = LOCAL / "prepared.json"
_OFF = {"0", "false", "no", "off"}
_ON = {"", "1", "true", "yes", "on"}
_KEPT = "Demo data of an earlier start is still here; to start empty: make clean, then make run DEMO=0"
_EMPTY = """\
Next:     sign up at http://127.0.0.1:{port}/accounts/signup/
Support:  .venv/bin/python manage.py support add you@example.com"""


def prepare(env: Mapping[str, str], *, remember: bool) -> str:
    """Migrate, collect static files and make demo data where needed; return the demo logins to show.

    Without `remember` (a database that others change too) the database is always looked after.
    Raises CannotStart with the output of the command that failed.
    """
    state = json.loads(_STATE.read_text()) if remember and _STATE.is_file() else {}
    database, static = _database_digest(env) if remember else "", _static_digest()
    commands = []
    if state.get("database") != database:
        commands.append(["migrate", "--no-input", "--verbosity", "1"])
    if state.get("static") != static or not Path(env.get("STATIC_ROOT") or LOCAL / "static").is_dir():
        commands.append(["collectstatic", "--no-input", "--clear", "--verbosity", "0"])
    if commands:
        print("Bringing database and static files up to date ...", flush=True)
        manage.run(env, *commands)
    database = _database_digest(env) if remember else ""
    state |= {"database": database, "static": static, **_demo(env, state, database)}
    write_private(_STATE, json.dumps(state))  # the logins are in it
    if wants_demo(env):
        return state["logins"]
    return _KEPT if "demo" in state else _EMPTY.format(port=env["PORT"])


def _demo(env: Mapping[str, str], state: Mapping[str, str], database: str) -> dict[str, str]:
    """Make the demo data unless this database has them in today's form."""
    if not wants_demo(env):
        return {}
    sources = _contents(_files([ROOT / "callsphere" / "local"], "*.py"))
    port = env["SANDBOX_PORT"]
    digest = _digest([database, *sources, port, env["PORT"], env.get("PUBLIC_URL", "")])
    if state.get("demo") == digest:
        return {}
    return {"demo": digest, "logins": manage.run(env, ["demo", "--sandbox-port", port])[0]}


def wants_demo(env: Mapping[str, str]) -> bool:
    """Whether demo data is asked for. Raises CannotStart for a word that says neither."""
    word = env.get("DEMO", "1").lower()
    if word not in _ON | _OFF:
        raise CannotStart(f"DEMO={env['DEMO']}: write 1 for demo data, or 0 to start without")
    return word in _ON


def _database_digest(env: Mapping[str, str]) -> str:
    """Return a digest of which database this is, which migrations it has, and which the sources have."""
    with psycopg.connect(environment.secret(env, "DATABASE_OWNER_URL")) as connection:
        identity = connection.execute(
            "SELECT system_identifier::text, oid::text, to_regclass('django_migrations')::text"
            " FROM pg_control_system(), pg_database WHERE datname = current_database()"
        ).fetchone()
        applied = []
        if identity and identity[2]:
            rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
            applied = [row[0] for row in rows]
    sources = [*ROOT.glob("[a-z]*/migrations/*.py"), *ROOT.glob("callsphere/*/migrations/*.py")]
    lock = ROOT / "requirements.lock"  # the libraries' migrations
    return _digest([str(identity), *applied, *_contents(sorted(sources)), *_contents([lock])])


def _static_digest() -> str:
    """Return a digest of every static source: ours by size and time, the libraries' by the lock file."""
    folders = [*ROOT.glob("[a-z]*/static"), *ROOT.glob("callsphere/*/static")]
    stats = ((path, path.stat()) for path in _files(folders, "*"))
    ours = [f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}" for path, status in stats]
    return _digest([*ours, *_contents([ROOT / "requirements.lock"])])


def _files(folders: Iterable[Path], pattern: str) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob(pattern) if path.is_file())


def _contents(paths: Iterable[Path]) -> list[str]:
    return [f"{path.relative_to(ROOT)}\n{path.read_text()}" for path in paths]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
