"""The first page leads to where the person was."""

from django.test import Client
from django.urls import reverse

from tenants.audit import Actor
from tenants.context import platform_context
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.conftest import Person, make_user
from tests.tenants.web.conftest import sign_in

HOME = "/app/"


def location(client: Client) -> str:
    return client.get(HOME).headers["Location"]


def test_it_asks_who_is_there() -> None:
    assert location(Client()) == "/accounts/login/?next=/app/"


def test_the_only_tenant_opens(alice: Person) -> None:
    assert location(alice.client()) == "/t/acme-dental/"


def test_the_tenant_looked_at_last_opens(alice: Person) -> None:
    create_tenant(name="Zenith", owner=alice.user, actor=Actor.user(alice.user))
    client = alice.client()
    client.get(reverse("tenants:team", kwargs={"tenant": "zenith"}))
    assert location(client) == "/t/zenith/"


def test_somebody_without_a_tenant_is_welcomed(db: None) -> None:
    assert location(sign_in(make_user("new@example.com").email)) == "/welcome/"


def test_a_tenant_that_was_closed_does_not_open(alice: Person) -> None:
    client = alice.client()
    client.get(reverse("tenants:team", kwargs={"tenant": "acme-dental"}))
    with platform_context("test"):
        Tenant.objects.filter(pk=alice.tenant.pk).update(is_active=False)
    assert location(client) == "/welcome/"
