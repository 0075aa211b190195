"""What the tests of the tenants' pages share: members of every kind, addresses, one-time codes."""

from binascii import unhexlify
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import AuditEvent, Tenant, User
from tests.conftest import PASSWORD, Person, make_member

KEY = "3132333435363738393031323334353637383930"


@pytest.fixture
def admin(alice: Person) -> Person:
    return make_member(alice.tenant, "ada@example.com", Role.ADMIN)


@pytest.fixture
def developer(alice: Person) -> Person:
    return make_member(alice.tenant, "dora@example.com", Role.DEVELOPER)


def url(name: str, tenant: Tenant, **kwargs: object) -> str:
    """Return the address of one of a tenant's pages."""
    return reverse(f"tenants:{name}", kwargs={"tenant": tenant.slug, **kwargs})


@dataclass(frozen=True)
class Refusals:
    """The people who may not: each asks, and gets the answer that tells them no more than they may know."""

    bob: Person
    charlie: Person

    def assert_refused(self, address: str, *, viewer: int = 403, method: str = "get") -> None:
        """Compare the answers to a viewer, to a member of another tenant, and to somebody signed out."""
        assert getattr(self.bob.client(), method)(address).status_code == viewer
        assert getattr(self.charlie.client(), method)(address).status_code == 404
        response = getattr(Client(), method)(address)
        assert (response.status_code, response.headers["Location"]) == (
            302,
            f"/accounts/login/?next={address}",
        )


@pytest.fixture
def refusals(bob: Person, charlie: Person) -> Refusals:
    return Refusals(bob, charlie)


@pytest.fixture
def count_queries() -> Callable[[Client, str], int]:
    """Return a function that counts the queries of a page that answers 200."""

    def count(client: Client, address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    return count


def add_device(user: User) -> TOTPDevice:
    """Give a person an authenticator whose key the tests know."""
    return TOTPDevice.objects.create(user=user, key=KEY, name="Authenticator app", confirmed=True)


def current_code(key: str = KEY) -> str:
    """Return what an app with this key shows now."""
    return f"{totp(unhexlify(key)):06d}"


def sign_in(email: str) -> Client:
    """Return a browser in which somebody signed in with their password."""
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client


def verbs(tenant: Tenant) -> list[str]:
    """Return what the tenant's audit log tells, the oldest first."""
    with tenant_context(tenant):
        return list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
