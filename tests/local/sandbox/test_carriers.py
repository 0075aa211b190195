"""The list of carriers: ports and names."""

from __future__ import annotations

from collections import Counter

from callsphere.local.sandbox.carriers import CARRIERS, NAMES_PORT, NOTHING_PORT, PORTS, comes_and_goes


def test_the_first_five_stay_where_people_know_them() -> None:
    known = {
        carrier.name: [(listener.offset, listener.transport) for listener in carrier.listeners]
        for carrier in CARRIERS
        if carrier.name in ("healthy", "overloaded", "mute", "expired certificate", "comes and goes")
    }
    assert known == {
        "healthy": [(0, "udp"), (0, "tcp"), (1, "tls")],
        "overloaded": [(10, "udp"), (10, "tcp")],
        "mute": [(20, "udp")],
        "expired certificate": [(31, "tls")],
        "comes and goes": [(40, "udp")],
    }


def test_no_port_is_used_twice_and_all_are_in_the_block() -> None:
    sockets = Counter(
        (listener.offset, listener.transport == "udp")
        for carrier in CARRIERS
        for listener in carrier.listeners
    )
    sockets[NAMES_PORT, True] += 1
    assert set(sockets.values()) == {1}
    offsets = {offset for offset, _ in sockets}
    assert NOTHING_PORT not in offsets
    assert [offset for offset in offsets if not 0 <= offset < PORTS] == []


def test_names_are_used_once() -> None:
    names = [carrier.name for carrier in CARRIERS]
    assert len(set(names)) == len(names)


def test_one_carrier_comes_and_goes() -> None:
    seconds = (0, 179, 181, 299, 301)
    assert [comes_and_goes(each) for each in seconds] == [True, True, False, False, True]
