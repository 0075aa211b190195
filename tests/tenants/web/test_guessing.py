"""Whoever guesses passwords is shut out for a while, whether Redis counts or not."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from tests.conftest import PASSWORD, Person


@pytest.fixture(autouse=True)
def only_the_database_counts(settings: Settings) -> None:
    settings.AXES_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = False


def sign_in(client: Client, email: str, password: str) -> int:
    return client.post(reverse("account_login"), {"login": email, "password": password}).status_code


def guess_ten_times(client: Client, email: str) -> list[int]:
    return [sign_in(client, email, f"wrong {number}") for number in range(10)]


def test_ten_wrong_passwords_close_the_door_with_a_plain_page(client: Client, alice: Person) -> None:
    assert guess_ten_times(client, alice.user.email) == [200] * 9 + [429]
    response = client.post(reverse("account_login"), {"login": alice.user.email, "password": PASSWORD})
    assert response.status_code == 429
    assert "Too many wrong passwords" in response.content.decode()


def test_others_still_get_in(client: Client, alice: Person, charlie: Person) -> None:
    guess_ten_times(client, alice.user.email)
    assert sign_in(client, charlie.user.email, PASSWORD) == 302


def test_from_elsewhere_the_owner_still_gets_in(client: Client, alice: Person) -> None:
    guess_ten_times(client, alice.user.email)
    assert sign_in(Client(REMOTE_ADDR="198.51.100.9"), alice.user.email, PASSWORD) == 302
