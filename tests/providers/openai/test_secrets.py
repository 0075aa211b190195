"""Neither the key nor what is said in calls reaches a log, whatever level is asked for."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from callsphere.providers.openai import RealtimeError, accept_call, attach
from tests.openai_double import KEY, DoubledOpenAI
from tests.providers.openai.test_calls import SESSION

WITH_TOKEN = {
    **SESSION,
    "tools": [
        {"type": "mcp", "server_label": "x", "server_url": "https://x.example", "authorization": "t0p"}
    ],
}


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged while the root logger is at DEBUG, as somebody may set it who looks for a fault."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_logs_hold_no_key_and_no_words(
    openai_double: DoubledOpenAI, everything: pytest.LogCaptureFixture
) -> None:
    call_id = openai_double.ring()
    accept_call(call_id, WITH_TOKEN)

    async def whole_call() -> None:
        async with attach(call_id) as sideband:
            await sideband.ask_for_response('Say "My secret is blue."')
            async for _event in sideband:
                pass

    asyncio.run(whole_call())

    for secret in (KEY, "t0p", "My secret is blue", "Maria Lopez"):
        assert secret not in everything.text


def test_errors_hold_no_key(openai_double: DoubledOpenAI, settings: Any) -> None:
    settings.OPENAI_API_KEY = "sk-wrong-one"

    with pytest.raises(RealtimeError) as caught:
        accept_call("rtc_1", WITH_TOKEN)

    assert "sk-wrong-one" not in f"{caught.value!r} {caught.value.__dict__}"


def test_session_that_is_told_holds_no_token(openai_double: DoubledOpenAI) -> None:
    call_id = openai_double.ring()

    accept_call(call_id, WITH_TOKEN)

    assert openai_double.call(call_id)["session"]["tools"] == [
        {"type": "mcp", "server_label": "x", "server_url": "https://x.example"}
    ]
