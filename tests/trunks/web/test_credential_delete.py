"""Deleting a credential."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import DigestCredential, Trunk


def test_alice_deletes_a_credential(alice: Person, trunk: Trunk, credential: DigestCredential) -> None:
    url = page("credential-delete", alice, trunk, credential_id=credential.pk)

    alice.client().post(url)

    with tenant_context(alice.tenant):
        assert not DigestCredential.objects.exists()
