"""Free ports on 127.0.0.1, chosen so that several checkouts run side by side."""

import socket
import zlib
from urllib.parse import urlsplit

from callsphere.local.errors import CannotStart

# Below Linux's ephemeral range (from 32768): no outgoing connection sits on a port that we keep.
_FIRST, _COUNT = 25000, 5000
LOOPBACK = "127.0.0.1"


def is_free(port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Say whether a server could use the port now: TCP unless `kind` says UDP (SOCK_DGRAM)."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # Connections of a server that has just stopped (TIME_WAIT) do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def next_free(port: int) -> int:
    """Return the first free port from `port` upwards."""
    for candidate in range(port, min(port + 1000, 65536)):
        if is_free(candidate):
            return candidate
    raise CannotStart(f"No free port on {LOOPBACK} from {port} upwards")


def port_of(url: str) -> int:
    """Return the port of an address, 0 (any that is free) when it has none."""
    return urlsplit(url).port or 0


def choose(purpose: str, kept: int | None = None) -> int:
    """Return the kept port when it is free, else one that `purpose` (a checkout and a server) leads to."""
    if kept is not None and is_free(kept):
        return kept
    start = zlib.crc32(purpose.encode()) % _COUNT
    for step in range(_COUNT):
        candidate = _FIRST + (start + step) % _COUNT
        if is_free(candidate):
            return candidate
    raise CannotStart(f"No free port on {LOOPBACK} from {_FIRST} to {_FIRST + _COUNT - 1}")


def choose_block(first: int, size: int, kept: int | None = None) -> int:
    """Return the start of `size` free ports, TCP and UDP: the kept one, else `first`, else hundreds on."""
    candidates = [*([kept] if kept else []), *range(first, first + 5000, 100)]
    for start in candidates:
        if all(is_free(port) and is_free(port, socket.SOCK_DGRAM) for port in range(start, start + size)):
            return start
    raise CannotStart(f"No {size} free ports in a row on {LOOPBACK} from {first} upwards")
