"""Changing a registration."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.registering import became, register
from tests.trunks.web.conftest import page
from tests.trunks.web.registering import NEW, send, stored
from trunks.models import RegistrationStatus, Trunk


def test_two_people_at_once_lose_nothing(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    data = {**NEW, "sign_in": str(registration.credential_id), "secret": "", "version": "1"}
    assert send(alice, trunk, **{**data, "username": "theirs"}).status_code == 302

    refused = send(alice, trunk, **{**data, "username": "mine", "expires_s": "600"})

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [{"label": "User", "theirs": "theirs", "yours": "mine"}]
    assert stored(alice).username == "theirs"


def test_the_password_is_never_shown(alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)
    for name in ("registration", "registration-edit", "detail"):
        assert "canary-secret-4711" not in alice.client().get(page(name, alice, trunk)).content.decode()


def test_another_members_status_is_not_reset_by_an_edit_of_nothing(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    became(alice, registration, "registered", expires_at=900, next_attempt_at=400)
    with tenant_context(alice.tenant):
        before = RegistrationStatus.objects.values().get()
    data = {
        **NEW,
        "sign_in": str(registration.credential_id),
        "secret": "",
        "version": "1",
        "expires_s": "3600",
    }
    assert send(alice, trunk, **data).status_code == 302
    with tenant_context(alice.tenant):
        assert RegistrationStatus.objects.values().get() == before
