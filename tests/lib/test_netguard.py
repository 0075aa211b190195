"""Which addresses and ports are never contacted."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from callsphere.lib import netguard
from callsphere.lib.netguard import AddressPolicy, AddressRefused, port_refused
from tests.lib.dangerous_addresses import DANGEROUS, HARMLESS


@pytest.mark.parametrize("address", [address for address, _ in DANGEROUS])
def test_dangerous_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressPolicy().check(address)
    assert caught.value.address == address
    assert caught.value.reason


@pytest.mark.parametrize("address", HARMLESS)
def test_public_addresses_are_not(address: str) -> None:
    refusals: list[str] = []
    try:
        AddressPolicy().check_all([address])
    except AddressRefused as refusal:
        refusals.append(refusal.reason)
    assert refusals == []


REFUSED: list[IPv4Network | IPv6Network] = [*netguard._V4_REFUSED, *netguard._V6_REFUSED]


@pytest.mark.parametrize("network", [*REFUSED, netguard._V6_GLOBAL], ids=str)
def test_networks_are_refused_from_their_first_to_their_last_address(
    network: IPv4Network | IPv6Network,
) -> None:
    first, last = int(network.network_address), int(network.broadcast_address)
    for number in {max(0, first - 1), first, last, min(last + 1, 2**network.max_prefixlen - 1)}:
        address = type(network.network_address)(number)
        inside = any(address in each for each in REFUSED)
        refused = inside or (address.version == 6 and ip_address(address) not in netguard._V6_GLOBAL)
        try:
            AddressPolicy().check(str(address))
        except AddressRefused:
            assert refused, address
        else:
            assert not refused, address


def test_the_operators_ipv6_networks_allow_no_ipv4() -> None:
    policy = AddressPolicy.from_strings(["::/0", "::ffff:0:0/96"])
    for address in ("10.0.0.1", "::ffff:10.0.0.1"):
        with pytest.raises(AddressRefused):
            policy.check(address)
    policy.check("fd00::1")


NO_ADDRESSES = [
    *("", " ", "localhost", "example.com", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.01"),
    *("8.8.8.8 ", "\uff18.8.8.8", "[::1]", "8.8.8.8/32", "::1%lo%lo", "1.1.1.1:53"),
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_numeric_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        AddressPolicy.from_strings(["0.0.0.0/8"]).check(text)


def test_one_bad_record_refuses_all() -> None:
    policy = AddressPolicy()
    policy.check_all(["8.8.8.8", "2606:4700::1111"])
    for addresses in (["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1", "1.1.1.1"]):
        with pytest.raises(AddressRefused):
            policy.check_all(addresses)


def test_the_operators_list_makes_exceptions_and_nothing_else() -> None:
    policy = AddressPolicy.from_strings(["127.0.0.0/8", " ::1/128", "10.1.0.0/16"])
    for allowed in ("127.0.0.9", "::1", "10.1.2.3", "::ffff:10.1.2.3", "::ffff:127.0.0.1"):
        policy.check(allowed)
        assert policy.is_operator_allowed(allowed)
    for refused in ("10.2.0.1", "::2", "192.168.0.1", "::127.0.0.1"):
        with pytest.raises(AddressRefused):
            policy.check(refused)
    assert not policy.is_operator_allowed("8.8.8.8")
    assert not policy.is_operator_allowed("localhost")


def test_a_zone_does_not_help() -> None:
    with pytest.raises(AddressRefused):
        AddressPolicy().check("fe80::1%eth0")


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "ten", "", "10.0.0.0/33"])
def test_a_wrong_network_is_told_at_start(cidr: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|has host bits set|not permitted"):
        AddressPolicy.from_strings([cidr])


def test_ports() -> None:
    refused = (
        -1,
        0,
        22,
        25,
        53,
        80,
        443,
        1023,
        2049,
        2375,
        3306,
        5432,
        5900,
        6379,
        9200,
        11211,
        27017,
        65536,
    )
    assert [port for port in refused if not port_refused(port)] == []
    assert [port for port in (1024, 5060, 5061, 5080, 5081, 15060, 65535) if port_refused(port)] == []
