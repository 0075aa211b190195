"""Whatever goes wrong, the answer has one shape."""

from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import ApiKey, Tenant
from tenants.queries import audit_events_of
from tests.conftest import Person
from trunks.models import Trunk

TRUNKS = "/api/v1/trunks/"


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is a problem of this kind."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) >= {"type", "title", "status", "detail", "errors"}
    assert (response.status_code, body["status"], body["type"]) == (
        status,
        status,
        f"urn:callsphere:error:{code}",
    )
    return body


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


@pytest.mark.parametrize("path", ["", "nothing/", "trunks/nothing/", "trunks/1/", "tenant/x/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_addresses(api: APIClient, path: str, method: str) -> None:
    body = assert_problem(getattr(api, method)(f"/api/v1/{path}"), 404, "not_found")
    assert body["detail"] == "There is no such address."


def test_a_forgotten_slash_is_pointed_at(api: APIClient) -> None:
    body = assert_problem(api.post("/api/v1/trunks", {"name": "A"}), 404, "not_found")
    assert body["detail"] == "There is no such address. Addresses end in a slash."


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_unknown_methods(api: APIClient, method: str) -> None:
    assert_problem(getattr(api, method)(TRUNKS), 405, "method_not_allowed")


@pytest.mark.parametrize("header", ["", "*", "one", "1" * 5000, '"1", "2"'])
def test_versions_that_are_none(api: APIClient, alice: Person, header: str) -> None:
    with tenant_context(alice.tenant):
        trunk = Trunk.objects.create(tenant=alice.tenant, name="Main line")
    assert_problem(api.delete(f"{TRUNKS}{trunk.pk}/", headers={"If-Match": header}), 428, "if_match_required")


@pytest.mark.parametrize(
    "header", ["Bearer cs_live_x", "Bearer " + "a" * 5000, "Bearer cs_live_aaaaaaaaaaaa_" + "b" * 43]
)
def test_keys_that_do_not_hold(db: None, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert_problem(client.get(TRUNKS), 401, "invalid_api_key")


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer"])
def test_no_key(db: None, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert_problem(client.get(TRUNKS), 401, "not_authenticated")


@pytest.mark.parametrize(
    "change", [{"revoked_at": "2026-01-01T00:00Z"}, {"allowed_networks": ["10.0.0.0/8"]}]
)
def test_keys_that_held_once_or_elsewhere(alice: Person, api: APIClient, change: dict[str, Any]) -> None:
    with tenant_context(alice.tenant):
        ApiKey.objects.update(**change)
    assert_problem(api.get(TRUNKS), 401, "invalid_api_key")


def test_other_kinds_of_body(api: APIClient) -> None:
    assert_problem(
        api.post(TRUNKS, "name=A", content_type="application/x-www-form-urlencoded"),
        415,
        "unsupported_media_type",
    )
    assert_problem(api.get(TRUNKS, headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "The body is not JSON"),
        (b'{"name": "A", "name": "B"}', "The body is not JSON: 'name' stands twice in one object."),
        (b'{"name": NaN}', "The body is not JSON: NaN is no JSON number."),
        (b"\xff\xfe", "The body is not UTF-8."),
        (b"[" * 100_000, "The body is nested too deeply."),
    ],
)
def test_bodies_that_are_no_json(api: APIClient, body: bytes, detail: str) -> None:
    answer = assert_problem(api.post(TRUNKS, body, content_type="application/json"), 400, "parse_error")
    assert answer["detail"].startswith(detail)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"'])
def test_json_that_is_no_object(api: APIClient, body: bytes) -> None:
    assert_problem(api.post(TRUNKS, body, content_type="application/json"), 400, "invalid")


def test_a_body_that_is_too_large(api: APIClient) -> None:
    assert_problem(api.post(TRUNKS, {"name": "A", "notes": "x" * 300_000}), 413, "body_too_large")


def test_too_many_requests(alice: Person, api: APIClient) -> None:
    cache.clear()
    with tenant_context(alice.tenant):
        Tenant.objects.update(api_requests_per_minute=2)
    answers = [api.get(TRUNKS) for _time in range(3)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert_problem(answers[2], 429, "throttled")
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    cache.clear()


def test_a_fault_of_ours_is_told_without_its_inside_and_leaves_nothing(
    alice: Person, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("canary-inside")

    monkeypatch.setattr("trunks.api.TrunkViewSet.as_answered", broken)
    api.raise_request_exception = False
    response = api.post(TRUNKS, {"name": "A"}, headers={"Idempotency-Key": "k"})
    assert_problem(response, 500, "internal_error")
    assert "canary" not in response.content.decode()
    with tenant_context(alice.tenant):
        assert Trunk.objects.count() == 0
        assert audit_events_of(alice.tenant).filter(verb="trunk.created").count() == 0
