"""The engine over TLS: trust, names, and every way a handshake fails, each by its name."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.peers.certificates import Authority, KeyPair
from tests.peers.scripted import StreamPeer, answer_all
from tests.sip.pinging import LONG_S, named_target, new_engine, ping, seen

NAME = "edge.example.com"
ALIVE = [(True, 200, None)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def serving(pair: KeyPair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def cause_of_ping(context: ssl.SSLContext, ca_file: Path | None, name: str = NAME) -> str | None:
    """What a ping to a TLS server of ours ends with; None for an answer."""
    with (
        StreamPeer(answer_all, context) as peer,
        new_engine(ca_file=str(ca_file) if ca_file else None) as engine,
    ):
        return ping(engine, named_target(name, peer.port))[0].cause


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_connection_is_verified_named_and_reused(authority: Authority, version: ssl.TLSVersion) -> None:
    context = serving(authority.issue([NAME]))
    context.minimum_version = context.maximum_version = version
    with StreamPeer(answer_all, context) as peer, new_engine(ca_file=str(authority.ca_file)) as engine:
        for _ in range(2):
            assert seen(ping(engine, *[named_target(NAME, peer.port)] * 5)) == ALIVE * 5
        assert (peer.accepted, peer.server_names) == (1, [NAME])


@pytest.mark.parametrize(
    ("names", "asked", "cause"),
    [
        ([NAME], NAME, None),
        ([NAME], "EDGE.Example.com", None),
        (["sip:edge.example.com"], NAME, None),
        (["127.0.0.1"], "127.0.0.1", None),
        (["*.example.com"], NAME, None),
        (["*.example.com"], "a.edge.example.com", "tls_name_mismatch"),
        (["other.example.com"], NAME, "tls_name_mismatch"),
        (["sip:other.example.com", NAME], NAME, "tls_name_mismatch"),
        (["sip:alice@edge.example.com"], NAME, "tls_name_mismatch"),
        ([NAME], "127.0.0.1", "tls_name_mismatch"),
        (["127.0.0.2"], "127.0.0.1", "tls_name_mismatch"),
    ],
)
def test_identity_as_rfc_5922_has_it(
    authority: Authority, names: list[str], asked: str, cause: str | None
) -> None:
    assert cause_of_ping(serving(authority.issue(names)), authority.ca_file, asked) == cause


def test_expired_and_not_yet_valid_certificates(authority: Authority) -> None:
    day = dt.timedelta(days=1)
    expired = authority.issue([NAME], begins=-2 * day, ends=-day)
    early = authority.issue([NAME], begins=day, ends=2 * day)
    assert cause_of_ping(serving(expired), authority.ca_file) == "tls_expired"
    assert cause_of_ping(serving(early), authority.ca_file) == "tls_not_yet_valid"


def test_unknown_authority_is_untrusted(authority: Authority) -> None:
    assert cause_of_ping(serving(authority.issue([NAME])), None) == "tls_untrusted"


def test_without_verification_any_certificate_will_do(authority: Authority) -> None:
    with StreamPeer(answer_all, serving(authority.issue(["x.test"]))) as peer, new_engine() as engine:
        assert seen(ping(engine, named_target(NAME, peer.port, verify=False))) == ALIVE
        assert seen(ping(engine, named_target(NAME, peer.port))) == [(False, None, "tls_untrusted")]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_outdated_version(authority: Authority) -> None:
    context = serving(authority.issue([NAME]))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert cause_of_ping(context, authority.ca_file) == "tls_version"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_demand_for_a_client_certificate(authority: Authority, version: ssl.TLSVersion) -> None:
    context = serving(authority.issue([NAME]))
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    assert cause_of_ping(context, authority.ca_file) == "tls_client_cert_required"


def speaks_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def closes(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.shutdown(socket.SHUT_RDWR)


def stays_mute(connection: socket.socket) -> None:
    connection.recv(4096)


@pytest.mark.parametrize(
    ("script", "wait_s", "cause"),
    [
        (speaks_http, LONG_S, "tls_not_spoken"),
        (closes, LONG_S, "connection_closed"),
        (stays_mute, 1.0, "no_answer"),
    ],
)
def test_port_without_tls(script: Any, wait_s: float, cause: str) -> None:
    with StreamPeer(script) as peer, new_engine() as engine:
        assert seen(ping(engine, named_target(NAME, peer.port, wait_s=wait_s))) == [(False, None, cause)]
