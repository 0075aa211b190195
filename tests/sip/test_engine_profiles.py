"""The engine with authorities and certificates of customers: what is trusted, shown, and never shared."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace

import pytest

from callsphere.sip.engine import PingOutcome, PingTarget
from callsphere.sip.transport.profile import TlsProfile
from tests.peers.certificates import Authority, KeyPair, server_context
from tests.peers.scripted import StreamPeer, answer_all
from tests.sip.pinging import named_target, new_engine, ping, seen

NAME = "edge.example.com"
ALIVE = (True, 200, None)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("carrier"), "Carrier authority")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Stranger")


def asking(authority: Authority, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server of this authority that demands a certificate of the same."""
    context = server_context(authority.issue([NAME]))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    return context


def trusting(authority: Authority, scope: str = "acme") -> TlsProfile:
    return TlsProfile(scope, authorities=authority.ca_file.read_text())


def showing(profile: TlsProfile, pair: KeyPair) -> TlsProfile:
    return replace(profile, chain=pair.certificate.read_text(), private_key=pair.key.read_text())


def to(peer: StreamPeer, profile: TlsProfile | None, **values: object) -> PingTarget:
    return replace(named_target(NAME, peer.port), tls=profile, **values)  # type: ignore[arg-type]  # what a test asks for


def outcome_of(context: ssl.SSLContext, profile: TlsProfile | None) -> PingOutcome:
    with StreamPeer(answer_all, context) as peer, new_engine() as engine:
        return ping(engine, to(peer, profile))[0]


class Names:
    """Answers everything, and keeps the name in the certificate that each connection showed."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        certificate = connection.getpeercert() or {}
        self.shown += [str(pair[0][1]) for pair in certificate.get("subject", ())]
        answer_all(connection)


@pytest.fixture
def names() -> Names:
    return Names()


def test_own_authority_is_trusted(carrier: Authority) -> None:
    context = server_context(carrier.issue([NAME]))
    assert outcome_of(context, None).cause == "tls_untrusted"
    assert seen([outcome_of(context, trusting(carrier))]) == [ALIVE]


def test_own_authority_is_trusted_alone(carrier: Authority, stranger: Authority) -> None:
    """Whoever else the operator trusts counts no more at this gateway."""
    context = server_context(carrier.issue([NAME]))
    with StreamPeer(answer_all, context) as peer, new_engine(ca_file=str(carrier.ca_file)) as engine:
        assert seen(ping(engine, to(peer, None))) == [ALIVE]
        assert seen(ping(engine, to(peer, trusting(stranger)))) == [(False, None, "tls_untrusted")]


@pytest.mark.parametrize("version", VERSIONS)
def test_certificate_is_shown_where_it_is_demanded(carrier: Authority, version: ssl.TLSVersion) -> None:
    trust = trusting(carrier)
    context = asking(carrier, version)
    assert outcome_of(context, trust).cause == "tls_client_cert_required"
    assert seen([outcome_of(context, showing(trust, carrier.issue(["us.example.com"])))]) == [ALIVE]


@pytest.mark.parametrize("version", VERSIONS)
def test_certificate_that_the_peer_does_not_take(
    carrier: Authority, stranger: Authority, version: ssl.TLSVersion
) -> None:
    profile = showing(trusting(carrier), stranger.issue(["us.example.com"]))
    assert outcome_of(asking(carrier, version), profile).cause == "tls_client_cert_rejected"


def test_profile_that_openssl_does_not_take(carrier: Authority) -> None:
    """The key of somebody else: what is entered is checked, but a worker must not stumble over it."""
    one, other = carrier.issue(["a.example.com"]), carrier.issue(["b.example.com"])
    profile = replace(showing(trusting(carrier), one), private_key=other.key.read_text())
    found = outcome_of(asking(carrier), profile)
    assert (found.cause, "PRIVATE KEY" in found.detail) == ("tls_client_cert_rejected", False)


def test_profile_keeps_its_texts_to_itself(carrier: Authority) -> None:
    profile = showing(trusting(carrier), carrier.issue(["us.example.com"]))
    assert repr(profile) == "TlsProfile(scope='acme')"


# Nothing is shared


def test_connections_are_kept_for_the_same_profile_alone(carrier: Authority, names: Names) -> None:
    one = showing(trusting(carrier), carrier.issue(["a.example.com"]))
    other = showing(trusting(carrier), carrier.issue(["b.example.com"]))
    with StreamPeer(names, asking(carrier)) as peer, new_engine() as engine:
        for _ in range(2):
            assert seen(ping(engine, to(peer, one), to(peer, other))) == [ALIVE, ALIVE]
        # the same texts, read from the database once more
        assert seen(ping(engine, to(peer, replace(one)))) == [ALIVE]
        assert peer.accepted == 2
        assert len(set(names.shown)) == 2


def test_equal_certificates_of_two_customers_are_not_shared(carrier: Authority, names: Names) -> None:
    acme = showing(trusting(carrier), carrier.issue(["a.example.com"]))
    globex = replace(acme, scope="globex")
    with StreamPeer(names, asking(carrier)) as peer, new_engine() as engine:
        assert seen(ping(engine, to(peer, acme), to(peer, globex))) == [ALIVE, ALIVE]
        assert peer.accepted == 2


def test_who_trusts_nobody_gets_nothing_of_anothers_connection(carrier: Authority) -> None:
    """One customer's open connection proves nothing about the peer to another customer."""
    with StreamPeer(answer_all, server_context(carrier.issue([NAME]))) as peer, new_engine() as engine:
        assert seen(ping(engine, to(peer, trusting(carrier, "acme")))) == [ALIVE]
        assert seen(ping(engine, to(peer, None))) == [(False, None, "tls_untrusted")]
        assert seen(ping(engine, to(peer, trusting(carrier, "acme")))) == [ALIVE]
        assert peer.accepted == 2


def test_renewed_certificate_takes_a_new_connection(carrier: Authority, names: Names) -> None:
    old = showing(trusting(carrier), carrier.issue(["us.example.com"]))
    new = showing(trusting(carrier), carrier.issue(["us.example.com"]))
    with StreamPeer(names, asking(carrier)) as peer, new_engine() as engine:
        for profile in (old, new, new):
            assert seen(ping(engine, to(peer, profile))) == [ALIVE]
        assert (peer.accepted, len(set(names.shown))) == (2, 2)
