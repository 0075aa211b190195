"""What people may do to a registration. What the workers make of it is in test_registrar.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.models import DigestCredential, Registration, RegistrationStatus, Trunk


@pytest.fixture
def registration(alice: Person, trunk: Trunk) -> Registration:
    with tenant_context(alice.tenant):
        return services.add_registration(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            registrar="sip:registrar.example.com",
            username="clinic",
        )


CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "update": (services.update_registration, {"expected_version": None, "expires_s": 600}),
    "pause": (services.pause_registration, {}),
    "resume": (services.resume_registration, {}),
    "register now": (services.register_now, {}),
    "delete": (services.delete_registration, {}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_locks_the_trunk_first(alice: Person, registration: Registration, name: str) -> None:
    """Two changes at once wait for each other, and never each for the other."""
    service, values = CHANGES[name]
    with tenant_context(alice.tenant), CaptureQueriesContext(connection) as captured:
        service(tenant=alice.tenant, actor=alice.actor, registration=registration, **values)
    locks = [each["sql"] for each in captured if "FOR NO KEY UPDATE" in each["sql"]]
    assert [sql.partition('FROM "')[2].partition('"')[0] for sql in locks][:2] == [
        "trunks_trunk",
        "trunks_registration",
    ]


class Desk:
    """Alice at her trunk's registration, inside her tenant."""

    def __init__(self, alice: Person, trunk: Trunk) -> None:
        self.who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
        self.trunk = trunk

    def credential(self) -> DigestCredential:
        """Store a password, for whatever the trunk leads to now."""
        return services.add_credential(
            **self.who, trunk=self.trunk, direction="outbound", username="acme", secret="first"
        )

    def add(self, registrar: str = "sip:registrar.example.com", **values: Any) -> Registration:
        values = {"registrar": registrar, "username": "clinic", **values}
        return services.add_registration(**self.who, trunk=self.trunk, **values)

    def change(self, **values: Any) -> None:
        row = Registration.objects.get()
        services.update_registration(**self.who, registration=row, expected_version=None, **values)

    def register_now(self) -> None:
        services.register_now(**self.who, registration=Registration.objects.get())

    def hosts(self) -> list[str]:
        """Which hosts the only password is for."""
        return DigestCredential.objects.get().bound_hosts


@pytest.fixture
def desk(in_acme: Any, alice: Person, trunk: Trunk) -> Desk:
    return Desk(alice, trunk)


ACCOUNT = {"username": "acme", "secret": "second"}


def test_an_account_is_stored_for_its_registrar_and_the_gateways(desk: Desk) -> None:
    services.add_gateway(**desk.who, trunk=desk.trunk, uri="sip:gateway.example.com")
    assert desk.add(account=ACCOUNT).credential == DigestCredential.objects.get()
    assert desk.hosts() == ["gateway.example.com", "registrar.example.com"]


def test_a_password_that_was_entered_for_others_is_asked_for_again(desk: Desk) -> None:
    credential = desk.credential()
    with pytest.raises(ValidationError) as caught:
        desk.add(credential=credential)
    assert list(caught.value.message_dict) == ["secret"]
    assert Registration.objects.count() == 0
    desk.add(credential=credential, secret="first")
    assert desk.hosts() == ["registrar.example.com"]


def test_the_same_account_again_is_the_same_credential(desk: Desk) -> None:
    desk.add(account=ACCOUNT)
    before = DigestCredential.objects.get()
    desk.change(registrar="sip:second.example.com", account=ACCOUNT)
    after = DigestCredential.objects.get()
    assert (after.pk, after.version) == (before.pk, before.version + 1)
    assert "second.example.com" in after.bound_hosts


def test_another_port_of_the_same_host_keeps_the_password(desk: Desk) -> None:
    desk.add(account=ACCOUNT)
    desk.change(registrar="sip:registrar.example.com:5080;transport=tcp")
    assert desk.hosts() == ["registrar.example.com"]


def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(ValidationError) as caught:
        desk.add("registrar.example.com", username="", account={"username": "", "secret": ""}, expires_s=5)
    assert sorted(caught.value.message_dict) == [
        "account.secret",
        "account.username",
        "expires_s",
        "registrar",
        "username",
    ]
    assert DigestCredential.objects.count() == 0


def test_registering_on_request_has_a_pace(desk: Desk) -> None:
    desk.add()
    for _time in range(3):
        desk.register_now()
    with pytest.raises(services.RegisteredTooOften) as caught:
        desk.register_now()
    assert 0 < caught.value.retry_after_s <= 60


def test_a_new_password_is_tried_at_once(desk: Desk) -> None:
    desk.add(account=ACCOUNT)
    RegistrationStatus.objects.update(state="rejected", next_attempt_at=None, refusals=2)
    desk.change(account=ACCOUNT)
    status = RegistrationStatus.objects.get()
    assert (status.refusals, status.next_attempt_at is not None) == (0, True)


def test_a_user_with_a_space_is_refused(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant), pytest.raises(ValidationError) as refusal:
        Desk(alice, trunk).add(username="+1 415 555 0100")
    assert refusal.value.message_dict == {
        "username": ["A user holds no spaces: enter a number as +14155550100, without any."]
    }


def test_a_user_fits_into_the_contact_it_makes(alice: Person, trunk: Trunk) -> None:
    with tenant_context(alice.tenant):
        desk = Desk(alice, trunk)
        with pytest.raises(ValidationError) as refusal:
            desk.add(username="é" * 22)
        assert list(refusal.value.message_dict) == ["username"]
        desk.add(username="é" * 21)
