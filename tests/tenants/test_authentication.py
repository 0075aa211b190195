"""API keys at the door: how their use is recorded."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from tenants.context import tenant_context
from tenants.middleware import TenantMiddleware
from tenants.models import ApiKey
from tests.conftest import Person

ADDRESS = "/api/v1/tenant/"


def last_used(person: Person) -> datetime | None:
    with tenant_context(person.tenant):
        return ApiKey.objects.get().last_used_at


@pytest.mark.django_db
def test_its_use_is_recorded_once_a_minute(alice: Person) -> None:
    api = alice.api()
    assert last_used(alice) is None
    before = timezone.now()
    api.get(ADDRESS)
    first = last_used(alice)
    assert first is not None
    assert before <= first <= timezone.now()
    api.get(ADDRESS)
    assert last_used(alice) == first
    with tenant_context(alice.tenant):
        ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    api.get(ADDRESS)
    again = last_used(alice)
    assert again is not None
    assert again > first


@pytest.mark.django_db
def test_a_key_with_a_retired_capability_keeps_the_others(alice: Person) -> None:
    api = alice.api("tenant:read")
    with tenant_context(alice.tenant):
        ApiKey.objects.update(capabilities=["faxes:read", "tenant:read"])
    assert api.get(ADDRESS).status_code == 200
    assert api.get("/api/v1/trunks/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_requests_with_one_key_do_not_wait_for_each_other(alice: Person) -> None:
    token = alice.api_token()

    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("quick")

    def ask(respond: TenantMiddleware) -> bytes:
        request = RequestFactory().get(ADDRESS, HTTP_AUTHORIZATION=f"Bearer {token}")
        response = respond(request)
        assert isinstance(response, HttpResponse)
        return response.content

    def ask_elsewhere() -> bytes:
        try:
            return ask(TenantMiddleware(answer))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:

        def slow(_request: HttpRequest) -> HttpResponse:
            return HttpResponse(b"slow after " + pool.submit(ask_elsewhere).result(timeout=60))

        assert ask(TenantMiddleware(slow)) == b"slow after quick"
