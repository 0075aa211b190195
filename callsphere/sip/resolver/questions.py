"""Datagrams to name servers, each from a socket of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

_MAX_DATAGRAM = 65535
_AT_A_TIME = 16
"""How many datagrams of one socket are read before others have their turn."""

_Reply = TypeVar("_Reply")


async def ask(
    server: tuple[str, int], request: bytes, read: Callable[[bytes], _Reply | None], *, timeout_s: float
) -> _Reply | None:
    """Send a datagram to a numeric address and port; give what `read` makes of the first one it takes.

    `read` gives None for what is no answer, and may raise for one that it does not want to read: then that
    is raised here. None when nothing came in time, or the system says that nobody is there.

    The socket is fresh and connected to the server: its port is the system's random choice, and the kernel
    lets in nothing but what comes from the server's address. So whoever forges an answer has to guess the
    port as well as what the question holds (RFC 5452 §9.2).
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Reply | None] = loop.create_future()
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    try:
        asking = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    except OSError:
        return None
    with asking:
        try:
            asking.connect(server)
            asking.send(request)
        except OSError:
            return None
        descriptor = asking.fileno()
        loop.add_reader(descriptor, _receive, asking, read, answer)
        timer = loop.call_later(timeout_s, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()
            loop.remove_reader(descriptor)


def _receive(
    asking: socket.socket,
    read: Callable[[bytes], _Reply | None],
    answer: asyncio.Future[_Reply | None],
) -> None:
    for _ in range(_AT_A_TIME):
        if answer.done():
            return
        try:
            reply = read(asking.recv(_MAX_DATAGRAM))
        except BlockingIOError:
            return
        except OSError:  # the server's port is closed, say
            answer.set_result(None)
        except ValueError as error:
            answer.set_exception(error)
        else:
            if reply is not None:
                answer.set_result(reply)


def _give_up(answer: asyncio.Future[_Reply | None]) -> None:
    if not answer.done():
        answer.set_result(None)
