"""Setting up, changing and deleting a registration, and its buttons."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.registering import became, register
from tests.trunks.web.conftest import page
from trunks import services
from trunks.models import DigestCredential, Registration, RegistrationStatus, Trunk

NEW = {
    "address": "registrar.example.com",
    "username": "clinic",
    "sign_in": "new",
    "secret": "canary-secret-4711",
    "expires_s": "600",
}


def send(person: Person, trunk: Trunk, name: str = "registration-edit", **data: Any) -> Any:
    return person.client().post(page(name, person, trunk), data)


def stored(alice: Person) -> Registration:
    with tenant_context(alice.tenant):
        return Registration.objects.select_related("credential", "status").get()


def test_a_new_one_registers_with_a_new_account(alice: Person, trunk: Trunk) -> None:
    response = send(alice, trunk, **NEW)

    assert (response.status_code, response["Location"]) == (302, page("registration", alice, trunk))
    row = stored(alice)
    assert (row.registrar, row.username, row.expires_s) == ("sip:registrar.example.com", "clinic", 600)
    assert row.credential is not None
    assert (row.credential.username, row.credential.bound_hosts) == (
        "clinic",
        ["203.0.113.5", "registrar.example.com"],
    )
    assert row.status.next_attempt_at is not None


def test_one_of_the_trunks_credentials_may_be_chosen(
    alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    data = {**NEW, "sign_in": str(credential.pk), "secret": ""}
    refused = send(alice, trunk, **data)
    assert refused.status_code == 422
    assert "was not entered for registrar.example.com. Enter it again." in str(
        refused.context["form"].errors["secret"]
    )

    assert send(alice, trunk, **{**data, "secret": "first secret"}).status_code == 302
    assert stored(alice).credential_id == credential.pk


def test_a_carrier_that_asks_for_nothing_gets_nothing(alice: Person, trunk: Trunk) -> None:
    assert send(alice, trunk, **{**NEW, "sign_in": "none"}).status_code == 302
    assert stored(alice).credential is None


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"address": ""}, "address", "Enter the carrier's SIP address"),
        ({"address": "sip:registrar example.com"}, "address", ""),
        ({"username": ""}, "username", "Enter the user that your carrier gave you"),
        ({"secret": ""}, "secret", "Enter the password that belongs to this user name."),
        ({"expires_s": "5"}, "expires_s", "greater than or equal to 60"),
        ({"sign_in": "01a2209c-e904-7eea-9708-9cf92b49dbff"}, "sign_in", "Select a valid choice"),
        ({"auth_username": "a\x07b"}, "auth_username", "Remove line breaks, control characters"),
    ],
)
def test_wrong_input_is_shown_at_its_field(
    alice: Person, trunk: Trunk, data: dict[str, str], field: str, words: str
) -> None:
    response = send(alice, trunk, **{**NEW, **data})

    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    with tenant_context(alice.tenant):
        assert (Registration.objects.count(), DigestCredential.objects.count()) == (0, 0)


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


def test_the_buttons(alice: Person, trunk: Trunk) -> None:
    registration = register(alice, trunk)
    became(alice, registration, "rejected", next_attempt_at=None, cause="credentials_rejected")
    assert send(alice, trunk, "register-now").status_code == 302
    assert stored(alice).status.next_attempt_at is not None
    assert send(alice, trunk, "registration-pause").status_code == 302
    assert (stored(alice).is_paused, stored(alice).status.state) == (True, "paused")
    assert "Resume" in alice.client().get(page("registration", alice, trunk)).content.decode()
    assert send(alice, trunk, "registration-resume").status_code == 302
    assert (stored(alice).is_paused, stored(alice).status.state) == (False, "registering")
    assert send(alice, trunk, "registration-delete").status_code == 302
    with tenant_context(alice.tenant):
        assert Registration.objects.count() == 0


def test_who_presses_too_often_is_told_when_it_works_again(alice: Person, trunk: Trunk) -> None:
    register(alice, trunk)
    browser = alice.client()
    for _time in range(services.registrations.REQUESTS_PER_MINUTE):
        browser.post(page("register-now", alice, trunk))

    html = browser.post(page("register-now", alice, trunk), follow=True).content.decode()

    assert "3 times a minute on request: carriers block who insists. Try again in" in html


@pytest.mark.parametrize(
    "name",
    ["registration-edit", "registration-delete", "registration-pause", "registration-resume", "register-now"],
)
def test_who_only_reads_changes_nothing(bob: Person, alice: Person, trunk: Trunk, name: str) -> None:
    register(alice, trunk)

    assert send(bob, trunk, name, **NEW).status_code == 403


@pytest.mark.parametrize("name", ["registration-delete", "registration-pause", "register-now"])
def test_without_a_registration_there_is_nothing_to_press(alice: Person, trunk: Trunk, name: str) -> None:
    assert send(alice, trunk, name).status_code == 404


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
