"""The frame of the measurements: what a figure says and how two sides are compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.bench_message import OFFER, Ours, Peer
from bench.bench_register import register_with_sipp, register_with_us
from bench.framework import Figure, alternate, discover, keep, table
from callsphere.sip.message import parse_message
from tests.peers import HERE
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio


def test_figure_is_one_json_line_with_the_promised_keys(tmp_path: Path) -> None:
    figure = Figure(
        "ping", 0.3, "s", peer="sipp", peer_value=0.2, goal="ratio <= 2", at="2026-01-01T00:00:00+00:00"
    )
    path = tmp_path / "local" / "bench.jsonl"
    keep([figure, figure], path)
    lines = path.read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "name": "ping",
        "value": 0.3,
        "unit": "s",
        "peer": "sipp",
        "peer_value": 0.2,
        "ratio": 1.5,
        "goal": "ratio <= 2",
        "at": "2026-01-01T00:00:00+00:00",
    }


def test_sides_take_turns_and_medians_count() -> None:
    turns: list[str] = []
    ours, peers = iter([9.0, 1.0, 2.0]), iter([5.0, 4.0, 100.0])

    def measure(side: str) -> float:
        turns.append(side)
        return next(ours if side == "ours" else peers)

    assert alternate(lambda: measure("ours"), lambda: measure("peer"), rounds=3) == (2.0, 5.0)
    assert turns == ["ours", "peer"] * 3
    with pytest.raises(ValueError, match="three"):
        alternate(lambda: 1.0, lambda: 1.0, rounds=2)


def test_table_is_aligned_for_people() -> None:
    assert table(
        [Figure("ping", 0.3, "s", "sipp", 0.2, "ratio <= 2"), Figure("rows", 7, "queries")]
    ).splitlines() == [
        "measurement  value      peer        ratio  goal",
        "ping         0.3 s      0.2 (sipp)  1.50   ratio <= 2",
        "rows         7 queries  -           -",
    ]


def test_measurements_are_found_by_name() -> None:
    assert {"message", "ping", "register", "worker"} <= discover().keys()


def test_messages_are_read_alike_on_both_sides() -> None:
    ours, peer = Ours().read(), Peer().read()
    assert (ours.status, ours.reason, ours.body) == (peer.code, peer.phrase, peer.body)
    names = peer.headers.keys()
    assert list(ours.headers.items()) == [
        (name, value) for name in names for value in peer.headers.getlist(name)
    ]
    assert [(via.host, via.port, via.branch) for via in ours.vias] == [
        (via.host, via.port, via.parameters["branch"]) for via in peer.via
    ]
    assert [(ours.cseq.number, ours.cseq.method)] == [(peer.cseq.sequence, peer.cseq.method)]
    for mine, theirs in (
        (ours.from_, peer.from_address),
        (ours.to, peer.to_address),
        (ours.contacts[0], peer.contact[0]),
    ):
        uri = mine.sip_uri
        assert (mine.display or "", mine.tag, uri.user, uri.host, uri.port) == (
            theirs.name,
            theirs.parameters.get("tag"),
            theirs.uri.user,
            theirs.uri.host,
            theirs.uri.port,
        )


def test_messages_are_written_alike_on_both_sides() -> None:
    written = {side.write() for side in (Ours(), Peer())} | {side.write_typed() for side in (Ours(), Peer())}
    assert len(written) == 1
    request = parse_message(written.pop())
    assert (request.cseq.method, len(request.headers), request.body) == ("INVITE", 13, OFFER)


@pytest.mark.parametrize("register", [register_with_us, register_with_sipp])
def test_both_sides_register_at_the_same_registrar(
    register: Callable[[int, int], float], tmp_path: Path
) -> None:
    pair = Authority(tmp_path).issue(["127.0.0.1"])
    with Kamailio(tmp_path, pair, template=HERE / "registrar.cfg") as registrar:
        assert 0 < register(registrar.port, 3) < 3
