"""Changing a credential, or replacing its password."""

from __future__ import annotations

from typing import Any

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import DigestCredential, Trunk

FORM = {"direction": "outbound", "username": "acme", "secret": "", "realm": ""}


def edit(person: Person, trunk: Trunk, credential: DigestCredential, **changes: Any) -> Any:
    """Send the form that changes a credential, and follow where it leads."""
    url = page("credential-edit", person, trunk, credential_id=credential.pk)
    form = {**FORM, "version": credential.version, **changes}
    return person.client().post(url, form, follow=True)


def stored(person: Person) -> DigestCredential:
    """Return the credential as it is stored."""
    with tenant_context(person.tenant):
        return DigestCredential.objects.get()


def test_an_empty_password_keeps_the_stored_one(
    alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    edit(alice, trunk, credential, username="acme-2")

    assert stored(alice).username == "acme-2"
    assert stored(alice).secret_set_at == credential.secret_set_at


def test_a_new_password_replaces_it(alice: Person, trunk: Trunk, credential: DigestCredential) -> None:
    edit(alice, trunk, credential, secret="second secret")

    assert stored(alice).secret_set_at != credential.secret_set_at


def test_another_realm_clears_the_password_and_says_so(
    alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    response = edit(alice, trunk, credential, realm="sip.example.com")

    assert stored(alice).secret_set_at is None
    assert "The stored password was cleared" in response.content.decode()
    assert "Cleared" in response.content.decode()


def test_a_lost_update_is_refused(alice: Person, trunk: Trunk, credential: DigestCredential) -> None:
    edit(alice, trunk, credential, username="theirs")

    refused = edit(alice, trunk, credential, username="mine")

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [{"label": "User name", "theirs": "theirs", "yours": "mine"}]


def test_a_cleared_password_is_not_said_to_be_kept(
    alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    address = page("credential-edit", alice, trunk, credential_id=credential.pk)
    kept = "Leave it empty to keep the stored one."
    before = alice.client().get(address).content.decode()
    edit(alice, trunk, credential, realm="sip.example.com")
    after = alice.client().get(address).content.decode()

    assert (kept in before, kept in after) == (True, False)
    assert "That was done because the realm was changed." in after
