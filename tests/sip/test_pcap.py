"""Captures made from traces: readable by the tools, with the addresses that were used."""

from __future__ import annotations

import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callsphere.sip.pcap import to_pcap
from tests.peers import require_peer

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def entries(peer: str, via: str) -> list[dict[str, object]]:
    ask = f"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bKx\r\nCSeq: 1 OPTIONS\r\n\r\n"
    answer = ask.replace("OPTIONS sip:x SIP/2.0", "SIP/2.0 200 OK")
    return [
        {"at_ms": 0, "direction": "sent", "text": ask, "peer": peer},
        {"at_ms": 12, "direction": "received", "text": answer, "peer": peer},
    ]


def packets(data: bytes) -> list[tuple[float, bytes]]:
    """Time and bytes of each packet."""
    assert struct.unpack("<IHH", data[:8]) == (0xA1B2C3D4, 2, 4)
    found, at = [], 24
    while at < len(data):
        seconds, micros, length, _ = struct.unpack("<IIII", data[at : at + 16])
        found.append((seconds + micros / 1e6, data[at + 16 : at + 16 + length]))
        at += 16 + length
    return found


def test_datagrams_have_addresses_ports_and_times() -> None:
    found = packets(to_pcap(entries("203.0.113.5:5061/udp", "198.51.100.7:40000"), NOON))
    assert [(packet[12:16], packet[16:20], struct.unpack("!HH", packet[20:24])) for _, packet in found] == [
        (bytes([198, 51, 100, 7]), bytes([203, 0, 113, 5]), (40000, 5061)),
        (bytes([203, 0, 113, 5]), bytes([198, 51, 100, 7]), (5061, 40000)),
    ]
    assert [round(at - NOON.timestamp(), 3) for at, _ in found] == [0.0, 0.012]
    assert found[0][1][28:].startswith(b"OPTIONS sip:x SIP/2.0\r\n")


def test_a_stream_begins_with_a_handshake_and_counts_its_bytes() -> None:
    found = packets(to_pcap(entries("203.0.113.5:5060/tcp", "198.51.100.7:40000"), NOON))
    heads = [struct.unpack("!HHIIBB", packet[20:34]) for _, packet in found]
    assert [head[5] for head in heads] == [0x02, 0x12, 0x10, 0x18, 0x18]
    length = len(found[3][1]) - 40
    assert heads[3][2:4] == (1001, 5001)
    assert heads[4][2:4] == (5001, 1001 + length)


def test_ipv6() -> None:
    found = packets(to_pcap(entries("[2001:db8::5]:5060/udp", "[2001:db8::7]:40000"), NOON))
    assert found[0][1][0] >> 4 == 6
    assert found[0][1][8 + 15] == 7


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_tshark_reads_sip_in_it(tmp_path: Path, transport: str) -> None:
    tshark = require_peer("tshark")
    file = tmp_path / "x.pcap"
    file.write_bytes(to_pcap(entries(f"203.0.113.5:5060/{transport}", "198.51.100.7:5060"), NOON))
    shown = subprocess.run(
        [tshark, "-r", file, "-Y", "sip", "-T", "fields", "-e", "sip.CSeq", "-o", "ip.check_checksum:TRUE"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split("\n")[:2] == ["1 OPTIONS", "1 OPTIONS"]
