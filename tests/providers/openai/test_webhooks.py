"""Events are believed only when OpenAI sent them just now, and read only when they are calls."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from callsphere.local.doubles.openai.webhooks import sign
from callsphere.providers.openai import IncomingRealtimeCall, SipHeader, WebhookRefused, unwrap_webhook

SECRET = "whsec_YW5vdGhlci1zZWNyZXQtb2YtdGVzdHM="
EVENT: dict[str, Any] = {
    "object": "event",
    "id": "evt_1",
    "type": "realtime.call.incoming",
    "created_at": 1750287018,
    "data": {
        "call_id": "rtc_1",
        "sip_headers": [
            {"name": "From", "value": "<sip:+14155550123@carrier.example>"},
            {"name": "X-Cs-Call", "value": "token"},
            {"name": "x-cs-call", "value": "another"},
        ],
        "sip_media_security": "srtp",
    },
}


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.OPENAI_WEBHOOK_SECRET = SECRET


def signed(event: Any, **options: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    return body, sign("wh_1", body, options.get("secret", SECRET), options.get("moment"))


def changed(**data: Any) -> dict[str, Any]:
    return {**EVENT, "data": {**EVENT["data"], **data}}


def test_incoming_call_is_read() -> None:
    call = unwrap_webhook(*signed(EVENT))

    assert call == IncomingRealtimeCall(
        event_id="evt_1",
        call_id="rtc_1",
        sip_headers=(
            SipHeader("From", "<sip:+14155550123@carrier.example>"),
            SipHeader("X-Cs-Call", "token"),
            SipHeader("x-cs-call", "another"),
        ),
        media_security="srtp",
    )
    assert (call.header("X-CS-CALL"), call.header("Diversion")) == ("token", "")


@pytest.mark.parametrize(("security", "read"), [("rtp", "rtp"), ("srtp", "srtp"), ("other", ""), (None, "")])
def test_media_security_that_is_unknown_is_empty(security: str | None, read: str) -> None:
    assert unwrap_webhook(*signed(changed(sip_media_security=security))).media_security == read


def test_names_of_headers_may_be_written_as_people_do() -> None:
    body, headers = signed(EVENT)

    assert unwrap_webhook(body, {name.title(): value for name, value in headers.items()}).call_id == "rtc_1"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_refused(name: str) -> None:
    body, headers = signed(EVENT)
    del headers[name]

    with pytest.raises(WebhookRefused, match=f"Could not find {name} header") as caught:
        unwrap_webhook(body, headers)

    assert not caught.value.is_signed


@pytest.mark.parametrize("away", [-301, 301])
def test_old_and_early_ones_are_refused(away: int) -> None:
    with pytest.raises(WebhookRefused, match="timestamp is too"):
        unwrap_webhook(*signed(EVENT, moment=time.time() + away))


def test_another_secret_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="signature does not match") as caught:
        unwrap_webhook(*signed(EVENT, secret="whsec_b3RoZXI="))

    assert not caught.value.is_signed


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}"])
def test_another_body_is_refused(body: bytes) -> None:
    _body, headers = signed(EVENT)

    with pytest.raises(WebhookRefused):
        unwrap_webhook(body, headers)


@pytest.mark.parametrize("signature", ["", "v1,", "v1,é", "v2,abc", "x" * 5000])
def test_nonsense_as_signature_is_refused(signature: str) -> None:
    body, headers = signed(EVENT)

    with pytest.raises(WebhookRefused):
        unwrap_webhook(body, {**headers, "webhook-signature": signature})


@pytest.mark.parametrize(
    "event",
    [
        [],
        {"id": "evt_1", "type": "batch.completed", "created_at": 1, "data": {"id": "batch_1"}},
        {**EVENT, "type": "live.transport.incoming"},
        {**EVENT, "data": {}},
        changed(call_id=7),
        changed(sip_headers="none"),
        changed(sip_headers=[{"name": "From"}]),
    ],
)
def test_what_is_no_call_is_refused_though_it_is_signed(event: Any) -> None:
    with pytest.raises(WebhookRefused, match="something else than realtime") as caught:
        unwrap_webhook(*signed(event))

    assert caught.value.is_signed


def test_without_a_secret_nothing_is_believed(settings: Any) -> None:
    settings.OPENAI_WEBHOOK_SECRET = ""

    with pytest.raises(WebhookRefused, match="OPENAI_WEBHOOK_SECRET is not set"):
        unwrap_webhook(*signed(EVENT))
