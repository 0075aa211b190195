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


def shown(tmp_path: Path, data: bytes, *fields: str) -> list[list[str]]:
    """What tshark makes of each SIP message of a capture."""
    tshark = require_peer("tshark")
    file = tmp_path / "x.pcap"
    file.write_bytes(data)
    asked = [part for name in fields for part in ("-e", name)]
    done = subprocess.run(
        [tshark, "-r", file, "-Y", "sip", "-T", "fields", "-o", "ip.check_checksum:TRUE", *asked],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_tshark_reads_datagrams(tmp_path: Path) -> None:
    data = to_pcap(entries("203.0.113.5:5070/udp", "198.51.100.7:5060"), NOON)
    assert shown(
        tmp_path, data, "frame.protocols", "ip.src", "udp.srcport", "sip.CSeq", "sip.Status-Code"
    ) == [
        ["raw:ip:udp:sip", "198.51.100.7", "5060", "1 OPTIONS", ""],
        ["raw:ip:udp:sip", "203.0.113.5", "5070", "1 OPTIONS", "200"],
    ]


def test_tshark_reads_a_stream_whose_keys_were_taken_out(tmp_path: Path) -> None:
    offer = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 [redacted]\r\n"
    head = (
        "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKx\r\n"
        "CSeq: {} INVITE\r\nContent-Type: application/sdp\r\nContent-Length: 400\r\n\r\n"
    )
    messages = [
        {
            "at_ms": number,
            "direction": "sent",
            "text": head.format(number) + offer,
            "peer": "203.0.113.5:5060/tcp",
        }
        for number in (1, 2)
    ]
    found = shown(tmp_path, to_pcap(messages, NOON), "frame.protocols", "sip.CSeq", "sip.Content-Length")
    assert found == [["raw:ip:tcp:sip:sdp", f"{number} INVITE", str(len(offer))] for number in (1, 2)]


@pytest.mark.parametrize(("here", "there"), [("198.51.100.7", "203.0.113.5"), ("2001:db8::7", "2001:db8::5")])
def test_tshark_reads_what_went_over_tls(tmp_path: Path, here: str, there: str) -> None:
    via, peer = (here, there) if "." in here else (f"[{here}]", f"[{there}]")
    data = to_pcap(entries(f"{peer}:5061/tls", f"{via}:40000"), NOON)
    version = "4" if "." in here else "6"
    fields = [f"exported_pdu.ipv{version}_{end}" for end in ("src", "dst")]
    fields += ["exported_pdu.src_port", "exported_pdu.dst_port", "exported_pdu.port_type", "sip.CSeq"]
    tcp = "2"
    assert shown(tmp_path, data, "frame.protocols", *fields) == [
        ["exported_pdu:sip", here, there, "40000", "5061", tcp, "1 OPTIONS"],
        ["exported_pdu:sip", there, here, "5061", "40000", tcp, "1 OPTIONS"],
    ]


def test_one_message_over_tls_makes_all_exported_ones(tmp_path: Path) -> None:
    mixed = [
        *entries("203.0.113.5:5060/udp", "198.51.100.7:5060"),
        *entries("203.0.113.5:5061/tls", "198.51.100.7:5060"),
    ]
    found = shown(tmp_path, to_pcap(mixed, NOON), "frame.protocols", "exported_pdu.port_type")
    assert found == [["exported_pdu:sip", kind] for kind in "3322"]


def test_a_message_without_its_text_has_no_packet() -> None:
    kept, cut = entries("203.0.113.5:5060/udp", "198.51.100.7:5060")
    assert len(packets(to_pcap([kept, cut | {"text": ""}], NOON))) == 1
