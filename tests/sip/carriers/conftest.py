"""The fixtures of the carriers' laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsphere.sip.check import in_call
from tests.peers.certificates import Authority
from tests.sip.carriers.running import commands

__all__ = ["commands"]


@pytest.fixture(autouse=True)
def _shorter_watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a held call for less, in hundreds of calls, but for the carriers that end it then."""
    if "hangs up late" not in request.node.name:
        monkeypatch.setattr(in_call, "AFTER_HOLD_S", 0.2)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of the test's own."""
    return Authority(tmp_path)
