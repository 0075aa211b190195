"""manage.py tenant create"""

import json
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from django.test import Client
from rest_framework.test import APIClient

from tenants.context import platform_context, tenant_context, user_context
from tenants.models import AuditEvent, PlatformEvent, Tenant, User
from tests import databases
from tests.conftest import PASSWORD, Person

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    output = StringIO()
    call_command("tenant", "create", *arguments, stdout=output)
    return output.getvalue()


def test_a_tenant_that_works_at_once() -> None:
    made = json.loads(create("Acme Dental", "--owner", "Dana@Example.com", "--json"))
    assert set(made) == {"tenant", "owner", "api_key"}
    assert (made["tenant"]["slug"], made["tenant"]["name"]) == ("acme-dental", "Acme Dental")
    assert made["owner"]["email"] == "dana@example.com"
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {made['api_key']}")
    assert api.get("/api/v1/tenant/").json()["id"] == made["tenant"]["id"]
    assert api.post("/api/v1/trunks/", {"name": "A"}).status_code == 201
    owner = User.objects.get(email="dana@example.com")
    assert owner.check_password(made["owner"]["password"])
    assert EmailAddress.objects.get(user=owner, verified=True).email == "dana@example.com"
    with tenant_context(Tenant(pk=made["tenant"]["id"])):
        assert {event.actor_kind for event in AuditEvent.objects.exclude(verb="trunk.created")} == {"system"}
    with user_context(owner.pk):
        event = PlatformEvent.objects.get()
    assert (event.verb, event.actor_label) == ("account.created", "manage.py tenant create")


@pytest.mark.django_db(transaction=True)
def test_an_owner_whose_tenant_could_not_be_made_is_taken_back() -> None:
    with databases.owner_connection(connection.settings_dict["NAME"]) as database:
        database.execute("REVOKE INSERT ON tenants_tenant FROM callsphere_app")
        try:
            with pytest.raises(ProgrammingError, match="permission denied"):
                create("Acme", "--owner", "dana@example.com")
        finally:
            database.execute("GRANT INSERT ON tenants_tenant TO callsphere_app")
    assert User.objects.count() == 0
    with platform_context("read the log"):
        events = PlatformEvent.objects.order_by("created_at", "id")
        assert [(event.verb, event.object_label) for event in events] == [
            ("account.created", "dana@example.com"),
            ("account.deleted", "dana@example.com"),
        ]


def test_an_account_that_exists_keeps_its_password(alice: Person) -> None:
    made = json.loads(create("Second", "--owner", "alice@example.com", "--json"))
    assert made["owner"] == {"email": "alice@example.com", "password": None}
    assert Client().login(email="alice@example.com", password=PASSWORD)


def test_for_people_the_secrets_stand_in_lines() -> None:
    text = create("Acme", "--owner", "dana@example.com")
    assert text.startswith("Tenant    Acme (/t/acme/, id ")
    assert "API key   cs_live_" in text


def test_the_same_again_makes_nothing(alice: Person) -> None:
    for _time in range(2):
        with pytest.raises(CommandError) as caught:
            create("acme dental", "--owner", "alice@example.com")
        assert caught.value.returncode == 1
        assert str(caught.value) == (
            "alice@example.com owns Acme Dental (acme-dental) already: nothing was made."
        )


def test_a_closed_account_is_refused(alice: Person) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="is closed") as caught:
        create("Second", "--owner", "alice@example.com")
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("name", "owner", "message"),
    [
        ("Acme", "nobody", "owner: Enter a valid email address."),
        ("", "dana@example.com", "name: This field cannot be blank."),
        ("a\nb", "dana@example.com", "name: Remove line breaks and control characters."),
        ("x" * 101, "dana@example.com", "name: Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_unusable_arguments_make_nobody(name: str, owner: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        create(name, "--owner", owner)
    assert (caught.value.returncode, str(caught.value)) == (2, message)
    assert User.objects.count() == 0
