"""What the peer asks inside the dialogs of one call, and our answers."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable

from callsphere.sip.agent.answering import ReplyPath
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Dialog, PeerEvent, Reaction, SuccessRetransmission, receive_request
from callsphere.sip.message import Request, Response


class PeerSide:
    """Answers requests in `dialogs()`; `happened` hears what each of them was, None after an ACK."""

    def __init__(
        self,
        agent: UserAgent,
        dialogs: Callable[[], Iterable[Dialog]],
        happened: Callable[[Dialog, Reaction | None], None],
    ) -> None:
        self._agent = agent
        self._dialogs = dialogs
        self._happened = happened
        self._successes: dict[SuccessRetransmission, asyncio.Task[None]] = {}
        agent.owners.append(self)

    def take_request(self, request: Request, path: ReplyPath) -> Response | None:
        """Answer a request in one of the dialogs; None for others'."""
        dialog = self._dialog_of(request)
        if dialog is None:
            return None
        now = time.monotonic()
        reaction = receive_request(dialog, request, now=now, chance=random.random())  # noqa: S311 (no secret)
        if reaction.response is not None and request.method == "INVITE" and reaction.response.status == 200:
            success = SuccessRetransmission(reaction.response, now)
            self._successes[success] = self._agent.spawn(self._repeat(success, path))
        self._happened(dialog, reaction)
        return reaction.response

    def take_ack(self, request: Request) -> bool:
        """Take the ACK of a peer's re-INVITE; whether it belonged to one of the dialogs."""
        dialog = self._dialog_of(request)
        if dialog is None:
            return False
        receive_request(dialog, request, now=time.monotonic(), chance=0.0)
        for success in self._successes:
            success.acknowledge(request)
        self._happened(dialog, None)
        return True

    def stop(self) -> None:
        """The call is over: nothing is repeated any more."""
        for task in self._successes.values():
            task.cancel()
        self._successes.clear()

    async def _repeat(self, success: SuccessRetransmission, path: ReplyPath) -> None:
        """Repeat our 2xx until its ACK is here (RFC 3261 §13.3.1.4)."""
        while (due := success.next_timer()) is not None:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            response = success.handle_timer(time.monotonic())
            if response is not None:
                self._agent.send_again(response, path)

    def _dialog_of(self, request: Request) -> Dialog | None:
        return next((dialog for dialog in self._dialogs() if dialog.matches(request)), None)


def is_hang_up(reaction: Reaction | None) -> bool:
    """Whether the peer ended the call."""
    return reaction is not None and reaction.event is PeerEvent.BYE
