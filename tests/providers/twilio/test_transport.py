"""How requests end: tried again, given up, told in plain words, and never with a secret in them."""

import json
import logging
import pickle
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from callsphere.providers.twilio import accounts, byoc, client, numbers
from callsphere.providers.twilio.account import DOUBLE_PREFIX, TwilioAccount
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.gate import Gate
from callsphere.providers.twilio.idempotent import find_or_create
from callsphere.providers.twilio.problems import PROBLEMS
from tests.twilio_double import PARENT, DoubledTwilio

NUMBER = "+14155550101"


class CannedServer(ThreadingHTTPServer):
    """Answers every request with the same text, as something between us and Twilio might."""

    daemon_threads = True
    status = 200
    text = ""
    asked: list[str]


class _Canned(BaseHTTPRequestHandler):
    server: CannedServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        pass


@pytest.fixture
def canned(settings: Any) -> Iterator[CannedServer]:
    server = CannedServer(("127.0.0.1", 0), _Canned)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.TWILIO_BASE_URL = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_told_to_slow_down_it_waits_and_tries_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    twilio.fail(status=429, retry_after=0, method="POST", path="IncomingPhoneNumbers", times=2)
    since = twilio.count

    assert numbers.buy_number(account, NUMBER, label="").number == NUMBER
    assert len(twilio.asked("POST", since=since)) == 3


def test_told_to_slow_down_again_and_again_it_gives_up(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    twilio.fail(status=429, retry_after=0, path="IncomingPhoneNumbers", times=3)

    with pytest.raises(TwilioError) as refused:
        numbers.list_numbers(account)

    error = refused.value
    assert (error.code, error.status, error.problem.name) == (20429, 429, "too_many_requests")
    assert (error.retryable, error.outcome_unknown, error.retry_after) == (True, False, 0)


def test_a_long_wait_is_left_to_the_caller(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    twilio.fail(status=429, retry_after=600, path="IncomingPhoneNumbers")
    since = twilio.count

    with pytest.raises(TwilioError) as refused:
        numbers.list_numbers(account)

    assert (refused.value.retry_after, twilio.count - since) == (600, 1)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"kind": "drop"}])
def test_reading_is_tried_again(twilio: DoubledTwilio, fault: dict[str, Any]) -> None:
    account = twilio.tenant_account()
    twilio.fail(**fault, path="IncomingPhoneNumbers")
    since = twilio.count

    assert numbers.list_numbers(account) == []
    assert twilio.count - since == 2


@pytest.mark.parametrize("fault", [{"status": 500}, {"kind": "drop"}])
def test_making_is_not_tried_again(twilio: DoubledTwilio, fault: dict[str, Any]) -> None:
    account = twilio.tenant_account()
    twilio.fail(**fault, method="POST", path="ConnectionPolicies")

    with pytest.raises(TwilioError) as failed:
        byoc.ensure_connection_policy(account, name="trunk 1")

    assert (failed.value.outcome_unknown, failed.value.retryable) == (True, True)
    assert [each for each in twilio.asked("POST") if "ConnectionPolicies" in each] == [
        "POST voice.twilio.com/v1/ConnectionPolicies"
    ]


def test_setting_what_is_there_is_tried_again(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="Old")
    twilio.fail(kind="lose", method="POST", path=bought.sid)

    assert numbers.label_number(account, bought.sid, "New").label == "New"


def test_the_first_failure_is_told_when_looking_again_fails_too() -> None:
    lost = TwilioError(PROBLEMS["twilio_unreachable"], outcome_unknown=True)
    looks = iter([None, TwilioError(PROBLEMS["credentials_rejected"], status=401)])

    def find() -> str | None:
        found = next(looks)
        if isinstance(found, TwilioError):
            raise found
        return found

    def create() -> str:
        raise lost

    with pytest.raises(TwilioError) as failed:
        find_or_create(find, create)

    assert failed.value is lost


def test_nobody_there_means_not_carried_out(settings: Any, twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(TwilioError) as failed:
        accounts.create_key(TwilioAccount.with_token(account.account_sid, "x" * 32), name="callsphere")

    error = failed.value
    assert (error.problem.name, error.outcome_unknown, error.retryable) == ("twilio_unreachable", False, True)


def test_wrong_credentials_are_the_operators(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    with pytest.raises(TwilioError) as refused:
        numbers.list_numbers(TwilioAccount(account.account_sid, account.key_sid, "wrong-secret"))

    error = refused.value
    assert (error.status, error.code, error.problem.who, error.retryable) == (401, 20003, "operator", False)
    assert str(error).startswith("Twilio does not accept our credentials. Compare TWILIO_ACCOUNT_SID")
    assert "wrong-secret" not in f"{error} {error!r} {error.detail} {vars(error)}"


def test_answer_that_is_not_from_twilio(canned: CannedServer) -> None:
    canned.status, canned.text = 403, "<html>Blocked by the proxy</html>"

    with pytest.raises(TwilioError) as refused:
        numbers.list_numbers(PARENT)

    assert (refused.value.code, refused.value.status, refused.value.detail) == (0, 403, "")
    assert refused.value.problem.name == "credentials_rejected"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/v1", "http://voice.twilio.com/v1", "https://twilio.com.evil.example/"]
)
def test_credentials_are_not_led_away_by_a_next_page(canned: CannedServer, elsewhere: str) -> None:
    canned.text = json.dumps(
        {"connection_policies": [], "meta": {"key": "connection_policies", "next_page_url": elsewhere}}
    )

    with pytest.raises(ValueError, match="an address that is not its own"):
        byoc.list_connection_policies(PARENT)

    assert len(canned.asked) == 1


def test_environment_of_the_process_does_not_change_the_host(
    twilio: DoubledTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION"):
        monkeypatch.setenv(name, "dublin")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    accounts.find_subaccount(twilio.parent, name="acme")

    assert twilio.asked() == ["GET api.twilio.com/2010-04-01/Accounts.json"]


def test_no_log_line_holds_a_secret(twilio: DoubledTwilio, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        account = twilio.tenant_account()
        twilio.fail(status=500, method="POST", path="ConnectionPolicies")
        with pytest.raises(TwilioError):
            byoc.ensure_connection_policy(account, name="trunk 1")

    for secret in (account.key_secret, twilio.parent.key_secret):
        assert secret not in caplog.text
    assert b64encode(f"{account.key_sid}:{account.key_secret}".encode()).decode() not in caplog.text


def test_account_is_no_argument_for_a_task() -> None:
    with pytest.raises(TypeError, match="pass the tenant's id instead"):
        pickle.dumps(PARENT)


def test_account_of_the_double_never_asks_twilio(settings: Any) -> None:
    settings.TWILIO_BASE_URL = ""

    with pytest.raises(ImproperlyConfigured, match="TWILIO_BASE_URL is not set"):
        numbers.list_numbers(TwilioAccount.with_token(f"{DOUBLE_PREFIX}{'a' * 24}", "x"))


def test_settings_name_the_parent(settings: Any, twilio: DoubledTwilio) -> None:
    assert (client.parent_account(), client.is_double()) == (twilio.parent, True)

    settings.TWILIO_AUTH_TOKEN = ""
    assert client.parent_account() is None


def test_gate_lets_in_only_so_many() -> None:
    gate = Gate(2)
    inside, leave, third = threading.Semaphore(0), threading.Event(), threading.Event()

    def hold() -> None:
        with gate.place():
            inside.release()
            leave.wait(60)

    def follow() -> None:
        with gate.place():
            third.set()

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for thread in holders:
        thread.start()
    assert inside.acquire(timeout=60)
    assert inside.acquire(timeout=60)
    follower = threading.Thread(target=follow)
    follower.start()
    assert not third.wait(0.2)

    leave.set()

    assert third.wait(60)
    for thread in (*holders, follower):
        thread.join(60)


def test_gate_waits_for_the_end_of_a_pause() -> None:
    slept: list[float] = []
    gate = Gate(1, clock=lambda: 100.0, sleep=slept.append)
    gate.pause(2.0)
    gate.pause(1.0)

    with gate.place():
        pass

    assert slept == [2.0]
