"""Peers of calls that Twilio's double plays: our side with TwiML from a script, and OpenAI's side."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from twilio.request_validator import RequestValidator

from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.providers.twilio import accounts, numbers
from callsphere.providers.twilio.account import TwilioAccount
from tests.twilio_double import FAST as FAST  # for tests that turn the double's pace
from tests.twilio_double import DoubledTwilio
from tests.waiting import wait_until

NUMBER, CALLER = "+14155550101", "+12125550100"
AGENT = "sip:proj_1@sip.api.openai.com;transport=tls"


@dataclass
class Asked:
    """A request of the double: path without query, fields, and the proof that it sent it."""

    path: str
    fields: dict[str, str]
    url: str
    signature: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(10)


class _Quiet(BaseHTTPRequestHandler):
    def body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        pass


class OurSide(_Server):
    """Answers a path with its TwiML, a status, or what a function says; keeps what was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, str | int | Callable[[dict[str, str]], str]] = {}
        self.asked: list[Asked] = []
        super().__init__(_Answering)

    def told(self, path: str) -> list[dict[str, str]]:
        """Return the fields of what came to a path."""
        return [each.fields for each in list(self.asked) if each.path == path]

    def statuses(self, path: str) -> list[str]:
        """Return the statuses of calls that came to a path."""
        return [fields["CallStatus"] for fields in self.told(path)]


class _Answering(_Quiet):
    server: OurSide

    def do_POST(self) -> None:
        fields = dict(parse_qsl(self.body(), keep_blank_values=True))
        self._answer(fields)

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))

    def _answer(self, fields: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        url = f"{self.server.url}{self.path}"
        self.server.asked.append(Asked(path, fields, url, self.headers["X-Twilio-Signature"]))
        document = self.server.documents.get(path, "<Response/>")
        if isinstance(document, int):
            self.reply(document, "")
        else:
            self.reply(200, document if isinstance(document, str) else document(fields))


@dataclass
class AgentCall:
    """A call at OpenAI's side."""

    to: str
    headers: dict[str, str]
    script: str | None
    state: dict[str, Any] = field(
        default_factory=lambda: {"status": "ringing", "status_code": 0, "ended_by": None, "referred_to": None}
    )


class OpenAISide(_Server):
    """OpenAI's double as Twilio's sees it: calls that ring until the test says how they go on."""

    def __init__(self) -> None:
        self.calls: dict[str, AgentCall] = {}
        self.first_state: dict[str, Any] = {"status": "accepted", "status_code": 200}
        super().__init__(_Agents)

    def wait_for_call(self, count: int = 1) -> AgentCall:
        """Return the newest call once there are so many."""
        wait_until(lambda: len(self.calls) >= count)
        return list(self.calls.values())[count - 1]


class _Agents(_Quiet):
    server: OpenAISide

    def do_POST(self) -> None:
        body = json.loads(self.body())
        if self.path.endswith("/hangup"):
            self._call().state |= {"status": "ended", "ended_by": "caller"}
            self.reply(200, "{}")
            return
        headers = {each["name"]: each["value"] for each in body["sip_headers"]}
        call = AgentCall(body["to"], headers, body.get("script"))
        call.state |= self.server.first_state
        call_id = f"rtc_{len(self.server.calls)}"
        self.server.calls[call_id] = call
        self.reply(201, json.dumps({"call_id": call_id}))

    def do_GET(self) -> None:
        self.reply(200, json.dumps(self._call().state))

    def _call(self) -> AgentCall:
        return self.server.calls[self.path.split("/")[3]]


@dataclass
class Phone:
    """A bought number, its addresses at our side, and a way to call it."""

    twilio: DoubledTwilio
    ours: OurSide
    account: TwilioAccount
    token: str
    client: httpx.Client

    def says(self, path: str, twiml: str) -> None:
        """Have our side answer a path with the verbs of a document."""
        self.ours.documents[path] = f"<Response>{twiml}</Response>"

    def ring(self, **options: Any) -> str:
        """Call the number and return the call's id; the call goes on by itself."""
        values = {"to": NUMBER, "from": CALLER, "play": True, **options}
        answer = self.control("calls", values)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sid"])

    def play(self, **options: Any) -> dict[str, Any]:
        """Call the number, and return how the call stands when all is over and told."""
        return self.over(self.ring(**options))

    def over(self, sid: str) -> dict[str, Any]:
        """Return how a call stands when all is over and told."""
        wait_until(lambda: self.state(sid)["is_over"])
        return self.state(sid)

    def state(self, sid: str) -> dict[str, Any]:
        """Return how a call stands."""
        url = f"{self.twilio.url}/_double/calls/{sid}"
        found: dict[str, Any] = self.client.get(url).json()
        return found

    def wait_for_leg(self, sid: str, status: str) -> dict[str, Any]:
        """Return the first leg with a status, once there is one."""
        wait_until(lambda: any(leg["status"] == status for leg in self.state(sid)["legs"]))
        return next(leg for leg in self.state(sid)["legs"] if leg["status"] == status)

    def control(self, name: str, values: dict[str, Any]) -> httpx.Response:
        """Ask a control of the double."""
        return self.client.post(f"{self.twilio.url}/_double/{name}", json=values)

    def all_are_signed(self) -> bool:
        """Whether the account's token proves everything that was asked and told."""
        validator = RequestValidator(self.token)
        return all(validator.validate(each.url, each.fields, each.signature) for each in self.ours.asked)


@pytest.fixture
def ours() -> Iterator[OurSide]:
    side = OurSide()
    yield side
    side.stop()


@pytest.fixture
def openai_side(twilio: DoubledTwilio) -> Iterator[OpenAISide]:
    """OpenAI's side, where the double leads calls for OpenAI."""
    side = OpenAISide()
    twilio.twilio.switchboard.agents = AgentSide(base=side.url)
    yield side
    side.stop()


@pytest.fixture
def phone(twilio: DoubledTwilio, ours: OurSide) -> Iterator[Phone]:
    """A number whose addresses are /voice, /fallback and /status; calls take no time."""
    account = twilio.tenant_account()
    urls = numbers.NumberUrls(
        voice=f"{ours.url}/voice", voice_fallback=f"{ours.url}/fallback", status_callback=f"{ours.url}/status"
    )
    numbers.buy_number(account, NUMBER, label="", urls=urls)
    token = accounts.find_or_create_subaccount(twilio.parent, name="acme").auth_token
    with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
        yield Phone(twilio, ours, account, token, client)
