"""Connecting a carrier: everything at once, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.local.sandbox.carriers import CARRIERS
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import page
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
    Gateway,
    GatewayHealth,
    Registration,
    RegistrationStatus,
    Trunk,
)

LINE = {
    "name": "Main line",
    "direction": "both",
    "address": "sip.example.com",
    "authentication": ["ip_allowlist", "digest"],
    "networks": "203.0.113.0/28\n198.51.100.7",
    "username": "acme",
    "secret": "s3cret",
}


def send(person: Person, **changes: Any) -> Any:
    """Send the form."""
    return person.client().post(page("create", person), {**LINE, **changes})


def test_alice_connects_a_carrier(alice: Person) -> None:
    response = send(alice, transport="tls", port="5061")

    with tenant_context(alice.tenant):
        trunk = Trunk.objects.get()
        gateway = Gateway.objects.get()
        networks = list(AllowedNetwork.objects.values_list("cidr", flat=True))
        credential = DigestCredential.objects.get()
        health = GatewayHealth.objects.get()
    assert (response.status_code, response["Location"]) == (302, page("first-check", alice, trunk))
    assert (trunk.name, trunk.authentication) == ("Main line", ["ip_allowlist", "digest"])
    assert gateway.uri == "sip:sip.example.com:5061;transport=tls"
    assert networks == ["198.51.100.7/32", "203.0.113.0/28"]
    assert (credential.username, credential.direction) == ("acme", "outbound")
    assert health.next_probe_at is not None


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"name": ""}, "name", "Give the line a name, for example the carrier's."),
        ({"name": "Old line"}, "name", "You have a trunk of this name."),
        ({"address": ""}, "address", "Enter the carrier's SIP address, for example sip.example.com."),
        (
            {"address": "alice@sip.example.com"},
            "address",
            "Write the host alone, without the user name and the @ in front of it.",
        ),
        ({"port": "99999"}, "port", "Use a port from 1 to 65535."),
        ({"address": "alice@x", "port": "99999"}, "port", "Use a port from 1 to 65535."),
        (
            {"address": "+49 30 1234567", "port": "99999"},
            "address",
            "This is a phone number; enter the host of your carrier.",
        ),
        (
            {"address": "0301234567"},
            "address",
            "This is a phone number; enter the host of your carrier.",
        ),
        (
            {"address": "sip.example.com:5070", "port": "5060"},
            "address",
            "The address says port 5070, but port 5060 is entered beside it: leave one out.",
        ),
        (
            {"address": "sips:sip.example.com", "transport": "udp"},
            "address",
            "sips: always means TLS: choose tls as the transport, or write sip: instead of sips:.",
        ),
        (
            {"networks": "203.0.113.0/28\n0.0.0.0/0"},
            "networks",
            ("0.0.0.0/0: A network of every address would accept calls from anybody."
             " Write your carrier's own."),
        ),
        (
            {"networks": "203.0.113.0/28\n203.0.113.0/28"},
            "networks",
            "203.0.113.0/28: This network is entered twice. Leave one line out.",
        ),
        ({"address": "::1"}, "address", "Put an IPv6 address in brackets: write [::1]."),
        (
            {"address": "a@b.example"},
            "address",
            "Write the host alone, without the user name and the @ in front of it.",
        ),
        ({"secret": ""}, "secret", "Enter the password that belongs to this user name."),
        ({"username": ""}, "username", "Enter the user name that belongs to this password."),
        ({"direction": "x"}, "direction", "Select a valid choice. x is not one of the available choices."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_stored(
    alice: Person, changes: dict[str, str], field: str, error: str
) -> None:
    make_trunk(alice, "Old line")

    response = send(alice, **changes)

    assert response.status_code == 422
    assert response.context["form"].errors[field] == [error]
    with tenant_context(alice.tenant):
        assert Trunk.objects.count() == 1
        assert not Gateway.objects.exists()


def test_a_form_to_be_corrected_still_says_what_its_address_is_sent_as(alice: Person) -> None:
    loads = 'hx-trigger="load"'
    assert loads in send(alice, secret="").content.decode()
    assert loads not in send(alice, address="::1").content.decode()


def test_a_wide_network_is_confirmed_first(alice: Person) -> None:
    asked = send(alice, networks="203.0.0.0/16")
    confirmed = send(alice, networks="203.0.0.0/16", wide_confirmed="on")

    assert asked.status_code == 422
    assert "203.0.0.0/16 is 65,536 addresses." in asked.context["form"].errors["wide_confirmed"][0]
    assert confirmed.status_code == 302


def test_what_was_not_chosen_is_not_stored(alice: Person) -> None:
    send(alice, authentication=["registration"])

    with tenant_context(alice.tenant):
        assert not AllowedNetwork.objects.exists()
        assert DigestCredential.objects.exists()


def test_a_line_that_registers_does_so_at_once(alice: Person) -> None:
    send(alice, transport="tls", authentication=["ip_allowlist", "registration"], realm="telco")

    with tenant_context(alice.tenant):
        registration = Registration.objects.get()
        credential = DigestCredential.objects.get()
        status = RegistrationStatus.objects.get()
    assert registration.registrar == "sip:sip.example.com;transport=tls"
    assert (registration.username, registration.credential_id) == ("acme", credential.pk)
    assert (credential.username, credential.realm, credential.bound_hosts) == (
        "acme",
        "telco",
        ["sip.example.com"],
    )
    assert (status.state, status.next_attempt_at is not None) == ("registering", True)


def test_a_registration_without_a_user_name_is_set_up_later(alice: Person) -> None:
    send(alice, authentication=["registration"], username="", secret="")

    with tenant_context(alice.tenant):
        assert Trunk.objects.get().authentication == ["registration"]
        assert not Registration.objects.exists()


def test_what_is_wrong_with_the_registration_is_said_once_and_where_it_was_typed(alice: Person) -> None:
    refused = send(alice, authentication=["registration"], username="a\nb", address="sip.invalid..example")

    assert refused.status_code == 422
    errors = refused.context["form"].errors
    assert set(errors) <= {"address", "username"}
    assert all(len(texts) == 1 for texts in errors.values())
    with tenant_context(alice.tenant):
        assert not Trunk.objects.exists()


def test_a_password_is_not_sent_back(alice: Person) -> None:
    response = send(alice, name="")

    assert "s3cret" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "What we will send appears here as you type."),
        ({"address": "sip.example.com", "transport": "tls"}, "sip:sip.example.com;transport=tls"),
        ({"address": "[2001:db8::1]", "port": "5070"}, "sip:[2001:db8::1]:5070"),
        ({"address": "sip:1.2.3"}, "Write an IPv4 address as four decimal numbers"),
        (
            {"address": "10.0.0.1"},
            "10.0.0.1 is inside a private network, which we never contact. Enter the carrier",
        ),
        ({"address": "x", "port": "70000"}, "Use a port from 1 to 65535."),
        ({"address": "sip:<script>"}, "Leave out quotes and angle brackets"),
    ],
)
def test_the_preview_shows_what_will_be_sent(alice: Person, query: dict[str, str], expected: str) -> None:
    response = alice.client().get(page("preview", alice), query)

    assert expected in response.content.decode()


def test_a_sandbox_offers_its_carriers(alice: Person, settings: Any) -> None:
    without = alice.client().get(page("create", alice)).content.decode()
    settings.SANDBOX = True
    offered = alice.client().get(page("create", alice)).content.decode()

    assert "No carrier at hand?" not in without
    for uri in settings.SANDBOX_CARRIERS.values():
        assert f'data-copy="{uri}"' in offered


def test_the_sandbox_carriers_listen_where_the_page_says(settings: Any) -> None:
    names = {
        "Healthy": "healthy",
        "Answers 503": "overloaded",
        "Silent": "mute",
        "Comes and goes": "comes and goes",
    }
    listening = {
        carrier.name: f"sip:127.0.0.1:{settings.SANDBOX_PORT + carrier.listeners[0].offset}"
        for carrier in CARRIERS
        if carrier.listeners[0].transport == "udp"
    }

    assert {shown: listening[name] for shown, name in names.items()} == settings.SANDBOX_CARRIERS
