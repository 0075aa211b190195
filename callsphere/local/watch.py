"""Tells when everything is up, and notices when something that must run does not."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import redis

from callsphere.local import environment
from callsphere.local.ports import LOOPBACK, port_of
from callsphere.local.sandbox.listing import overview
from callsphere.local.servers import Servers

_WORKERS = 2
_RULE = "-" * 78


class Watch(threading.Thread):
    """A thread beside the supervisor: prints the address once, then looks after servers and make."""

    def __init__(
        self, servers: Servers, *, port: int, env: Mapping[str, str], logins: str, logs: Path
    ) -> None:
        super().__init__(daemon=True)
        self.complaint = ""
        self._servers = servers
        self._port = port
        self._url = f"http://{LOOPBACK}:{port}"
        self._env = env
        self._logins = logins
        self._logs = logs
        self._make_is_gone = _make_watcher()

    def run(self) -> None:
        """Wait until everything answers, say so, and keep looking until the process ends."""
        broker = redis.Redis.from_url(environment.secret(self._env, "REDIS_URL"), socket_timeout=2)
        started, warned = time.monotonic(), False
        while missing := self._missing(broker):
            if time.monotonic() > started + 60 and not warned:
                warned = True
                print(f"Still waiting after a minute for {missing}. Logs: {self._logs}", flush=True)
            self._look_after()
        print(self._announcement(), flush=True)
        broker.close()
        while True:
            self._look_after()

    def _missing(self, broker: redis.Redis) -> str:
        """Return what does not answer yet, or nothing."""
        state = _answer(self._port, "/readyz")
        if state is None:
            return f"the web server at {self._url}"
        if state != HTTPStatus.OK:
            return f"the web server, whose {self._url}/readyz answers {state}"
        double = self._env["TWILIO_BASE_URL"]
        if double and _answer(port_of(double), "/") is None:
            return f"Twilio's double at {double}"
        waiting = [client for client in broker.client_list() if client["cmd"] == "brpop"]
        return "" if len(waiting) >= _WORKERS else "the workers"

    def _look_after(self) -> None:
        stopped = self._servers.stopped()
        if stopped:
            self.complaint = (
                f"{stopped} ended by itself, so everything was stopped. Its log is in {self._logs}."
            )
        if stopped or self._make_is_gone():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        time.sleep(0.3)

    def _announcement(self) -> str:
        lines = [_RULE, f"CallSphere is up: {self._url}", ""]
        if self._logins.strip():
            lines += [self._logins.rstrip(), ""]
        if self._env.get("SANDBOX") == "true":
            lines += _carriers(int(self._env["SANDBOX_PORT"]))
        if self._env["TWILIO_BASE_URL"]:
            lines.append(
                f"Twilio:   a double at {self._env['TWILIO_BASE_URL']}; its numbers cost and ring nothing"
            )
        if self._env.get("OPENAI_BASE_URL"):
            lines.append(
                f"Agents:   a double of OpenAI at {self._env['OPENAI_BASE_URL']}; all it says is in scripts"
            )
        if self._env.get("STRIPE_BASE_URL"):
            lines.append(
                f"Payments: simulated, no card is charged; turn their clock: {self._env['STRIPE_BASE_URL']}/"
            )
        if not environment.secret(self._env, "EMAIL_URL"):
            lines.append(f"Mails:    not sent; each becomes a file in {self._env['EMAIL_FILE_PATH']}")
        lines += [f"Logs:     {self._logs}", "Stop:     Ctrl-C", _RULE]
        return "\n".join(lines)


def _carriers(first_port: int) -> list[str]:
    """Return what there is to try without a carrier of one's own."""
    lines = [
        f"sandbox carriers on {LOOPBACK}, good and bad, by port",
        *overview(first_port),
        "A command for each: .venv/bin/python -m callsphere.local.sandbox --list",
    ]
    return [f"{'' if number else 'Carriers:':<10}{line}" for number, line in enumerate(lines)]


def _answer(port: int, path: str) -> int | None:
    """Return the status that a server on this machine answers with, or None when there is none."""
    with contextlib.closing(HTTPConnection(LOOPBACK, port, timeout=2)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return None


def _make_watcher() -> Callable[[], bool]:
    """Return a question: has the `make` that started us ended, or been interrupted?

    A terminal's Ctrl-C reaches us too. A signal sent to make alone does not: on SIGINT make only waits for us
    with the signal blocked, and a killed make tells nobody.
    """
    parent = os.getppid()
    status = Path(f"/proc/{parent}/status")
    if "MAKELEVEL" not in os.environ:
        return lambda: False
    return lambda: os.getppid() != parent or _blocks_interrupt(status)


def _blocks_interrupt(status: Path) -> bool:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return False
    blocked = next((int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")), 0)
    return bool(blocked & 1 << (signal.SIGINT - 1))
