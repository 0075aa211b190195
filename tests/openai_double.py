"""OpenAI's double for a test: the very one that `make run` starts, reached over a socket by the real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from callsphere.local.doubles.openai.calls import Ways
from callsphere.local.doubles.openai.server import Double
from callsphere.providers.openai import sip_address
from tests.waiting import wait_until

KEY = "sk-double-test"
PROJECT = "proj_doubletest"
WEBHOOK_SECRET = "whsec_b3BlbmFpLWRvdWJsZS1vZi10ZXN0cw=="
# Nobody speaks slowly and everybody has patience: what a test waits for happens, however busy the machine is.
WAYS = {"pace": 0.0, "greeting_s": 120.0, "patience_s": 120.0, "ring_s": 120.0}


@dataclass
class DoubledOpenAI:
    """The double, and ways to let calls come in, to let them go wrong, and to see what was said."""

    double: Double
    ways: Ways
    """Change it before a call comes in: an agent without a greeting needs a small `greeting_s`."""

    @property
    def url(self) -> str:
        return self.double.url

    def ring(self, script: str | None = None, **headers: str) -> str:
        """Let a call come in, with headers such as `X_Cs_Call="…"`; return its id."""
        wanted = {
            "to": sip_address(),
            "sip_headers": [
                {"name": name.replace("_", "-"), "value": value} for name, value in headers.items()
            ],
            "script": script,
        }
        return self._post("calls", wanted)["call_id"]

    def hang_up(self, call_id: str) -> dict[str, Any]:
        """Let the caller hang up; return how the call stands."""
        return self._post(f"calls/{call_id}/hangup", {})

    def fail(self, **fault: Any) -> None:
        """Let something go wrong; see `callsphere.local.doubles.openai.faults.Fault`."""
        self._post("faults", fault)

    def state(self, call_id: str) -> dict[str, Any]:
        """Return how a call stands."""
        return self._get(f"calls/{call_id}")

    def call(self, call_id: str) -> dict[str, Any]:
        """Return everything about a call: its session, headers, who is attached, what was said."""
        return next(each for each in self._get("calls")["calls"] if each["call_id"] == call_id)

    def transcript(self, call_id: str) -> list[tuple[str, str]]:
        """Return who said what: `caller`, `agent`, `function` (name and arguments), `result`."""
        return [(each["speaker"], each["text"]) for each in self.call(call_id)["transcript"]]

    def wait_for(self, call_id: str, status: str) -> dict[str, Any]:
        """Wait until a call is so far; return how it stands."""
        wait_until(lambda: self.state(call_id)["status"] == status, lambda: self.call(call_id))
        return self.state(call_id)

    def send_webhooks_to(self, url: str) -> None:
        """Let events of calls that come in from now on go there, signed."""
        self.double.send_webhooks_to(url)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._read(httpx.post(f"{self.url}/_double/{path}", json=body, trust_env=False, timeout=60))

    def _get(self, path: str) -> dict[str, Any]:
        return self._read(httpx.get(f"{self.url}/_double/{path}", trust_env=False, timeout=60))

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def openai_double(settings: Any) -> Iterator[DoubledOpenAI]:
    """A double of the test's own, and settings that lead to it."""
    ways = Ways(**WAYS)
    double = Double(key=KEY, project=PROJECT, webhook_secret=WEBHOOK_SECRET, ways=ways).start()
    settings.OPENAI_BASE_URL = double.url
    settings.OPENAI_API_KEY = KEY
    settings.OPENAI_PROJECT_ID = PROJECT
    settings.OPENAI_WEBHOOK_SECRET = WEBHOOK_SECRET
    yield DoubledOpenAI(double, ways)
    double.stop()
