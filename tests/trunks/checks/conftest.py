"""What the tests of checks share."""

from __future__ import annotations

import pytest

from callsphere.sip.check import calling, in_call

SPEAKS_IN_THE_CALL = ("asks_for_less_is_asked_for_more",)


@pytest.fixture(autouse=True)
def _watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch a call for less than the product does, unless its carrier says something by itself."""
    if request.node.name.endswith(SPEAKS_IN_THE_CALL):
        return
    monkeypatch.setattr(calling, "ACK_LISTEN_S", 0.1)
    monkeypatch.setattr(in_call, "AFTER_HOLD_S", 0.1)
