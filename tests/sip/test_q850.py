"""Cause values of telephone networks for SIP codes."""

import pytest

from callsphere.sip.q850 import NetworkCause, network_cause


@pytest.mark.parametrize(
    ("status", "value", "name"),
    [
        (404, 1, "Unallocated (unassigned) number"),
        (486, 17, "User busy"),
        (480, 18, "No user responding"),
        (403, 21, "Call rejected"),
        (484, 28, "Invalid number format (address incomplete)"),
        (502, 38, "Network out of order"),
        (503, 41, "Temporary failure"),
        (408, 102, "Recovery on timer expiry"),
        (420, 127, "Interworking, unspecified"),
        (603, 21, "Call rejected"),
    ],
)
def test_cause_by_the_table(status: int, value: int, name: str) -> None:
    assert network_cause(status) == NetworkCause(value, name)


@pytest.mark.parametrize("status", [200, 180, 302, 487, 488, 606, 499])
def test_codes_without_a_cause(status: int) -> None:
    assert network_cause(status) is None


def test_every_cause_has_a_name() -> None:
    assert all((cause := network_cause(status)) is None or cause.name for status in range(100, 700))
