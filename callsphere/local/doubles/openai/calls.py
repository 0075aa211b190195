"""Calls: how far each is, who is attached to it, and what was said."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.openai import sessions
from callsphere.local.doubles.openai.scripts import Script
from callsphere.local.doubles.openai.sockets import Socket

Record = dict[str, Any]


@dataclass
class Ways:
    """How fast things happen, in seconds. A `pace` of 1 is how people speak; 0 waits for nobody to speak."""

    pace: float = 1.0
    greeting_s: float = 3.0
    """How long callers wait for the agent to speak first."""
    patience_s: float = 10.0
    """How long they wait for an answer before they hang up."""
    ring_s: float = 20.0
    longest_s: float = 3600.0


def new_id(prefix: str) -> str:
    """Return a fresh id in OpenAI's form."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Call:
    """A call that came in over SIP. `status`: ringing, accepted, rejected or ended."""

    def __init__(self, sip_headers: list[dict[str, str]], script: Script) -> None:
        self.call_id = new_id("rtc")
        self.sip_headers = sip_headers
        self.script = script
        self.status = "ringing"
        self.status_code: int | None = None
        self.ended_by: str | None = None
        self.referred_to: str | None = None
        self.session: Record = {}
        """Empty until it is accepted."""
        self.transcript: list[Record] = []
        self.is_attached = asyncio.Event()
        self.when_over: list[Callable[[], object]] = []
        self._sockets: list[Socket] = []

    @property
    def is_live(self) -> bool:
        """Whether it was accepted, and is not over."""
        return self.status == "accepted"

    def accept(self, session: Record) -> None:
        """Begin with a session that was checked."""
        self.status = "accepted"
        self.session = sessions.opened(new_id("sess"), session)

    def reject(self, status_code: int) -> None:
        """Refuse it with a SIP status."""
        self.status, self.status_code = "rejected", status_code
        self._finish()

    def end(self, by: str) -> None:
        """End it, by `caller`, `agent` or `timeout`; nothing when it is over."""
        if self.status in ("ringing", "accepted"):
            self.status, self.ended_by = "ended", by
            self._finish()

    def give_up(self) -> None:
        """End it unless it was answered."""
        if self.status == "ringing":
            self.end("timeout")

    def attach(self, socket: Socket) -> None:
        """Let one more client follow."""
        self._sockets.append(socket)
        socket.send(event("session.created", session=sessions.shown(self.session)))
        self.is_attached.set()

    def detach(self, socket: Socket) -> None:
        """Forget a client."""
        self._sockets.remove(socket)

    def emit(self, kind: str, **fields: Any) -> None:
        """Tell everybody who is attached."""
        told = event(kind, **fields)
        for socket in list(self._sockets):
            socket.send(told)

    def note(self, speaker: str, text: str) -> None:
        """Keep what was said, for tests to read: by `caller`, `agent`, `function` or `result`."""
        self.transcript.append({"speaker": speaker, "text": text})

    def state(self) -> Record:
        """Return what the other end of the line may know."""
        return {
            "status": self.status,
            "status_code": self.status_code,
            "ended_by": self.ended_by,
            "referred_to": self.referred_to,
        }

    def listed(self) -> Record:
        """Return everything, for tests and tools."""
        return {
            "call_id": self.call_id,
            "script": self.script.name,
            "sip_headers": self.sip_headers,
            **self.state(),
            "attached": len(self._sockets),
            "session": sessions.shown(self.session) if self.session else None,
            "transcript": self.transcript,
        }

    def _finish(self) -> None:
        for socket in self._sockets:
            socket.close()
        for act in self.when_over:
            act()


def event(kind: str, **fields: Any) -> Record:
    """Return a server's event."""
    return {"type": kind, "event_id": new_id("event"), **fields}
