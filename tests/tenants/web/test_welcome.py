"""Naming an organisation."""

import pytest
from django.test import Client
from django.urls import reverse

from tenants.audit import Actor
from tenants.context import user_context
from tenants.models import User
from tenants.queries import memberships_of
from tenants.services import create_tenant
from tests.conftest import Person, make_user
from tests.tenants.web.conftest import sign_in

WELCOME = "/welcome/"


@pytest.fixture
def newcomer(db: None) -> User:
    return make_user("new@example.com")


@pytest.fixture
def client(newcomer: User) -> Client:
    return sign_in(newcomer.email)


def slugs(user: User) -> list[tuple[str, str]]:
    with user_context(user.pk):
        return [(member.tenant.slug, member.role) for member in memberships_of(user)]


def test_a_name_makes_an_organisation_and_leads_to_the_plans(client: Client, newcomer: User) -> None:
    response = client.post(WELCOME, {"name": "  Brightwater Dental "})
    assert response.headers["Location"] == reverse("billing:choose", kwargs={"tenant": "brightwater-dental"})
    assert slugs(newcomer) == [("brightwater-dental", "owner")]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("Asia/Calcutta", "Asia/Calcutta"), ("", "UTC"), ("Mars/Olympus", "UTC"), ("x" * 300, "UTC")],
)
def test_the_browsers_time_zone_is_kept(client: Client, newcomer: User, told: str, kept: str) -> None:
    assert "data-time-zone" in client.get(WELCOME).content.decode()
    client.post(WELCOME, {"name": "Brightwater", "time_zone": told})
    with user_context(newcomer.pk):
        assert memberships_of(newcomer).get().tenant.time_zone == kept


def test_leaving_before_the_name_leaves_nothing(client: Client, newcomer: User) -> None:
    response = client.get(WELCOME)
    states = [step["state"] for step in response.context["steps"]]
    assert states == ["done", "current", *["todo"] * 5]
    assert slugs(newcomer) == []
    assert client.get("/app/").headers["Location"] == WELCOME


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Write the name that your colleagues know it by."),
        ("   ", "Write the name that your colleagues know it by."),
        ("x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_a_wrong_name_is_explained(client: Client, newcomer: User, name: str, message: str) -> None:
    response = client.post(WELCOME, {"name": name})
    assert response.status_code == 422
    assert response.context["form"].errors == {"name": [message]}
    assert slugs(newcomer) == []


def test_a_form_sent_twice_makes_one(client: Client, newcomer: User) -> None:
    client.post(WELCOME, {"name": "Brightwater"})
    response = client.post(WELCOME, {"name": "brightwater"})
    assert response.status_code == 422
    assert slugs(newcomer) == [("brightwater", "owner")]


def test_a_person_owns_five_at_most(client: Client, newcomer: User) -> None:
    for number in range(5):
        create_tenant(name=f"Company {number}", owner=newcomer, actor=Actor.user(newcomer))
    response = client.post(WELCOME, {"name": "Company six"})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "You own 5 organisations, which is as many as one person may make. Write to support if you need more."
    ]
    assert len(slugs(newcomer)) == 5


def test_operators_may_give_a_person_more(newcomer: User) -> None:
    for number in range(6):
        create_tenant(name=f"Company {number}", owner=newcomer, actor=Actor.system("set-up"))
    assert len(slugs(newcomer)) == 6


def test_a_taken_name_gets_an_address_of_its_own(alice: Person, client: Client, newcomer: User) -> None:
    client.post(WELCOME, {"name": "Acme Dental"})
    [(slug, _role)] = slugs(newcomer)
    assert slug.startswith("acme-dental-")


def test_it_asks_who_is_there() -> None:
    assert Client().get(WELCOME).headers["Location"] == "/accounts/login/?next=/welcome/"
    assert Client().post(WELCOME, {"name": "x"}).headers["Location"] == "/accounts/login/?next=/welcome/"
