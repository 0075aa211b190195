"""`Idempotency-Key`: the same request twice is done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import IdempotentRequest
from tests.conftest import Person
from trunks.models import Trunk

TRUNKS = "/api/v1/trunks/"
KEY = {"Idempotency-Key": "order-4711"}


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def count(person: Person) -> int:
    with tenant_context(person.tenant):
        return Trunk.objects.count()


def test_the_same_request_gets_the_same_answer(alice: Person, api: APIClient) -> None:
    first = api.post(TRUNKS, {"name": "A"}, headers=KEY)
    again = api.post(TRUNKS, {"name": "A"}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert [again.headers[name] for name in ("ETag", "Location", "Idempotent-Replayed")] == [
        first.headers["ETag"],
        first.headers["Location"],
        "true",
    ]
    assert "Idempotent-Replayed" not in first.headers
    assert count(alice) == 1


def test_another_request_with_the_key_is_refused(alice: Person, api: APIClient) -> None:
    api.post(TRUNKS, {"name": "A"}, headers=KEY)
    other = api.post(TRUNKS, {"name": "B"}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "urn:callsphere:error:idempotency_key_reused")
    assert count(alice) == 1


def test_a_refused_request_may_be_corrected_under_its_key(alice: Person, api: APIClient) -> None:
    assert api.post(TRUNKS, {"name": ""}, headers=KEY).status_code == 400
    assert api.post(TRUNKS, {"name": "A"}, headers=KEY).status_code == 201


def test_keys_of_other_tenants_are_others(api: APIClient, charlie: Person) -> None:
    first = api.post(TRUNKS, {"name": "A"}, headers=KEY)
    other = charlie.api().post(TRUNKS, {"name": "A"}, headers=KEY)
    assert (other.status_code, other.json()["id"] == first.json()["id"]) == (201, False)


def test_after_a_day_the_key_is_free(alice: Person, api: APIClient) -> None:
    api.post(TRUNKS, {"name": "A"}, headers=KEY)
    with tenant_context(alice.tenant):
        IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert api.post(TRUNKS, {"name": "B"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_unusable_keys(api: APIClient, key: str) -> None:
    response = api.post(TRUNKS, {"name": "A"}, headers={"Idempotency-Key": key})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_every_post_takes_a_key(api: APIClient) -> None:
    trunk = api.post(TRUNKS, {"name": "A", "gateways": [{"uri": "sip:a.example.com"}]}).json()
    for path, body in [
        ("gateways", {"uri": "sip:b.example.com"}),
        ("networks", {"cidr": "203.0.113.0/24"}),
        ("credentials", {"username": "u", "secret": "s"}),
        ("probe", {}),
    ]:
        address = f"{TRUNKS}{trunk['id']}/{path}/"
        answers = [api.post(address, body, headers={"Idempotency-Key": path}) for _time in range(2)]
        assert answers[0].status_code in (201, 202)
        assert answers[1].json() == answers[0].json()
        assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_the_kept_answer_is_sealed(alice: Person, api: APIClient) -> None:
    api.post(TRUNKS, {"name": "canary-name"}, headers=KEY)
    with tenant_context(alice.tenant):
        assert "canary-name" not in str.__str__(IdempotentRequest.objects.get().body)


@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_is_done_once(alice: Person) -> None:
    token = alice.api_token()
    barrier = Barrier(4)

    def send(post: Callable[..., Any]) -> tuple[int, str]:
        try:
            barrier.wait(60)
            response = post(TRUNKS, {"name": "A"}, headers={**KEY, "Authorization": f"Bearer {token}"})
            return response.status_code, response.json()["id"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, [APIClient().post for _thread in range(4)]))
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert count(alice) == 1
