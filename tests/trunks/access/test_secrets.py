"""A password that we send stays with the hosts that the trunk had when it was entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.models import DigestCredential, Gateway, Trunk

OLD, NEW = "old.example.com", "new.example.com"


class Line:
    """Alice's trunk, changed through the services."""

    def __init__(self, person: Person) -> None:
        self.who: dict[str, Any] = {"tenant": person.tenant, "actor": person.actor}
        self.trunk = make_trunk(person, "Main line")

    def add(self, host: str, *, clear: bool = False, more: str = "") -> list[str]:
        """Add a gateway; return the warnings."""
        uri = f"sip:{host}{more}"
        return services.add_gateway(**self.who, trunk=self.trunk, uri=uri, clear_secrets=clear)[1]

    def drop(self, host: str) -> None:
        """Delete the gateway at a host."""
        services.delete_gateway(**self.who, gateway=Gateway.objects.get(host=host))

    def enter(self, direction: str = "outbound") -> DigestCredential:
        """Store a password."""
        return services.add_credential(
            **self.who, trunk=self.trunk, direction=direction, username="acme", secret="first"
        )

    def enter_again(self) -> None:
        """Replace the password."""
        credential = DigestCredential.objects.get()
        services.update_credential(**self.who, credential=credential, expected_version=None, secret="second")

    def kept(self) -> tuple[bool, list[str], str]:
        """Return whether the password is there, which hosts it is for, and why it was cleared."""
        stored = DigestCredential.objects.get()
        return stored.secret is not None, stored.bound_hosts, stored.cleared_because


@pytest.fixture
def line(in_acme: Tenant, alice: Person) -> Line:
    return Line(alice)


CLEARED: tuple[bool, list[str], str] = (False, [], "gateway_added")


def test_a_password_is_bound_to_every_host_of_the_trunk(line: Line) -> None:
    line.add(OLD)
    line.add(OLD, more=";transport=tls")
    line.add(NEW)
    line.enter()
    assert line.kept() == (True, [NEW, OLD], "")


def test_deleting_a_gateway_and_adding_another_clears_it(line: Line) -> None:
    line.add(OLD)
    line.enter()
    line.drop(OLD)
    assert line.kept() == (True, [OLD], "")

    assert line.add(NEW, clear=True) == [
        "The password of “acme” was cleared, because a gateway was added at another host. Enter it again."
    ]
    assert line.kept() == CLEARED
    assert AuditEvent.objects.get(verb="credential.secret_cleared").changes == {
        "secret": ["[hidden]", None],
        "cleared_because": ["", "gateway_added"],
    }


def test_nothing_is_cleared_before_somebody_confirms_it(line: Line) -> None:
    line.add(OLD)
    line.enter()
    with pytest.raises(ValidationError) as caught:
        line.add(NEW)
    asked = (
        "Passwords are kept only for the addresses they were entered for: this clears the password of “acme”."
        " Confirm that, and enter it again afterwards."
    )
    assert caught.value.message_dict == {"clear_secrets": [asked]}
    assert (line.kept(), Gateway.objects.count()) == ((True, [OLD], ""), 1)


@pytest.mark.parametrize("more", ["", ":5080", ";transport=tls"])
def test_a_gateway_at_the_same_host_keeps_it(line: Line, more: str) -> None:
    line.add(OLD)
    line.enter()
    line.drop(OLD)
    assert line.add(OLD, more=more) == []
    assert line.kept() == (True, [OLD], "")


def test_a_second_host_clears_it_too(line: Line) -> None:
    line.add(OLD)
    line.enter()
    line.add(NEW, clear=True)
    assert line.kept() == CLEARED


def test_entered_again_it_is_bound_to_the_hosts_of_now(line: Line) -> None:
    line.add(OLD)
    line.enter()
    line.drop(OLD)
    line.add(NEW, clear=True)
    line.enter_again()
    assert line.kept() == (True, [NEW], "")
    # The first host is a stranger to the second password.
    line.add(OLD, clear=True)
    assert line.kept() == CLEARED


def test_a_password_without_a_gateway_is_for_nobody(line: Line) -> None:
    line.enter()
    assert line.kept() == (True, [], "")
    line.add(OLD, clear=True)
    assert line.kept() == CLEARED


def test_what_the_carrier_sends_is_bound_to_no_host(line: Line) -> None:
    line.add(OLD)
    line.enter("inbound")
    line.add(NEW)
    assert line.kept() == (True, [], "")


@pytest.mark.parametrize(
    ("change", "because"),
    [({"realm": "x"}, "realm_changed"), ({"direction": "inbound"}, "direction_changed")],
)
def test_why_an_edit_of_the_credential_cleared_it(line: Line, change: dict[str, Any], because: str) -> None:
    line.add(OLD)
    services.update_credential(**line.who, credential=line.enter(), expected_version=1, **change)
    assert line.kept() == (False, [], because)


def _another_gateway(trunk: Trunk) -> None:
    Gateway.objects.create(tenant=trunk.tenant, trunk=trunk, uri=f"sip:{NEW}", host=NEW, transport="udp")


def _gateway_moves(trunk: Trunk) -> None:
    Gateway.objects.filter(trunk=trunk).update(host=NEW)


def _hosts_grow(trunk: Trunk) -> None:
    DigestCredential.objects.filter(trunk=trunk).update(bound_hosts=[OLD, NEW])


def _hosts_shrink(trunk: Trunk) -> None:
    DigestCredential.objects.filter(trunk=trunk).update(bound_hosts=[])


def _reason_without_clearing(trunk: Trunk) -> None:
    DigestCredential.objects.filter(trunk=trunk).update(cleared_because="gateway_added")


@pytest.mark.parametrize(
    "write",
    [_another_gateway, _gateway_moves, _hosts_grow, _hosts_shrink, _reason_without_clearing],
)
def test_the_database_holds_the_rule(line: Line, write: Callable[[Trunk], None]) -> None:
    line.add(OLD)
    line.enter()
    with pytest.raises(IntegrityError), transaction.atomic():
        write(line.trunk)
    assert (line.kept(), Gateway.objects.get().host) == ((True, [OLD], ""), OLD)


def test_the_database_lets_no_password_change_its_direction(line: Line) -> None:
    line.enter("inbound")
    with pytest.raises(IntegrityError), transaction.atomic():
        DigestCredential.objects.update(direction="outbound")
    assert DigestCredential.objects.get().direction == "inbound"
