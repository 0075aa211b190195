"""<Connect><Stream>: the call's sound over a WebSocket, both ways, until one side closes it.

The messages are those of Twilio's Media Streams: connected, start, media (20 ms of μ-law silence each, the
caller says nothing), mark and stop; from the other side media, mark and clear.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from callsphere.local.doubles.twilio.callbacks import is_here
from callsphere.local.doubles.twilio.store import new_sid
from callsphere.local.doubles.twilio.voice.documents import Document
from callsphere.local.doubles.twilio.voice.live import Broken
from callsphere.local.doubles.twilio.voice.stage import Stage

REFUSED = 31902
_FRAME_S, _FRAME = 0.02, base64.b64encode(b"\xff" * 160).decode()
_RATE = 8000
_PATIENCE_S = 10.0


def connect_stream(stage: Stage, element: Element, document: Document) -> Document | None:
    """Carry out one <Connect> and return what its action says, if it has one."""
    stage.answer()
    stream = element.find("Stream")
    if stream is not None:
        _Stream(stage, stream, document).run()
    return stage.follow(element, document, {})


def _any_certificate() -> ssl.SSLContext:
    """Take any certificate: nobody vouches for a server on this machine."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class _Stream:
    """One stream. `speaks_until` is when the caller has heard what the other side has sent so far."""

    stage: Stage
    element: Element
    document: Document
    sid: str = field(default_factory=lambda: new_sid("MZ"))
    sequence: int = 0
    chunk: int = 0
    heard_s: float = 0.0
    speaks_until: float = 0.0
    marks: list[tuple[float, str]] = field(default_factory=list)

    def run(self) -> None:
        url = self.element.get("url") or ""
        try:
            socket = self._open(url)
        except (OSError, WebSocketException, TimeoutError) as error:
            self.stage.live.note("trouble", why=f"{url}: {error}", code=REFUSED)
            self._tell("stream-error", StreamError=f"{REFUSED} {error}")
            return
        with socket:
            self._tell("stream-started")
            self.stage.live.note("stream", status="started", url=url)
            try:
                self._talk(socket)
            except ConnectionClosed:
                pass  # the other side is done
            finally:
                self.stage.live.note("stream", status="stopped", heard_s=round(self.heard_s, 2))
                self._tell("stream-stopped")

    def _open(self, url: str) -> ClientConnection:
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not is_here(parts.hostname or ""):
            raise OSError("the double connects to this machine alone")
        signature = RequestValidator(self.stage.live.account["auth_token"]).compute_signature(url, {})
        headers = {"X-Twilio-Signature": signature}
        tls = _any_certificate() if parts.scheme == "wss" else None
        return connect(url, additional_headers=headers, proxy=None, open_timeout=_PATIENCE_S, ssl=tls)

    def _talk(self, socket: ClientConnection) -> None:
        live = self.stage.live
        socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        self._send(socket, "start", start=self._start())
        began = live.now
        try:
            while True:
                live.wait(_FRAME_S, by_the_clock=True)
                self.chunk += 1
                stamp = str(int((live.now - began) * 1000))
                media = {"track": "inbound", "chunk": str(self.chunk), "timestamp": stamp, "payload": _FRAME}
                self._send(socket, "media", media=media)
                self._hear(socket)
                self._return_marks(socket)
        except Broken:
            self._send(socket, "stop", stop={"accountSid": live.account["sid"], "callSid": live.sid})
            raise

    def _start(self) -> dict[str, Any]:
        live = self.stage.live
        parameters = {each.get("name"): each.get("value") for each in self.element.findall("Parameter")}
        return {
            "streamSid": self.sid,
            "accountSid": live.account["sid"],
            "callSid": live.sid,
            "tracks": ["inbound"],
            "customParameters": parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": _RATE, "channels": 1},
        }

    def _send(self, socket: ClientConnection, event: str, **what: Any) -> None:
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence), "streamSid": self.sid, **what}
        socket.send(json.dumps(message))

    def _hear(self, socket: ClientConnection) -> None:
        """Take whatever the other side has sent meanwhile."""
        while True:
            try:
                text = socket.recv(timeout=0)
            except TimeoutError:
                return
            try:
                self._take(json.loads(text))
            except (ValueError, KeyError, TypeError, binascii.Error) as error:
                self.stage.live.note("trouble", why=f"a message of the stream is wrong: {error}", code=31951)

    def _take(self, message: dict[str, Any]) -> None:
        now = self.stage.live.now
        if message["event"] == "media":
            seconds = len(base64.b64decode(message["media"]["payload"], validate=True)) / _RATE
            self.heard_s += seconds
            self.speaks_until = max(self.speaks_until, now) + seconds
        elif message["event"] == "mark":
            self.marks.append((self.speaks_until, str(message["mark"]["name"])))
        elif message["event"] == "clear":
            self.speaks_until = now
            self.marks = [(now, name) for _moment, name in self.marks]
        else:
            raise ValueError(f"{message['event']} is no event of a stream")

    def _return_marks(self, socket: ClientConnection) -> None:
        """A mark comes back when the caller has heard what was sent before it."""
        now = self.stage.live.now
        reached = [name for moment, name in self.marks if moment <= now]
        self.marks = [each for each in self.marks if each[0] > now]
        for name in reached:
            self._send(socket, "mark", mark={"name": name})

    def _tell(self, event: str, **more: str) -> None:
        url = self.element.get("statusCallback")
        if not url:
            return
        fields = {
            "AccountSid": str(self.stage.live.account["sid"]),
            "CallSid": self.stage.live.sid,
            "StreamSid": self.sid,
            "StreamName": self.element.get("name") or self.sid,
            "StreamEvent": event,
            "Timestamp": datetime.fromtimestamp(self.stage.moment, UTC).isoformat(),
            **more,
        }
        method = self.element.get("statusCallbackMethod") or "POST"
        self.stage.mailbox.post(self.document.address.near(url).url, method, fields)
