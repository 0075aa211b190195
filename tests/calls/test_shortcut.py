"""What the provider tells goes past what serves people, and no further."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from callsphere.calls import sentences
from tests.calls.conftest import Line
from tests.calls.test_intake import heard, said

pytestmark = pytest.mark.django_db


def test_no_session_is_read_and_no_page_served(line: Line, monkeypatch: Any) -> None:
    line.client.cookies["sessionid"] = "x" * 32
    response = line.tell()
    assert heard(response) == said(sentences.NOT_CONNECTED)
    assert not hasattr(response.wsgi_request, "session")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_another_host_is_refused(line: Line) -> None:
    assert line.tell(headers={"Host": "evil.example.com"}).status_code == 400
    assert line.events() == []


@pytest.mark.parametrize("path", ["/voice/", "/voice/x/incoming/", "/voicemail/"])
def test_other_addresses_go_the_long_way(client: Client, path: str) -> None:
    response = client.post(path)
    assert response.status_code == 404
    assert hasattr(response.wsgi_request, "session")
