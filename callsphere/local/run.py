"""`make run`: the whole product on this machine, until Ctrl-C."""

import os
import shutil
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from callsphere.local import environment, ports
from callsphere.local.doubles.openai import at_home as openai_double
from callsphere.local.doubles.twilio import at_home as twilio_double
from callsphere.local.errors import CannotStart
from callsphere.local.locks import Held, hold
from callsphere.local.paths import LOCAL, ROOT, make_folder
from callsphere.local.prepare import prepare, wants_demo
from callsphere.local.procfile import commands
from callsphere.local.sandbox.carriers import FIRST_PORT, PORTS
from callsphere.local.sandbox.certificates import server_contexts, today
from callsphere.local.servers import Servers
from callsphere.local.supervisor import Supervisor
from callsphere.local.watch import Watch

RUN_LOCK = LOCAL / "run.lock"
LOGS = LOCAL / "log"
_OUTPUT = {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}  # what the processes print goes to files


def main() -> int:
    """Run until a signal comes or a part ends. Returns the exit code: 0 when it was asked to stop."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    make_folder(LOCAL, 0o755)
    try:
        port = _port()
        with hold(RUN_LOCK, f"process {os.getpid()}, http://{ports.LOOPBACK}:{port}"):
            return _run(port)
    except Held as holder:
        print(
            f"CallSphere already runs from this folder ({holder}). Stop it with Ctrl-C there first.",
            file=sys.stderr,
        )
    except CannotStart as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    return 1


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT={text}: write a port number from 1 to 65535, such as PORT=8001")
    return int(text)


def check_port(port: int) -> None:
    """Raise CannotStart, with a port that is free, when another program listens on this one."""
    if not ports.is_free(port):
        other = ports.next_free(port + 1)
        raise CannotStart(f"Port {port} is in use by another program. Run: make run PORT={other}")


def _run(port: int) -> int:
    check_port(port)
    wants_demo(os.environ)
    own_database = _own_database()
    settings = environment.ensure(LOCAL)
    with Servers(LOCAL, database=own_database, redis=not environment.given("REDIS_URL")) as servers:
        try:
            _say_home(servers)
            urls = servers.start(settings)
            addresses = {
                **urls,
                "SANDBOX_PORT": str(_sandbox_port(settings)),
                "TWILIO_BASE_URL": twilio_double.address(settings),
                "OPENAI_BASE_URL": openai_double.address(settings),
                "STRIPE_BASE_URL": _stripe_url(settings),
            }
            environment.update(environment.env_file(LOCAL), addresses)
            env = environment.merged({**settings, **addresses, **_OUTPUT}) | {"PORT": str(port)}
            make_folder(LOCAL / "mail", 0o700)
            make_folder(LOCAL / "doubles", 0o700)
            # Before the workers start: they trust its authority from their first ping on.
            server_contexts(LOCAL / "sandbox", today())
            logins = prepare(env, remember=own_database)
            return _supervise(env, port, servers, logins)
        finally:
            # The stopping has a limit of its own: an impatient second Ctrl-C must not leave servers behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _own_database() -> bool:
    """Whether to start a database of our own; with one from outside, its owner must be known too."""
    app, owner = environment.given("DATABASE_URL"), environment.given("DATABASE_OWNER_URL")
    if app != owner:
        there, missing = ("DATABASE_URL", "DATABASE_OWNER_URL")[:: 1 if app else -1]
        raise CannotStart(
            f"{there} is set, so {missing} is needed too: the application logs in as callsphere_app,"
            ' migrations as callsphere_owner. docs/operations.md, "A database of your own", says how to make'
            " these roles."
        )
    return not app


def _sandbox_port(settings: dict[str, str]) -> int:
    """Return the first port of the sandbox carriers; say so when they had to leave the demo's ports."""
    kept = settings.get("SANDBOX_PORT")
    port = ports.choose_block(FIRST_PORT, PORTS, int(kept) if kept else None)
    if kept and int(kept) != port:
        print(
            f"Ports from {kept} are in use by another program, so the sandbox carriers use those from {port}."
            " Trunks made for the demo still point to the old ones; `make clean` starts afresh."
        )
    return port


def _stripe_url(settings: dict[str, str]) -> str:
    """Return where the stand-in for Stripe is to listen; nothing when a real account's key was given."""
    if environment.given("STRIPE_SECRET_KEY"):
        return ""
    kept = urlsplit(settings.get("STRIPE_BASE_URL", "")).port
    return f"http://{ports.LOOPBACK}:{ports.choose(f'{ROOT} stripe', kept)}"


def _say_home(servers: Servers) -> None:
    if servers.postgres and servers.postgres.is_elsewhere:
        print(
            f"Only root can enter {ROOT}, and PostgreSQL does not run as root: its programs and data are in"
            f" {servers.postgres.home} (`make clean` removes it)."
        )


def _supervise(env: dict[str, str], port: int, servers: Servers, logins: str) -> int:
    env = env | {"PROMETHEUS_MULTIPROC_DIR": str(_empty_folder(LOCAL / "metrics"))}
    watch = Watch(servers, port=port, env=env, logins=logins, logs=LOGS)
    supervisor = Supervisor(folder=ROOT, env=env, logs=LOGS, on_started=watch.start)
    with_sandbox = env["SANDBOX"].lower() in {"1", "true", "yes", "on"}
    with_twilio = bool(env["TWILIO_BASE_URL"]) and not environment.given("TWILIO_BASE_URL")
    with_openai = bool(env["OPENAI_BASE_URL"]) and not environment.given("OPENAI_BASE_URL")
    with_stripe = bool(env["STRIPE_BASE_URL"])
    for command in commands(
        port=port,
        folder=LOCAL,
        with_sandbox=with_sandbox,
        with_twilio=with_twilio,
        with_openai=with_openai,
        with_stripe=with_stripe,
    ):
        supervisor.add(command)
    print("Starting ...", flush=True)
    supervisor.loop()
    if supervisor.asked_to_stop and not watch.complaint:
        return 0
    print(watch.complaint or _obituary(supervisor.first_to_end), file=sys.stderr)
    return 1


def _empty_folder(path: Path) -> Path:
    """Counters of processes that ended would be added to those of the new ones."""
    shutil.rmtree(path, ignore_errors=True)
    return make_folder(path, 0o700)


def _obituary(name: str) -> str:
    log = LOGS / f"{name}.log"
    lines = log.read_text().splitlines()[-15:] if log.is_file() else []
    return "\n".join(
        [f"The process `{name}` ended by itself, so all were stopped. Its log, {log}, ends:", *lines]
    )


if __name__ == "__main__":
    sys.exit(main())
