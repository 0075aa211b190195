"""Kamailio as an edge, one for each file of tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsphere.sip.check import calling, in_call
from tests.peers import HERE, require_peer
from tests.peers.certificates import Authority, KeyPair
from tests.peers.kamailio import Kamailio
from tests.sip.carriers.running import Commands, commands
from tests.sip.peers.edge import Edge

__all__ = ["commands"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> KeyPair:
    """A certificate that is good for long enough not to be warned of."""
    return authority.issue(["127.0.0.1"], ends=dt.timedelta(days=60))


@pytest.fixture(scope="module")
def kamailio(pair: KeyPair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    """An edge that nothing is yet known of."""
    require_peer("sipp")
    with Kamailio(tmp_path_factory.mktemp("edge"), pair, template=HERE / "edge.cfg") as kamailio:
        yield kamailio


@pytest.fixture
def long_watch_of_ack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch an answered call for as long as what the called side does then may take on a busy machine."""
    for name in ("ACK_LISTEN_S", "ACK_DOUBT_S"):
        monkeypatch.setattr(calling, name, 30.0)


@pytest.fixture
def long_watch_of_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of a held call."""
    monkeypatch.setattr(in_call, "AFTER_HOLD_S", 30.0)


@pytest.fixture
def edge(kamailio: Kamailio, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edge:
    """The edge for one test, with the password that it knows."""
    monkeypatch.delenv("CALLSPHERE_SIP_PASSWORD", raising=False)
    return Edge(kamailio, authority, tmp_path, Commands(tmp_path, password="secret of alice"))
