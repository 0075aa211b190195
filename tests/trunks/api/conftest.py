"""Programs of the cast: Alice's may write, another of hers may only read, Charlie's is a stranger."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.conftest import Person

TRUNKS = "/api/v1/trunks/"


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


@pytest.fixture
def reader(alice: Person) -> APIClient:
    return alice.api("trunks:read")


@pytest.fixture
def stranger(charlie: Person) -> APIClient:
    return charlie.api()


@pytest.fixture
def made(api: APIClient) -> dict[str, Any]:
    """Alice's trunk as the API answered it, with one of every part."""
    response = api.post(
        TRUNKS,
        {
            "name": "Telnyx",
            "authentication": ["digest"],
            "gateways": [{"uri": "sip:sip.example.com;transport=tls"}],
            "allowed_networks": [{"cidr": "203.0.113.0/24"}],
            "credentials": [{"username": "acme", "secret": "canary-secret-4711"}],
        },
    )
    assert response.status_code == 201, response.json()
    return response.json()


def at(trunk: dict[str, Any], *parts: str) -> str:
    """Return the address of a trunk, or of something below it."""
    return "/".join([TRUNKS.rstrip("/"), trunk["id"], *parts, ""])


def errors_of(response: Any) -> list[tuple[str, str]]:
    """Return the wrong fields of an answer, each with its message."""
    assert response.headers["Content-Type"] == "application/problem+json"
    return [(error["field"], error["message"]) for error in response.json()["errors"]]
