"""The double as the real SDK, the telephone side and the product's webhook see it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from callsphere.providers.openai import sip_address
from tests.openai_double import KEY, PROJECT, WEBHOOK_SECRET, DoubledOpenAI
from tests.waiting import wait_until


class Inbox:
    """Takes webhooks: answers the statuses it was given, then 200."""

    def __init__(self) -> None:
        inbox = self
        self.statuses: list[int] = []
        self.taken: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.taken.append((dict(self.headers.items()), body))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/openai/"


@pytest.fixture
def inbox(openai_double: DoubledOpenAI) -> Iterator[Inbox]:
    inbox = Inbox()
    thread = threading.Thread(target=inbox.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    openai_double.send_webhooks_to(inbox.url)
    yield inbox
    inbox.server.shutdown()
    inbox.server.server_close()
    thread.join(10)


@pytest.fixture
def sdk(openai_double: DoubledOpenAI) -> Iterator[OpenAI]:
    with OpenAI(
        api_key=KEY,
        project=PROJECT,
        base_url=f"{openai_double.url}/v1",
        webhook_secret=WEBHOOK_SECRET,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def ask(double: DoubledOpenAI, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{double.url}{path}", json=body, trust_env=False, timeout=60)


# Webhooks


def test_webhook_is_one_that_the_sdk_believes(
    openai_double: DoubledOpenAI, inbox: Inbox, sdk: OpenAI
) -> None:
    call_id = openai_double.ring(X_Cs_Call="token", Diversion="<sip:+14155550100@twilio.com>")

    wait_until(lambda: inbox.taken)
    headers, body = inbox.taken[0]
    event = sdk.webhooks.unwrap(body, headers)

    assert event.type == "realtime.call.incoming"
    assert (event.data.call_id, event.data.sip_media_security) == (call_id, "srtp")
    assert [(each.name, each.value) for each in event.data.sip_headers] == [
        ("From", "<sip:+14155550123@carrier.example>;tag=double"),
        ("To", f"<{sip_address()}>"),
        ("Call-ID", "double@carrier.example"),
        ("X-Cs-Call", "token"),
        ("Diversion", "<sip:+14155550100@twilio.com>"),
    ]


def test_webhook_nobody_took_is_sent_again(openai_double: DoubledOpenAI, inbox: Inbox, sdk: OpenAI) -> None:
    inbox.statuses = [500, 302]
    openai_double.ring()

    wait_until(lambda: len(inbox.taken) == 3)

    assert len({headers["webhook-id"] for headers, _body in inbox.taken}) == 1
    assert len({sdk.webhooks.unwrap(body, headers).id for headers, body in inbox.taken}) == 1


def test_webhook_may_come_twice_or_not_at_all(openai_double: DoubledOpenAI, inbox: Inbox) -> None:
    openai_double.fail(kind="drop", action="webhook")
    openai_double.fail(kind="double", action="webhook")
    openai_double.ring()
    second = openai_double.ring()

    wait_until(lambda: len(inbox.taken) == 2)

    assert {json.loads(body)["data"]["call_id"] for _headers, body in inbox.taken} == {second}


# The SDK


def test_sdk_follows_a_call_without_an_event_loop(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    call_id = openai_double.ring("hangs up at once")
    sdk.realtime.calls.accept(call_id, type="realtime", model="gpt-realtime-2.1")

    with sdk.realtime.connect(call_id=call_id) as connection:
        connection.response.create()
        kinds = [event.type for event in connection]

    assert kinds[0] == "session.created"
    assert "response.done" in kinds
    assert openai_double.transcript(call_id) == [
        ("agent", "Thank you for calling. How can I help you today?")
    ]


def test_session_can_be_changed(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    call_id = openai_double.ring()
    sdk.realtime.calls.accept(call_id, type="realtime")

    with sdk.realtime.connect(call_id=call_id) as connection:
        connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        connection.session.update(session={"type": "realtime", "model": "gpt-realtime-2"})
        connection.response.cancel()
        connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": "call_x", "output": "1"}
        )
        connection.conversation.item.create(
            item={"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Hurry."}]}
        )
        connection.conversation.item.delete(item_id="item_x")
        connection.input_audio_buffer.append(audio="AAAA")
        events = [connection.recv() for _ in range(8)]

    assert [each.error.code if each.type == "error" else each.type for each in events] == [
        "session.created",
        "session.updated",
        "invalid_value",
        "response_cancel_not_active",
        "invalid_tool_call_id",
        "conversation.item.added",
        "conversation.item.done",
        "item_not_found",
    ]
    assert openai_double.call(call_id)["session"]["instructions"] == "Be brief."


def test_one_response_at_a_time_which_can_be_cancelled(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    openai_double.ways.pace = 1000.0
    call_id = openai_double.ring()
    sdk.realtime.calls.accept(call_id, type="realtime")

    with sdk.realtime.connect(call_id=call_id) as connection:
        connection.response.create()
        while connection.recv().type != "response.created":
            pass
        connection.response.create()
        connection.response.cancel()
        refusal, done = connection.recv(), connection.recv()

    assert refusal.type == "error"
    assert refusal.error.code == "conversation_already_has_active_response"
    assert done.type == "response.done"
    assert done.response.status == "cancelled"
    assert done.response.status_details
    assert done.response.status_details.reason == "client_cancelled"


@pytest.mark.parametrize(("key", "project"), [("sk-wrong", PROJECT), (KEY, "proj_another")])
def test_another_key_or_project_is_refused(openai_double: DoubledOpenAI, key: str, project: str) -> None:
    call_id = openai_double.ring()
    headers = {"Authorization": f"Bearer {key}", "OpenAI-Project": project}
    path = f"{openai_double.url}/v1/realtime/calls/{call_id}"

    answer = httpx.post(f"{path}/accept", json={"type": "realtime"}, headers=headers, trust_env=False)

    assert answer.status_code == 401
    assert openai_double.state(call_id)["status"] == "ringing"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/chat/completions", 404),
        ("GET", "/v1/realtime/calls/rtc_1/accept", 405),
        ("GET", "/v1/realtime?call_id=rtc_1", 400),
    ],
)
def test_what_it_does_not_play_is_refused(
    openai_double: DoubledOpenAI, method: str, path: str, status: int
) -> None:
    answer = httpx.request(
        method, f"{openai_double.url}{path}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
    )

    assert (answer.status_code, set(answer.json()["error"])) == (status, {"message", "type", "param", "code"})


@pytest.mark.parametrize("status", [200, 399, 700])
def test_only_refusals_of_sip_reject(openai_double: DoubledOpenAI, sdk: OpenAI, status: int) -> None:
    call_id = openai_double.ring()

    with pytest.raises(openai.BadRequestError, match="expected a value from 400 to 699"):
        sdk.realtime.calls.reject(call_id, status_code=status)


def test_reject_without_a_status_declines(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    call_id = openai_double.ring()

    sdk.realtime.calls.reject(call_id)

    assert openai_double.state(call_id)["status_code"] == 603


def test_transfer_needs_an_address(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    call_id = openai_double.ring()
    sdk.realtime.calls.accept(call_id, type="realtime")

    with pytest.raises(openai.BadRequestError, match="write tel: or sip:"):
        sdk.realtime.calls.refer(call_id, target_uri="+14155550199")


# The telephone side


def test_call_nobody_accepts_times_out(openai_double: DoubledOpenAI) -> None:
    openai_double.ways.ring_s = 0.05
    call_id = openai_double.ring()

    assert openai_double.wait_for(call_id, "ended") == {
        "status": "ended",
        "status_code": None,
        "ended_by": "timeout",
        "referred_to": None,
    }


def test_call_that_lasts_too_long_ends(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    openai_double.ways.longest_s = 0.05
    call_id = openai_double.ring()

    sdk.realtime.calls.accept(call_id, type="realtime")

    assert openai_double.wait_for(call_id, "ended")["ended_by"] == "timeout"


def test_caller_may_hang_up_again(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    call_id = openai_double.ring()
    sdk.realtime.calls.accept(call_id, type="realtime")

    first, second = openai_double.hang_up(call_id), openai_double.hang_up(call_id)

    assert first == second
    assert (first["status"], first["ended_by"]) == ("ended", "caller")


def test_controls_are_below_the_apis_address_too(openai_double: DoubledOpenAI) -> None:
    assert (
        ask(openai_double, "GET", "/v1/_double/scripts").json()
        == ask(openai_double, "GET", "/_double/scripts").json()
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "calls", {}, 400),
        ("POST", "calls", [], 400),
        ("POST", "calls", {"to": "sip:proj_another@sip.api.openai.com;transport=tls"}, 404),
        ("POST", "calls", {"to": "sip:proj_doubletest@sip.api.openai.com", "script": "sings"}, 400),
        ("POST", "calls", {"to": "sip:proj_doubletest@sip.api.openai.com", "sip_headers": [{}]}, 400),
        ("GET", "calls/rtc_none", None, 404),
        ("POST", "calls/rtc_none/hangup", {}, 404),
        ("POST", "faults", {"kind": "explode"}, 400),
        ("POST", "faults", {"sort": "refuse"}, 400),
        ("DELETE", "faults", None, 404),
    ],
)
def test_controls_that_make_no_sense_say_so(
    openai_double: DoubledOpenAI, method: str, path: str, body: Any, status: int
) -> None:
    answer = ask(openai_double, method, f"/_double/{path}", body)

    assert (answer.status_code, set(answer.json())) == (status, {"message"})


def test_faults_can_be_taken_back(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    openai_double.fail(status=500, times=100)
    ask(openai_double, "POST", "/_double/faults/clear", {})
    call_id = openai_double.ring()

    sdk.realtime.calls.accept(call_id, type="realtime")

    assert openai_double.state(call_id)["status"] == "accepted"


def test_refusal_tells_when_to_come_back(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    openai_double.fail(status=429, retry_after=7, code="rate_limit_exceeded")

    with pytest.raises(openai.RateLimitError) as caught:
        sdk.realtime.calls.hangup("rtc_1")

    assert (caught.value.code, caught.value.response.headers["Retry-After"]) == ("rate_limit_exceeded", "7")


def test_it_may_say_nothing(openai_double: DoubledOpenAI, sdk: OpenAI) -> None:
    openai_double.fail(kind="hang", action="hangup", seconds=60)

    with pytest.raises(openai.APITimeoutError):
        sdk.with_options(timeout=0.2).realtime.calls.hangup("rtc_1")
