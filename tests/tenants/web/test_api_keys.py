"""The list of API keys."""

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import ApiKey
from tenants.services import create_api_key, revoke_api_key
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url

QUERIES = 15


def make_key(person: Person, name: str) -> tuple[ApiKey, str]:
    with tenant_context(person.tenant):
        return create_api_key(
            tenant=person.tenant, actor=person.actor, name=name, capabilities=["trunks:read"]
        )


def test_keys_are_listed_without_their_secrets(alice: Person) -> None:
    key, token = make_key(alice, "Provisioning")
    text = alice.client().get(url("api-keys", alice.tenant)).content.decode()
    assert f"cs_live_{key.public_id}_…" in text
    assert token not in text
    assert token.split("_", 3)[3] not in text


def test_usable_keys_come_first_and_states_are_told(alice: Person) -> None:
    ended, _token = make_key(alice, "Ended")
    late, _token = make_key(alice, "Late")
    make_key(alice, "Good")
    with tenant_context(alice.tenant):
        revoke_api_key(tenant=alice.tenant, actor=alice.actor, key=ended)
        ApiKey.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(days=1))
    rows = alice.client().get(url("api-keys", alice.tenant)).context["rows"]
    assert [(row["key"].name, row["state"]) for row in rows] == [
        ("Good", "active"),
        ("Late", "expired"),
        ("Ended", "revoked"),
    ]
    assert rows[0]["may"] == ["See trunks"]


def test_an_empty_list_says_what_keys_are_for(developer: Person) -> None:
    assert "No API keys yet" in developer.client().get(url("api-keys", developer.tenant)).content.decode()


def test_another_tenants_keys_stay_out(alice: Person, charlie: Person) -> None:
    make_key(alice, "Provisioning")
    assert charlie.client().get(url("api-keys", charlie.tenant)).context["rows"] == []


def test_others_may_not(alice: Person, refusals: Refusals) -> None:
    refusals.assert_refused(url("api-keys", alice.tenant))


def test_the_number_of_queries_does_not_grow(
    alice: Person, count_queries: Callable[[Client, str], int]
) -> None:
    client = alice.client()
    address = url("api-keys", alice.tenant)
    make_key(alice, "One")
    client.get(address)
    few = count_queries(client, address)
    make_key(alice, "Two")
    make_key(alice, "Three")
    assert (few, count_queries(client, address)) == (QUERIES, QUERIES)
