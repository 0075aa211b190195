"""Databases and the fixed cast: Alice owns, Bob is a member, Charlie is a stranger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client, TransactionTestCase
from rest_framework.test import APIClient

from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.services import create_api_key, create_tenant
from tests import databases
from tests.openai_double import openai_double as openai_double  # a fixture for all
from tests.twilio_double import twilio as twilio  # another

# The same examples each time, on machines of any speed. `--hypothesis-profile=hunt` looks for new ones.
for _profile, _same in (("same", True), ("hunt", False)):
    hypothesis.settings.register_profile(
        _profile,
        derandomize=_same,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("same")


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Give each test process a database of its own, made by the owner and used by the application's login."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"{databases.PREFIX}_{worker}"
    databases.create_database(name)
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    with pytest.MonkeyPatch.context() as patch:
        # The application may not truncate: what a transactional test leaves, the owner clears away.
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: databases.empty_tables(name))
        yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop_database(name)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Forget what earlier tests left in the cache of the process: sign-ins and mails are counted there."""
    cache.clear()


@dataclass
class Person:
    """Somebody of the cast: a user, a tenant, and ways to reach the product as them."""

    user: User
    tenant: Tenant
    membership: Membership

    @property
    def actor(self) -> Actor:
        return Actor.user(self.user)

    def client(self) -> Client:
        """Return a browser that is signed in."""
        client = Client()
        client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def api(self, *capabilities: str) -> APIClient:
        """Return an API client with a fresh key, by default one that may do everything a key can."""
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.api_token(*capabilities)}")
        return client

    def api_token(self, *capabilities: str) -> str:
        """Return the text of a fresh API key."""
        chosen = capabilities or (
            *("trunks:read", "trunks:write", "agents:read", "agents:write", "alerts:read", "alerts:write"),
            *("calls:read", "calls:write", "calls:export"),
            *("tenant:read", "audit:read", "billing:read", "billing:write"),
        )
        with tenant_context(self.tenant):
            _key, token = create_api_key(
                tenant=self.tenant, actor=self.actor, name="test key", capabilities=chosen
            )
        return token


PASSWORD = "correct horse battery staple"


def make_user(email: str) -> User:
    """Create a user whose address is verified."""
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


# As much as most tests can use: what a plan allows is a matter of the tests of billing.
ROOM = {
    "number_limit": 100,
    "trunk_limit": 200,
    "member_limit": 50,
    "api_key_limit": 20,
    "api_requests_per_minute": 600,
    "concurrent_call_limit": 50,
}


def make_owner(email: str, tenant_name: str) -> Person:
    """Create a user who owns a tenant of their own, which has room for whatever tests make."""
    user = make_user(email)
    tenant = create_tenant(name=tenant_name, owner=user, actor=Actor.user(user))
    with tenant_context(tenant):
        Tenant.objects.update(**ROOM)
        tenant.refresh_from_db()
        return Person(user, tenant, Membership.objects.select_related("user", "tenant").get())


def make_member(tenant: Tenant, email: str, role: Role) -> Person:
    """Create a user who belongs to somebody else's tenant."""
    user = make_user(email)
    with tenant_context(tenant):
        return Person(user, tenant, Membership.objects.create(tenant=tenant, user=user, role=role))


@pytest.fixture
def alice(db: None) -> Person:
    return make_owner("alice@example.com", "Acme Dental")


@pytest.fixture
def bob(alice: Person) -> Person:
    return make_member(alice.tenant, "bob@example.com", Role.VIEWER)


@pytest.fixture
def charlie(db: None) -> Person:
    return make_owner("charlie@example.com", "Globex")


@pytest.fixture
def in_acme(alice: Person) -> Iterator[Tenant]:
    """Run the test inside Alice's tenant."""
    with tenant_context(alice.tenant):
        yield alice.tenant
