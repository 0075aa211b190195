"""<Connect><Stream> as the double plays it, with a WebSocket server at the other end."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from callsphere.local.sandbox.certificates import server_contexts
from callsphere.providers.twilio import twiml
from tests.voice_peers import OurSide, Phone
from tests.waiting import wait_until

SECOND = base64.b64encode(b"\x00" * 8000).decode()


class Bridge:
    """A server of ours: keeps what the double tells, and does what the test says when a stream begins."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "wss" if tls else "ws"
        self.told: list[dict[str, Any]] = []
        self.signature = ""
        self._sockets: list[ServerConnection] = []
        self.on_start: Callable[[ServerConnection], None] = lambda _socket: None
        self._server: Server = serve(self._serve, "127.0.0.1", 0, ssl=tls)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.socket.getsockname()[1]}/media"

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in list(self.told) if each["event"] == kind]

    def hang_up(self) -> None:
        """Close the stream from our side."""
        for socket in self._sockets:
            socket.close()

    def stop(self) -> None:
        self.hang_up()
        self._server.shutdown()
        self._thread.join(10)

    def _serve(self, socket: ServerConnection) -> None:
        assert socket.request
        self._sockets.append(socket)
        self.signature = socket.request.headers["X-Twilio-Signature"]
        try:
            for text in socket:
                self.told.append(json.loads(text))
                if self.told[-1]["event"] == "start":
                    self.on_start(socket)
        except ConnectionClosed:
            pass


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.stop()


@pytest.fixture
def sealed_bridge(tmp_path: Path) -> Iterator[Bridge]:
    made = Bridge(server_contexts(tmp_path, datetime.now(UTC))["stranger"])
    yield made
    made.stop()


def connect(phone: Phone, bridge: Bridge) -> None:
    action, callback = f"{phone.ours.url}/next", f"{phone.ours.url}/stream"
    phone.ours.documents["/voice"] = twiml.connect_stream(
        bridge.url, {"token": "a&b"}, action=action, status_callback=callback
    )
    phone.says("/next", "<Say>And then.</Say>")


def test_a_server_of_this_machine_is_believed_whatever_its_certificate(
    phone: Phone, ours: OurSide, sealed_bridge: Bridge
) -> None:
    connect(phone, sealed_bridge)
    sid = phone.ring()
    wait_until(lambda: sealed_bridge.events("media"))
    sealed_bridge.hang_up()
    assert phone.over(sid)["said"] == ["And then."]


def test_stream_tells_what_it_is_and_ends_when_our_side_closes_it(
    phone: Phone, ours: OurSide, bridge: Bridge
) -> None:
    connect(phone, bridge)
    sid = phone.ring()
    wait_until(lambda: len(bridge.events("media")) >= 3)
    bridge.hang_up()
    call = phone.over(sid)

    start = bridge.events("start")[0]
    assert bridge.told[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["start"] == {
        "streamSid": start["streamSid"],
        "accountSid": phone.account.account_sid,
        "callSid": sid,
        "tracks": ["inbound"],
        "customParameters": {"token": "a&b"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    first = bridge.events("media")[0]
    assert (first["sequenceNumber"], first["media"]["chunk"], first["media"]["track"]) == (
        "2",
        "1",
        "inbound",
    )
    assert base64.b64decode(first["media"]["payload"]) == b"\xff" * 160
    assert call["said"] == ["And then."]
    assert [fields["StreamEvent"] for fields in ours.told("/stream")] == ["stream-started", "stream-stopped"]
    assert {fields["StreamSid"] for fields in ours.told("/stream")} == {start["streamSid"]}
    assert RequestValidator(phone.token).validate(bridge.url, {}, bridge.signature)
    assert phone.all_are_signed()


def test_caller_hears_what_is_sent_and_marks_come_back(phone: Phone, bridge: Bridge) -> None:
    def speak(socket: ServerConnection) -> None:
        for message in (
            {"event": "media", "media": {"payload": SECOND}},
            {"event": "mark", "mark": {"name": "said"}},
            {"event": "clear"},
            {"event": "dance"},
        ):
            socket.send(json.dumps(message))

    bridge.on_start = speak
    connect(phone, bridge)
    sid = phone.ring()
    wait_until(lambda: bridge.events("mark"))
    phone.control(f"calls/{sid}/hangup", {})
    call = phone.over(sid)
    wait_until(lambda: bridge.events("stop"))

    assert bridge.events("mark")[0]["mark"] == {"name": "said"}
    assert bridge.events("stop")[0]["stop"]["callSid"] == sid
    assert [event["heard_s"] for event in call["events"] if event.get("status") == "stopped"] == [1.0]
    assert [event["code"] for event in call["events"] if event["kind"] == "trouble"] == [31951]
    assert call["said"] == []


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9/media", "wss://elsewhere.example/media"])
def test_stream_that_cannot_be_opened_lets_the_call_go_on(phone: Phone, ours: OurSide, url: str) -> None:
    phone.says(
        "/voice", f"<Connect><Stream url='{url}' statusCallback='/stream'/></Connect><Say>Sorry.</Say>"
    )

    call = phone.play()

    assert call["said"] == ["Sorry."]
    assert [fields["StreamEvent"] for fields in ours.told("/stream")] == ["stream-error"]
    assert ours.told("/stream")[0]["StreamError"].startswith("31902 ")
