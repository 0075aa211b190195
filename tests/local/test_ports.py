"""Ports: kept when free, replaced when taken, and a taken one is named with the way out."""

import os
import socket
from collections.abc import Iterator

import pytest

from callsphere.local import ports
from callsphere.local.errors import CannotStart
from callsphere.local.run import check_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on, where neither the system nor another server of ours is given one."""
    with socket.create_server((ports.LOOPBACK, ports.next_free(30_000 + os.getpid() % 1500))) as server:
        yield server.getsockname()[1]


def test_port_in_use_is_named_with_the_way_out(taken: int) -> None:
    with pytest.raises(CannotStart) as caught:
        check_port(taken)

    other = ports.next_free(taken + 1)
    assert str(caught.value) == f"Port {taken} is in use by another program. Run: make run PORT={other}"


def test_free_port_is_accepted(taken: int) -> None:
    free = ports.next_free(taken + 1)
    check_port(free)
    with socket.create_server((ports.LOOPBACK, free)) as server:
        assert server.getsockname()[1] == free


def test_kept_port_is_chosen_again_while_free(taken: int) -> None:
    chosen = ports.choose("checkout a")

    assert ports.choose("checkout b", chosen) == chosen
    assert ports.choose("checkout b", taken) != taken


def test_checkouts_start_from_different_ports() -> None:
    assert ports.choose("/home/a/callsphere postgres") != ports.choose("/home/b/callsphere postgres")


def test_block_moves_when_one_of_its_ports_is_taken(taken: int) -> None:
    assert ports.choose_block(taken - 3, 5) == taken - 3 + 100
    assert ports.choose_block(taken + 100, 5, kept=taken - 3) == taken + 100
