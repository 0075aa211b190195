"""Which of us answers a request of the peer's, and where the answer goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from callsphere.sip.dialog import answer_outside
from callsphere.sip.message import Request, Response
from callsphere.sip.transaction import IncomingRequest

ReplyPath = Callable[[bytes], None]
"""Sends a message back to where a request came from."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a request of the peer's came from, for its answers and the trace."""

    path: ReplyPath
    label: str


class DialogOwner(Protocol):
    """Whoever has dialogs that the peer may send requests in."""

    def take_request(self, request: Request, path: ReplyPath) -> Response | None:
        """Answer a request of one's own dialogs; None for others'."""

    def take_ack(self, request: Request) -> bool:
        """Take an ACK of one's own dialogs; whether it was one."""


def answer_to(
    event: IncomingRequest, path: ReplyPath, owners: Iterable[DialogOwner], product: str
) -> Response | None:
    """The answer of the dialog that a request belongs to, else that of a user agent with no dialog for it."""
    request = event.request
    to_tag = os.urandom(6).hex()
    if event.merged:
        return request.respond(482, to_tag=to_tag)  # RFC 3261 §8.2.2.2
    if request.method == "CANCEL":
        return request.respond(200 if event.cancels is not None else 481, to_tag=to_tag)
    for owner in owners:
        response = owner.take_request(request, path)
        if response is not None:
            return response
    return answer_outside(request, to_tag=to_tag, user_agent=product)
