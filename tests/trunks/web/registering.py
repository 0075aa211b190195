"""What the pages of a registration are sent, and what is stored then."""

from __future__ import annotations

from typing import Any

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import Registration, Trunk

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
