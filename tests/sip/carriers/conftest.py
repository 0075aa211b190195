"""The fixtures of the carriers' laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsphere.sip.check import calling, in_call
from tests.peers.certificates import Authority
from tests.sip.carriers.running import commands

__all__ = ["commands"]


ENDS_WHEN_HELD = ("hold hangs up",)
ACTS_ON_ACK = ("ignores the ACK", "drops", "where_nothing_is_heard")
# These say or repeat something within the call, while the product listens for as long as it does.
SPEAKS_IN_THE_CALL = (
    *("AsksInside", "CrossedOk", "LosesAck", "PeerReinvites", "RepeatsEveryOk", "RepeatsOkOnce"),
    *("StrangeRequests", "ends_the_timer"),
)


@pytest.fixture(autouse=True)
def _watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a call for less, in hundreds of calls; but as long as it takes for what comes then by itself."""
    held, acted, speaks = (
        any(part in request.node.name for part in parts)
        for parts in (ENDS_WHEN_HELD, ACTS_ON_ACK, SPEAKS_IN_THE_CALL)
    )
    if speaks:
        return
    monkeypatch.setattr(in_call, "AFTER_HOLD_S", 60.0 if held else 0.1)
    monkeypatch.setattr(calling, "ACK_LISTEN_S", 60.0 if acted else 0.1)
    if acted:
        monkeypatch.setattr(calling, "ACK_DOUBT_S", 60.0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of the test's own."""
    return Authority(tmp_path)
