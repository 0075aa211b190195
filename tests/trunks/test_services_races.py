"""Edits at the same time, on connections of their own."""

from typing import Any

import pytest

from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.racing import endings_of
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.models import DigestCredential, Gateway, Trunk

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_edits_of_one_version_one_is_refused(alice: Person) -> None:
    trunk = make_trunk(alice)
    endings = endings_of(
        alice,
        *(
            lambda name=name: services.update_trunk(
                tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=1, name=name
            )
            for name in ("A", "B")
        ),
    )
    assert endings == ["VersionConflict", "done"]
    with tenant_context(alice.tenant):
        assert Trunk.objects.get().version == 2


def test_the_last_room_is_given_once(alice: Person) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(trunk_limit=1)
    endings = endings_of(
        alice,
        *(
            lambda name=name: services.create_trunk(tenant=alice.tenant, actor=alice.actor, name=name)
            for name in ("A", "B", "C")
        ),
    )
    assert endings == ["LimitReached", "LimitReached", "done"]


def test_the_same_name_is_given_once(alice: Person) -> None:
    one, other = make_trunk(alice, "One"), make_trunk(alice, "Other")
    endings = endings_of(
        alice,
        *(
            lambda trunk=trunk: services.update_trunk(
                tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=1, name="Same"
            )
            for trunk in (one, other)
        ),
    )
    assert endings == ["ValidationError", "done"]


def test_the_same_gateway_is_added_once(alice: Person) -> None:
    trunk = make_trunk(alice)
    endings = endings_of(
        alice,
        *[
            lambda: services.add_gateway(
                tenant=alice.tenant, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com"
            )
        ]
        * 2,
    )
    assert endings == ["ValidationError", "done"]
    with tenant_context(alice.tenant):
        assert Gateway.objects.count() == 1


def test_a_password_entered_while_a_gateway_is_added_is_for_the_hosts_it_met(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:old.example.com")
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "trunk": trunk}
    endings = endings_of(
        alice,
        lambda: services.add_gateway(**who, uri="sip:new.example.com", clear_secrets=True),
        lambda: services.add_credential(**who, direction="outbound", username="acme", secret="first"),
    )
    assert endings == ["done", "done"]
    with tenant_context(alice.tenant):
        stored = DigestCredential.objects.get()
        both = ["new.example.com", "old.example.com"]
        assert (stored.secret is not None, stored.bound_hosts) in [(True, both), (False, [])]
