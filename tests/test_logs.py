"""What log lines must not tell."""

import re
from typing import Any

import pytest
from django.test import Client
from sentry_sdk.types import Event

from callsphere.logs import MASK, hide_secrets, hide_tokens, mask_addresses
from tests.conftest import Person
from tests.isolation.addresses import all_pages


def test_values_under_secret_names_are_masked() -> None:
    event = {"event": "signed in", "api_key_id": "k1", "password": "hunter2", "user": "u1"}
    assert hide_secrets(None, "info", event) == {
        "event": "signed in",
        "api_key_id": MASK,
        "password": MASK,
        "user": "u1",
    }


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/invitations/4Ab-c_9/", f"/invitations/{MASK}/"),
        ("/accounts/confirm-email/MQ:1x:s_-/", f"/accounts/confirm-email/{MASK}/"),
        ("/accounts/password/reset/key/3-abc-def/", f"/accounts/password/reset/key/{MASK}/"),
        (
            "/accounts/login/?next=%2Finvitations%2F4Ab-c_9%2F",
            f"/accounts/login/?next=%2Finvitations%2F{MASK}%2F",
        ),
        (
            "/accounts/login/?next=/invitations/4Ab-c_9/&x=1",
            f"/accounts/login/?next=/invitations/{MASK}/&x=1",
        ),
        ("/reports/4Ab-c_9/", f"/reports/{MASK}/"),
        ("/t/acme/team/invitations/?page=2", "/t/acme/team/invitations/?page=2"),
        ("/t/acme/trunks/", "/t/acme/trunks/"),
    ],
)
def test_tokens_in_addresses_are_masked(address: str, told: str) -> None:
    event: dict[str, Any] = {"event": f"Not Found: {address}", "request": f"GET {address}"}
    assert hide_tokens(None, "info", event) == {"event": f"Not Found: {told}", "request": f"GET {told}"}


def test_every_address_with_a_token_is_known() -> None:
    """Parameters of addresses are ids, slugs, and tokens; those last are called so, or keys."""
    parameter = re.compile(r"\(\?P<\w+>[^()]*\)|<[^<>]*>")
    routes = [page.route for page in all_pages() if "token>" in page.route or "key>" in page.route]
    assert len(routes) >= 4
    for route in routes:
        address = "/" + parameter.sub("s3cret", route).replace("^", "").replace("$", "")
        assert "s3cret" in address
        assert "s3cret" not in hide_tokens(None, "info", {"event": address})["event"], route


@pytest.mark.parametrize("api", [True, False])
def test_a_request_is_logged_with_its_tenant(
    alice: Person, caplog: pytest.LogCaptureFixture, api: bool
) -> None:
    caplog.set_level("INFO")
    client, path = (alice.api(), "/api/v1/trunks/") if api else (alice.client(), "/t/acme-dental/trunks/")
    assert client.get(path).status_code == 200
    (line,) = (record.msg for record in caplog.records if "request_finished" in str(record.msg))
    assert isinstance(line, dict)
    assert (line["code"], line["tenant_id"]) == (200, str(alice.tenant.pk))


def test_a_request_with_a_token_is_logged_without_it(db: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Client().get("/invitations/4Ab-c_9/")
    lines = [
        str(record.msg) for record in caplog.records if record.name.startswith("django_structlog.middlewares")
    ]
    assert len(lines) == 2
    assert not any("4Ab-c_9" in line for line in lines)


def test_error_reports_name_no_tokens() -> None:
    event: Event = {"request": {"url": "http://testserver/invitations/s3cret-token/", "query_string": ""}}
    assert mask_addresses(event, {}) == {
        "request": {"url": f"http://testserver/invitations/{MASK}/", "query_string": ""}
    }
