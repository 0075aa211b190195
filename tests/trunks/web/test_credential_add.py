"""Storing a user name and a password, which are never shown again."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import DigestCredential, Trunk

FORM = {"direction": "outbound", "username": "acme", "secret": "s3cret phrase", "realm": ""}


def stored(person: Person) -> DigestCredential:
    """Return the credential as it is stored."""
    with tenant_context(person.tenant):
        return DigestCredential.objects.get()


def test_alice_stores_a_credential_that_is_never_shown(alice: Person, trunk: Trunk) -> None:
    response = alice.client().post(page("credential-add", alice, trunk), FORM, follow=True)

    assert response.redirect_chain == [(page("access", alice, trunk), 302)]
    assert "acme" in response.content.decode()
    assert "s3cret" not in response.content.decode()
    form = page("credential-edit", alice, trunk, credential_id=stored(alice).pk)
    assert "s3cret" not in alice.client().get(form).content.decode()


def test_a_password_is_needed(alice: Person, trunk: Trunk) -> None:
    response = alice.client().post(page("credential-add", alice, trunk), {**FORM, "secret": ""})

    assert response.status_code == 422
    assert response.context["form"].errors["secret"] == ["Enter the password that your carrier gave you."]
