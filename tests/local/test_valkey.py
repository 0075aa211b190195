"""The embedded Valkey: a password, loopback alone, and a queue that survives a restart."""

import stat
from pathlib import Path

import pytest
import redis

from callsphere.local.ports import LOOPBACK
from callsphere.local.valkey import ValkeyServer


def test_keeps_what_was_queued_and_drops_nothing(local: Path) -> None:
    server = ValkeyServer(local)
    port = server.start("s3cret")
    try:
        client = redis.Redis(host=LOOPBACK, port=port, password="s3cret")
        client.rpush("queue", "one")
        settings = client.config_get("bind", "appendonly", "appendfsync", "maxmemory-policy")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host=LOOPBACK, port=port).ping()
    finally:
        server.stop()
    pid_gone = server.pid is None
    again = ValkeyServer(local)
    try:
        kept_port = again.start("s3cret", port)
        queued = redis.Redis(host=LOOPBACK, port=port, password="s3cret").lrange("queue", 0, -1)
    finally:
        again.stop()

    assert settings == {
        "bind": LOOPBACK,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    assert pid_gone
    assert kept_port == port
    assert queued == [b"one"]


def test_password_is_in_a_private_file(local: Path) -> None:
    server = ValkeyServer(local, throwaway=True)
    try:
        server.start("s3cret")
        command_line = Path(f"/proc/{server.pid}/cmdline").read_bytes()
    finally:
        server.stop()

    assert b"s3cret" not in command_line
    assert stat.S_IMODE((local / "valkey" / "valkey.conf").stat().st_mode) == 0o600
