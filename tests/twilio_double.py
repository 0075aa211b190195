"""Twilio's double for a test: the very one that `make run` starts, reached over a socket by the real SDK."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from callsphere.local.doubles.twilio.faults import Fault
from callsphere.local.doubles.twilio.server import DoubleServer
from callsphere.local.doubles.twilio.twilio import Twilio
from callsphere.local.doubles.twilio.voice.live import Pace
from callsphere.providers.twilio import accounts
from callsphere.providers.twilio.account import DOUBLE_PREFIX, TwilioAccount

PARENT = TwilioAccount.with_token(f"{DOUBLE_PREFIX}{'a' * 24}", "b" * 32)
KEY_NAME = "callsphere"
FAST = 1e6
"""Seconds of calls that pass in one."""


@dataclass
class DoubledTwilio:
    """The double, and ways to let it go wrong and to see what it was asked."""

    server: DoubleServer
    expects_unlawful: bool = False
    """Set where a test sends what Twilio's documents do not allow; else such a request fails the test."""

    @property
    def twilio(self) -> Twilio:
        return self.server.twilio

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def parent(self) -> TwilioAccount:
        """The account that the settings name."""
        return PARENT

    def tenant_account(self, name: str = "acme") -> TwilioAccount:
        """Return a subaccount with a key of its own, as every tenant has one."""
        subaccount = accounts.find_or_create_subaccount(PARENT, name=name)
        return accounts.create_key(subaccount.opened_by_token(), name=KEY_NAME)

    def fail(self, **fault: Any) -> None:
        """Let something go wrong; see `callsphere.local.doubles.twilio.faults.Fault`."""
        self.twilio.faults.add(Fault(**fault))

    def asked(self, method: str = "", *, since: int = 0) -> list[str]:
        """Return the requests so far, as `POST trunking.twilio.com/v1/Trunks`."""
        return [
            f"{each.request.method} {each.request.host}{each.request.path}"
            for each in list(self.twilio.exchanges)[since:]
            if method in ("", each.request.method)
        ]

    @property
    def count(self) -> int:
        """How many requests there were."""
        return len(self.twilio.exchanges)


@pytest.fixture
def twilio(settings: Any) -> Iterator[DoubledTwilio]:
    """A double of the test's own, and settings that lead to it."""
    server = DoubleServer(Twilio(account_sid=PARENT.account_sid, auth_token=PARENT.key_secret))
    server.twilio.switchboard.pace = Pace(speed=FAST, poll_s=0.01, priced_after_s=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.TWILIO_BASE_URL = server.url
    settings.TWILIO_ACCOUNT_SID = PARENT.account_sid
    settings.TWILIO_AUTH_TOKEN = PARENT.key_secret
    settings.TWILIO_TIMEOUT = 30
    doubled = DoubledTwilio(server)
    yield doubled
    server.close()
    thread.join(10)
    assert doubled.expects_unlawful or server.twilio.unlawful == []
