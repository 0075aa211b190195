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


@pytest.fixture(autouse=True)
def _watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a call for less, in hundreds of calls; but as long as it takes for what comes then by itself."""
    held, acted = (
        any(part in request.node.name for part in parts) for parts in (ENDS_WHEN_HELD, ACTS_ON_ACK)
    )
    monkeypatch.setattr(in_call, "AFTER_HOLD_S", 60.0 if held else 0.2)
    if acted:
        monkeypatch.setattr(calling, "ACK_LISTEN_S", 60.0)
        monkeypatch.setattr(calling, "ACK_DOUBT_S", 60.0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of the test's own."""
    return Authority(tmp_path)
