"""What the double sends by itself: signed with the right account's token, and to this machine alone."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.request_validator import RequestValidator

from callsphere.providers.twilio import accounts, byoc, elastic_trunks, numbers, sip_domains, trust
from callsphere.providers.twilio.client import open_client
from tests.twilio_double import DoubledTwilio

NUMBER, CALLER = "+14155550101", "+12125550100"
TWIML = "<Response><Hangup/></Response>"


class Webhooks(ThreadingHTTPServer):
    """Our side: keeps what it was told."""

    daemon_threads = True
    told: list[tuple[str, dict[str, str], str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tw/voice?tenant=acme"


class _Keeper(BaseHTTPRequestHandler):
    server: Webhooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(parse_qsl(body, keep_blank_values=True))
        self.server.told.append((self.path, fields, self.headers["X-Twilio-Signature"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TWIML.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        pass


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    server = Webhooks(("127.0.0.1", 0), _Keeper)
    server.told = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def ring(twilio: DoubledTwilio, to: str) -> httpx.Response:
    call = {"to": to, "from": CALLER}
    return httpx.post(f"{twilio.url}/_double/calls", json=call, trust_env=False, timeout=60)


def test_call_to_a_number_asks_its_address_with_the_subaccounts_signature(
    twilio: DoubledTwilio, webhooks: Webhooks
) -> None:
    account = twilio.tenant_account()
    numbers.buy_number(account, NUMBER, label="", urls=numbers.NumberUrls(voice=webhooks.url))

    answer = ring(twilio, NUMBER)

    assert answer.json() == {"sid": webhooks.told[0][1]["CallSid"], "status": 200, "text": TWIML}
    path, fields, signature = webhooks.told[0]
    assert path == "/tw/voice?tenant=acme"
    assert (fields["To"], fields["From"], fields["AccountSid"]) == (NUMBER, CALLER, account.account_sid)
    token = accounts.find_or_create_subaccount(twilio.parent, name="acme").auth_token
    assert RequestValidator(token).validate(webhooks.url, fields, signature)
    assert not RequestValidator(twilio.parent.key_secret).validate(webhooks.url, fields, signature)


def test_call_that_is_not_answered_asks_the_fallback_address(
    twilio: DoubledTwilio, webhooks: Webhooks
) -> None:
    nobody = "http://127.0.0.1:9/tw"
    urls = numbers.NumberUrls(voice=nobody, voice_fallback=webhooks.url)
    numbers.buy_number(twilio.tenant_account(), NUMBER, label="", urls=urls)

    assert ring(twilio, NUMBER).json()["text"] == TWIML
    fields = webhooks.told[0][1]
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == ("11200", nobody)


def test_status_of_a_call_is_told_as_often_as_one_likes(twilio: DoubledTwilio, webhooks: Webhooks) -> None:
    account = twilio.tenant_account()
    numbers.buy_number(account, NUMBER, label="", urls=numbers.NumberUrls(status_callback=webhooks.url))
    call = {"to": NUMBER, "from": CALLER, "sid": "CA" + "0" * 32}

    for rest in ({"status": "ringing", "sequence": 1}, {}, {}):
        answer = httpx.post(
            f"{twilio.url}/_double/calls/status", json={**call, **rest}, trust_env=False, timeout=60
        )
        assert answer.json()["status"] == 200

    told = [(fields["CallStatus"], fields["SequenceNumber"]) for _path, fields, _signature in webhooks.told]
    assert told == [("ringing", "1"), ("completed", "0"), ("completed", "0")]
    path, fields, signature = webhooks.told[1]
    token = accounts.find_or_create_subaccount(twilio.parent, name="acme").auth_token
    assert RequestValidator(token).validate(webhooks.url, fields, signature)
    assert (path, fields["CallDuration"]) == ("/tw/voice?tenant=acme", "5")


def test_call_to_a_sip_domain_asks_its_byoc_trunk(twilio: DoubledTwilio, webhooks: Webhooks) -> None:
    account = twilio.tenant_account()
    trunk = byoc.ensure_byoc_trunk(account, byoc.ByocSettings("trunk 1", voice_url=webhooks.url))
    settings = sip_domains.DomainSettings("acme-1.sip.twilio.com", "trunk 1", byoc_trunk_sid=trunk.sid)
    domain = sip_domains.ensure_sip_domain(account, settings)

    assert ring(twilio, f"sip:{NUMBER}@acme-1.sip.twilio.com").json()["text"] == TWIML
    assert webhooks.told[0][1]["SipDomainSid"] == domain.sid


def test_number_on_an_elastic_trunk_asks_nobody(twilio: DoubledTwilio, webhooks: Webhooks) -> None:
    account = twilio.tenant_account()
    trunk = elastic_trunks.ensure_elastic_trunk(account, elastic_trunks.ElasticSettings("trunk 1"))
    bought = numbers.buy_number(account, NUMBER, label="", urls=numbers.NumberUrls(voice=webhooks.url))
    numbers.set_number_trunk(account, bought.sid, trunk.sid)

    assert ring(twilio, NUMBER).json()["code"] == 32011
    assert webhooks.told == []


def test_review_tells_its_status_callback(twilio: DoubledTwilio, webhooks: Webhooks) -> None:
    account = twilio.tenant_account()
    profile = open_client(account).trusthub.v1.customer_profiles.create(
        friendly_name="Acme",
        email="a@example.com",
        policy_sid=trust.SECONDARY_BUSINESS,
        status_callback=webhooks.url,
    )
    decision = {"sid": profile.sid, "status": "twilio-approved"}

    answer = httpx.post(f"{twilio.url}/_double/reviews", json=decision, trust_env=False, timeout=60)

    assert answer.status_code == 200
    assert webhooks.told[0][1] == {
        "AccountSid": account.account_sid,
        "BundleSid": profile.sid,
        "Status": "twilio-approved",
    }
    business = trust.read_trust_state(account).business
    assert business
    assert business.is_approved


@pytest.mark.parametrize("url", ["http://192.0.2.1/tw", "https://127.0.0.1/tw", "http://callsphere.example/"])
def test_nothing_is_sent_elsewhere(twilio: DoubledTwilio, url: str) -> None:
    numbers.buy_number(twilio.tenant_account(), NUMBER, label="", urls=numbers.NumberUrls(voice=url))

    answer = ring(twilio, NUMBER)

    assert (answer.status_code, answer.json()["code"]) == (400, 11200)


def test_nobody_at_the_address_is_said(twilio: DoubledTwilio) -> None:
    urls = numbers.NumberUrls(voice="http://127.0.0.1:9/tw")
    numbers.buy_number(twilio.tenant_account(), NUMBER, label="", urls=urls)

    assert ring(twilio, NUMBER).status_code == 502


def test_validation_tells_its_status_callback(twilio: DoubledTwilio, webhooks: Webhooks) -> None:
    account = twilio.tenant_account()
    calls = open_client(account).api.v2010.accounts(account.account_sid).validation_requests
    asked = calls.create(phone_number="+4930901820", status_callback=webhooks.url)
    picked_up = {"number": "+4930901820", "digits": asked.validation_code}
    httpx.post(f"{twilio.url}/_double/validations", json=picked_up, trust_env=False, timeout=60)

    _path, fields, _signature = webhooks.told[0]
    assert (fields["CallSid"], fields["VerificationStatus"]) == (asked.call_sid, "success")
    assert fields["OutgoingCallerIdSid"].startswith("PN")
