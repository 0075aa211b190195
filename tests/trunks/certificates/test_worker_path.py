"""What is chosen for a gateway reaches the wire: pings, checks and registrations by the real workers.

Peers on loopback have an authority of their own, and some demand a certificate of it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.engine import PingEngine, RegistrarEngine
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.peers.certificates import Authority, KeyPair, server_context
from tests.peers.scripted import StreamPeer, answer_all
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving
from tests.trunks.certificates.papers import add_authority, add_client
from tests.trunks.checks.running import report_of, results
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import make_due
from trunks import services
from trunks.bindings import registrar
from trunks.bindings.claims import claim_due
from trunks.health import probing
from trunks.models import (
    Gateway,
    GatewayHealth,
    RegistrationFarewell,
    RegistrationStatus,
)

LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("carrier"), "Carrier authority")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Stranger")


@pytest.fixture
def pinger() -> Iterator[PingEngine]:
    with PingEngine(policy=LOOPBACK) as engine:
        yield engine


@pytest.fixture
def private_carrier(authority: Authority) -> ssl.SSLContext:
    return server_context(authority.issue(["127.0.0.1"]))


@pytest.fixture
def asking_carrier(authority: Authority) -> ssl.SSLContext:
    context = server_context(authority.issue(["127.0.0.1"]))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    return context


def text_of(pair: KeyPair) -> tuple[str, str]:
    return pair.certificate.read_text(), pair.key.read_text()


def gateway_to(person: Person, port: int, name: str = "Line") -> Gateway:
    trunk = make_trunk(person, name, f"sip:127.0.0.1:{port};transport=tls")
    with tenant_context(person.tenant):
        return trunk.gateways.get()


def choose(person: Person, gateway: Gateway, **chosen: Any) -> None:
    with tenant_context(person.tenant):
        services.update_gateway(
            tenant=person.tenant, actor=person.actor, gateway=gateway, expected_version=None, **chosen
        )


def pinged(person: Person, pinger: PingEngine) -> tuple[str, str]:
    """Let the workers look, and return state and cause of the person's only gateway."""
    make_due(timezone.now())
    probing.probe_due(pinger)
    with tenant_context(person.tenant):
        health = GatewayHealth.objects.get()
    return health.state, health.cause


def test_gateway_of_a_private_authority_comes_up_once_that_is_chosen(
    alice: Person, pinger: PingEngine, authority: Authority, private_carrier: ssl.SSLContext
) -> None:
    with StreamPeer(answer_all, private_carrier) as peer:
        gateway = gateway_to(alice, peer.port)
        assert pinged(alice, pinger) == ("down", "tls_untrusted")
        ca = add_authority(alice, authority.ca_file.read_text())
        choose(alice, gateway, trusted_authority_id=ca.pk)
        assert [pinged(alice, pinger), pinged(alice, pinger)] == [("down", ""), ("up", "")]


def test_demanded_certificate_is_missed_then_refused_then_taken(
    alice: Person,
    pinger: PingEngine,
    authority: Authority,
    stranger: Authority,
    asking_carrier: ssl.SSLContext,
) -> None:
    ca = add_authority(alice, authority.ca_file.read_text())
    wrong = add_client(alice, *text_of(stranger.issue(["us.example.com"])), name="Wrong")
    right = add_client(alice, *text_of(authority.issue(["us.example.com"])), name="Right")
    with StreamPeer(answer_all, asking_carrier) as peer:
        gateway = gateway_to(alice, peer.port)
        choose(alice, gateway, trusted_authority_id=ca.pk)
        assert pinged(alice, pinger) == ("down", "tls_client_cert_required")
        choose(alice, gateway, client_certificate_id=wrong.pk)
        assert pinged(alice, pinger) == ("down", "tls_client_cert_rejected")
        choose(alice, gateway, client_certificate_id=right.pk)
        assert [pinged(alice, pinger), pinged(alice, pinger)] == [("down", ""), ("up", "")]


def test_another_choice_is_looked_at_at_once(
    alice: Person, authority: Authority, private_carrier: ssl.SSLContext
) -> None:
    gateway = gateway_to(alice, 5061)
    with tenant_context(alice.tenant):
        before = GatewayHealth.objects.get()
        GatewayHealth.objects.update(next_probe_at=timezone.now() + timedelta(hours=1))
    ca = add_authority(alice, authority.ca_file.read_text())
    choose(alice, gateway, trusted_authority_id=ca.pk)
    with tenant_context(alice.tenant):
        after = GatewayHealth.objects.get()
    assert after.next_probe_at is not None
    assert after.next_probe_at <= timezone.now()
    assert (after.claim, after.state) == (before.claim + 1, before.state)


def test_two_customers_never_share_a_connection(
    alice: Person,
    charlie: Person,
    pinger: PingEngine,
    authority: Authority,
    private_carrier: ssl.SSLContext,
) -> None:
    """Alice's trust in this carrier proves nothing to Charlie, and each has a connection of their own."""
    pem = authority.ca_file.read_text()
    with StreamPeer(answer_all, private_carrier) as peer:
        choose(alice, gateway_to(alice, peer.port), trusted_authority_id=add_authority(alice, pem).pk)
        strangers = gateway_to(charlie, peer.port)
        assert pinged(alice, pinger) == ("up", "")
        with tenant_context(charlie.tenant):
            assert GatewayHealth.objects.get().cause == "tls_untrusted"
        before = peer.accepted
        choose(charlie, strangers, trusted_authority_id=add_authority(charlie, pem).pk)
        assert pinged(charlie, pinger) == ("down", "")
        assert peer.accepted == before + 1
        assert pinged(charlie, pinger) == ("up", "")
        assert peer.accepted == before + 1


def test_key_that_cannot_be_opened_is_told(
    alice: Person, pinger: PingEngine, authority: Authority, asking_carrier: ssl.SSLContext
) -> None:
    shown = add_client(alice, *text_of(authority.issue(["us.example.com"])))
    other = add_client(alice, *text_of(authority.issue(["us.example.com"])), name="Other")
    with StreamPeer(answer_all, asking_carrier) as peer:
        choose(alice, gateway_to(alice, peer.port), client_certificate_id=shown.pk)
        with tenant_context(alice.tenant):
            type(shown).objects.filter(pk=shown.pk).update(secret=other.secret)
        assert pinged(alice, pinger) == ("down", "tls_client_cert_rejected")
        assert peer.accepted == 0


# Readiness checks


def test_check_trusts_and_shows_what_the_gateway_has(
    alice: Person, authority: Authority, asking_carrier: ssl.SSLContext
) -> None:
    ca = add_authority(alice, authority.ca_file.read_text())
    shown = add_client(alice, *text_of(authority.issue(["us.example.com"])))
    with StreamPeer(answer_all, asking_carrier) as peer:
        gateway = gateway_to(alice, peer.port)
        found = [report_of(alice, gateway.trunk).cause]
        choose(alice, gateway, trusted_authority_id=ca.pk)
        found.append(report_of(alice, gateway.trunk).cause)
        choose(alice, gateway, client_certificate_id=shown.pk)
        check = report_of(alice, gateway.trunk)
    assert found == ["tls_untrusted", "tls_client_cert_required"]
    # The certificates of the peer and ours are of ten days.
    assert (check.verdict, results(check)["options"]) == ("warn", ("pass", None))
    assert "PRIVATE KEY" not in str([check.steps, check.trace, check.runs])


# Registrations


class Registrar(Carrier):
    """Keeps bindings for an hour."""

    def register(self, request: Heard, send: Send) -> None:
        removed = "expires=0" in request.get("contact")
        self.reply(send, request, "200 OK", "" if removed else f"Contact: {request.get('contact')}\r\n")


def register(person: Person, uri: str) -> Any:
    with tenant_context(person.tenant):
        trunk = make_trunk(person, "Registers", uri)
        services.add_registration(
            tenant=person.tenant, actor=person.actor, trunk=trunk, registrar=uri, username="clinic"
        )
        return trunk.gateways.get()


def status_of(person: Person) -> tuple[str, str]:
    with tenant_context(person.tenant):
        row = RegistrationStatus.objects.get()
    return row.state, row.cause


def test_registrar_gets_what_the_gateway_at_its_host_has(
    alice: Person, authority: Authority, asking_carrier: ssl.SSLContext, settings: Any
) -> None:
    settings.REGISTER_RATE_PER_REGISTRAR = 0
    carrier = Registrar()
    ca = add_authority(alice, authority.ca_file.read_text())
    shown = add_client(alice, *text_of(authority.issue(["us.example.com"])))
    with serving(carrier, "tls", asking_carrier) as uri, RegistrarEngine(policy=LOOPBACK) as engine:
        gateway = register(alice, uri)
        registrar.refresh_due(engine)
        assert status_of(alice) == ("unreachable", "tls_untrusted")
        choose(alice, gateway, trusted_authority_id=ca.pk)
        registrar.refresh_due(engine)
        assert status_of(alice) == ("unreachable", "tls_client_cert_required")
        choose(alice, gateway, client_certificate_id=shown.pk)
        registrar.refresh_due(engine)
        assert status_of(alice) == ("registered", "")
        # The binding goes over the same way, though the trunk is gone by then.
        with tenant_context(alice.tenant):
            services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=gateway.trunk)
            farewell = RegistrationFarewell.objects.get()
            assert (farewell.trusted_authority_id, farewell.client_certificate_id) == (ca.pk, shown.pk)
        registrar.refresh_due(engine)
        with platform_context("test"):
            assert RegistrationFarewell.objects.count() == 0
    assert "expires=0" in carrier.of("REGISTER")[-1].get("contact")


def test_a_binding_that_came_too_late_goes_the_same_way(
    alice: Person, authority: Authority, asking_carrier: ssl.SSLContext
) -> None:
    """The registration is deleted while its first REGISTER is under way."""
    carrier = Registrar()
    ca = add_authority(alice, authority.ca_file.read_text())
    shown = add_client(alice, *text_of(authority.issue(["us.example.com"])))
    with serving(carrier, "tls", asking_carrier) as uri, RegistrarEngine(policy=LOOPBACK) as engine:
        gateway = register(alice, uri)
        choose(alice, gateway, trusted_authority_id=ca.pk, client_certificate_id=shown.pk)
        claims = claim_due(timezone.now(), 10, rate=0)
        with tenant_context(alice.tenant):
            services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=gateway.trunk)
        registrar._register(engine, claims, timezone.now)
        with tenant_context(alice.tenant):
            farewell = RegistrationFarewell.objects.get()
        assert (farewell.trusted_authority_id, farewell.client_certificate_id) == (ca.pk, shown.pk)
        registrar.refresh_due(engine)
        with platform_context("test"):
            assert RegistrationFarewell.objects.count() == 0
    assert "expires=0" in carrier.of("REGISTER")[-1].get("contact")


def test_registrations_of_two_customers_share_no_connection(
    alice: Person, charlie: Person, authority: Authority, private_carrier: ssl.SSLContext, settings: Any
) -> None:
    settings.REGISTER_RATE_PER_REGISTRAR = 0
    pem = authority.ca_file.read_text()
    with serving(Registrar(), "tls", private_carrier) as uri, RegistrarEngine(policy=LOOPBACK) as engine:
        choose(alice, register(alice, uri), trusted_authority_id=add_authority(alice, pem).pk)
        register(charlie, uri)
        registrar.refresh_due(engine)
        assert status_of(alice) == ("registered", "")
        assert status_of(charlie) == ("unreachable", "tls_untrusted")
