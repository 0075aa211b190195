"""A name server on loopback in a process of its own, so that what it takes is nobody else's.

Every name has the address 127.0.0.1 and no other record; the SOA lets that news hold an hour (RFC 2308 §5).
Prints its port when it is ready and ends with its standard input.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TTL_S = 3600
_A, _SOA, _IN = 1, 6, 1
_ANSWERED = 0x8580
"""Flags of RFC 1035 §4.1.1: a response, authoritative, recursion desired and available, no error."""


@contextmanager
def name_server() -> Iterator[tuple[str, int]]:
    """Run one; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.name_server"],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:  # closes the pipes and waits at the end
        assert process.stdout is not None
        yield "127.0.0.1", int(process.stdout.readline())


def reply_to(query: bytes) -> bytes:
    """The response to a query of one question (RFC 1035 §4.1); raise ValueError for half a one."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    wants_address = struct.unpack(">H", query[end - 4 : end - 2])[0] == _A
    # 0xC00C points at the name of the question (§4.1.4).
    header = query[:2] + struct.pack(">5H", _ANSWERED, 1, int(wants_address), int(not wants_address), 0)
    if wants_address:
        return header + question + struct.pack(">3HIH4B", 0xC00C, _A, _IN, TTL_S, 4, 127, 0, 0, 1)
    soa = struct.pack(">HH5I", 0xC00C, 0xC00C, 1, TTL_S, TTL_S, TTL_S, TTL_S)
    return header + question + struct.pack(">3HIH", 0xC00C, _SOA, _IN, TTL_S, len(soa)) + soa


def _serve(server: socket.socket) -> None:
    while True:
        query, peer = server.recvfrom(512)
        server.sendto(reply_to(query), peer)


def main() -> None:
    """Serve until the input ends."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(server,), daemon=True).start()
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
