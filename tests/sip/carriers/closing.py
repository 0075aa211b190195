"""Carriers that close their connections."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

from tests.sip.carriers.laboratory import Carrier


def closing(carrier: Carrier, ends_after: Callable[[str], bool]) -> Callable[[socket.socket], None]:
    """A connection that the carrier closes when it has taken a message that `ends_after` says so of."""

    def script(connection: socket.socket) -> None:
        buffer = b""
        while piece := connection.recv(65536):
            buffer += piece
            while b"\r\n\r\n" in buffer:
                head, _, rest = buffer.partition(b"\r\n\r\n")
                found = re.search(rb"(?im)^content-length\s*:\s*(\d+)", head)
                length = int(found[1]) if found else 0
                if len(rest) < length:
                    break
                buffer = rest[length:]
                carrier.take(head + b"\r\n\r\n" + rest[:length], connection.sendall)
                if ends_after(head.split(b" ")[0].decode()):
                    connection.shutdown(socket.SHUT_RDWR)
                    connection.close()
                    return

    return script
