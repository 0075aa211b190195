"""Setting up a registration."""

from __future__ import annotations

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import URI, page
from tests.trunks.web.registering import NEW, send, stored
from trunks.models import DigestCredential, Registration, Trunk


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


def test_the_form_begins_with_what_the_trunk_knows(
    alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    form = alice.client().get(page("registration-edit", alice, trunk)).context["form"]

    shown = {name: form[name].value() for name in ("address", "username", "sign_in")}
    assert shown == {"address": URI, "username": credential.username, "sign_in": str(credential.pk)}
    assert form["secret"].help_text.startswith("Leave it empty to keep the one that is stored.")


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
        ({"expires_s": "5"}, "expires_s", "Use 60 to 86400 seconds."),
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
