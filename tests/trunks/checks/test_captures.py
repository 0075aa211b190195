"""Captures of checks that were run: read by tshark, with the real transport, and without any secret."""

from __future__ import annotations

import ssl
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.peers import require_peer
from tests.peers.certificates import Authority
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, digest_is_right, serving
from tests.trunks.checks.running import report_of
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.checks.reports import as_pcap
from trunks.models import ReadinessCheck

pytestmark = pytest.mark.django_db(transaction=True)
CHALLENGE = 'realm="lab", nonce="n1", qop="auth", algorithm=MD5'
LAYERS = {"udp": "raw:ip:udp:sip", "tcp": "raw:ip:tcp:sip", "tls": "exported_pdu:sip"}


def checked(person: Person, uri: str) -> ReadinessCheck:
    """Check a trunk that signs in and calls."""
    trunk = make_trunk(person, "Main", uri)
    with tenant_context(person.tenant):
        services.add_credential(
            tenant=person.tenant,
            actor=person.actor,
            trunk=trunk,
            direction="outbound",
            username=USER,
            secret=PASSWORD,
        )
    return report_of(person, trunk, register=True, call="+14155550123")


def dissected(data: bytes, folder: Path) -> list[dict[str, str]]:
    """What tshark reads in each packet."""
    tshark = require_peer("tshark")
    file = folder / "check.pcap"
    file.write_bytes(data)
    names = (
        "frame.protocols",
        "sip.Method",
        "sip.Status-Code",
        "sip.CSeq.method",
        "sip.auth",
        "_ws.malformed",
    )
    fields = [part for name in names for part in ("-e", name)]
    done = subprocess.run(
        [tshark, "-r", file, "-Y", "frame.len > 60", "-T", "fields", "-E", "occurrence=f", *fields],
        capture_output=True,
        text=True,
        check=True,
    )
    return [dict(zip(names, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_tshark_reads_every_message_of_a_check(
    alice: Person, transport: str, tmp_path: Path, settings: Any
) -> None:
    authority = Authority(tmp_path)
    settings.SIP_CA_FILE = str(authority.ca_file)
    carrier = Carrier(challenge=CHALLENGE)
    tls = None
    if transport == "tls":
        pair = authority.issue(["127.0.0.1"])
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pair.certificate, pair.key)
    with serving(carrier, transport, tls) as uri:
        check = checked(alice, uri)
    # The test's certificate lasts ten days.
    assert check.cause == ("tls_expires_soon" if transport == "tls" else ""), check.steps
    data = as_pcap(check)
    packets = dissected(data, tmp_path)
    assert Counter(packet["frame.protocols"].removesuffix(":sdp") for packet in packets) == {
        LAYERS[transport]: len(check.trace)
    }
    told = [message["summary"].split()[0] for message in check.trace]
    assert [packet["sip.Method"] or packet["sip.Status-Code"] for packet in packets] == told
    assert [packet["sip.CSeq.method"] for packet in packets] == [each["method"] for each in check.trace]
    assert [packet["_ws.malformed"] for packet in packets] == [""] * len(packets)


def test_no_secret_is_in_a_capture(alice: Person) -> None:
    carrier = Carrier(challenge=CHALLENGE)
    with serving(carrier) as uri:
        check = checked(alice, uri)
    data = as_pcap(check)
    proofs = [each.get("authorization") or each.get("proxy-authorization") for each in carrier.heard]
    proofs = [proof for proof in proofs if proof]
    assert digest_is_right(proofs[0], "REGISTER", CHALLENGE)
    assert len(proofs) >= 3
    told = sum(message["text"].count("uthorization: [redacted]") for message in check.trace)
    assert data.count(b"uthorization: Digest [redacted]") == told >= len(proofs)
    for proof in proofs:
        response = proof.partition('response="')[2].partition('"')[0]
        assert len(response) == 32
        assert response.encode() not in data
    assert PASSWORD.encode() not in data
