"""The fixtures of the carriers' laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.certificates import Authority
from tests.sip.carriers.running import commands

__all__ = ["commands"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of the test's own."""
    return Authority(tmp_path)
