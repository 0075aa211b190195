"""All that the double knows: its project, the calls, what is to go wrong. It lives in one event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from callsphere.local.doubles.openai import scripts
from callsphere.local.doubles.openai.calls import Call, Ways
from callsphere.local.doubles.openai.conversation import Conversation
from callsphere.local.doubles.openai.faults import WEBHOOK, Faults
from callsphere.local.doubles.openai.playing import Play
from callsphere.local.doubles.openai.sockets import Socket
from callsphere.local.doubles.openai.webhooks import Sender

_MOST_CALLS = 1000
_REFERRED_S = 2.0
_HEADERS = ("From", "To", "Call-ID")


class Exchange:
    """One project at OpenAI, with its callers."""

    def __init__(self, *, key: str, project: str, sender: Sender, ways: Ways) -> None:
        self.key = key
        self.project = project
        self.ways = ways
        self.calls: dict[str, Call] = {}
        self.faults = Faults()
        self._sender = sender
        self._conversations: dict[str, Conversation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ring(self, to: str, sip_headers: list[dict[str, str]], script: str | None) -> Call:
        """Let a call come in, and tell the product. Raises NoSuchScript."""
        call = Call(_completed(to, sip_headers), scripts.find(script))
        self.calls[call.call_id] = call
        for old in list(self.calls)[:-_MOST_CALLS]:
            if self.calls[old].status in ("rejected", "ended"):
                del self.calls[old]
        self._later(call, self.ways.ring_s, call.give_up)
        data = {"call_id": call.call_id, "sip_headers": call.sip_headers, "sip_media_security": "srtp"}
        fault = self.faults.take(WEBHOOK, ("drop", "double"))
        copies = 1 if fault is None else {"drop": 0, "double": 2}[fault.kind]
        self._sender.send("realtime.call.incoming", data, copies=copies)
        return call

    def accept(self, call: Call, session: dict[str, Any]) -> None:
        """Answer a call, and let its caller begin."""
        call.accept(session)
        self._conversations[call.call_id] = conversation = Conversation(call)
        call.when_over.append(lambda: self._conversations.pop(call.call_id, None))
        self._run(call, Play(conversation, self.ways, self.faults).run())

    def refer(self, call: Call, target: str) -> None:
        """Hand the caller over: whoever connects them ends this leg, or it ends by itself."""
        call.referred_to = target
        self._later(call, _REFERRED_S * self.ways.pace, lambda: call.end("agent"))

    async def follow(self, call: Call, socket: Socket) -> None:
        """Serve one client of a call until it leaves or the call ends."""
        conversation = self._conversations[call.call_id]
        call.attach(socket)
        try:
            async for message in socket.messages():
                if call.is_live:
                    conversation.take(socket, message)
        finally:
            call.detach(socket)

    def _later(self, call: Call, seconds: float, act: Any) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()

        self._run(call, wait())

    def _run(self, call: Call, work: Any) -> None:
        """Run something that ends with the call."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        call.when_over.append(lambda: task is not asyncio.current_task() and task.cancel())


def _completed(to: str, sip_headers: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the INVITE's headers; those that every INVITE has are added where they are missing."""
    there = {each["name"].lower() for each in sip_headers}
    usual = {
        "From": "<sip:+14155550123@carrier.example>;tag=double",
        "To": f"<{to.partition('?')[0]}>",
        "Call-ID": "double@carrier.example",
    }
    missing = [{"name": name, "value": usual[name]} for name in _HEADERS if name.lower() not in there]
    return [*missing, *sip_headers]
