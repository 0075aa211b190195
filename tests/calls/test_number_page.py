"""A number's page says when a call came in last."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.calls.conftest import Line
from tests.trunks.web.conftest import text_of
from trunks.models import PhoneNumber

pytestmark = pytest.mark.django_db


def seen(line: Line, number: PhoneNumber) -> str:
    where = {"tenant": line.person.tenant.slug, "number_id": number.pk}
    return text_of(line.person.client().get(reverse("numbers:detail", kwargs=where)).content)


def test_the_last_call_of_this_number_and_no_other(line: Line) -> None:
    line.tell()
    text = seen(line, line.number)
    assert ("Last call in just now" in text, "from +1 212-555-0100" in text) == (True, True)
    assert "Last call in none in 90 days" in seen(line, line.own)


def test_a_caller_who_says_nothing_of_themselves(line: Line) -> None:
    line.tell(fields=line.fields(From=""))
    assert ", from" not in seen(line, line.number)


def test_a_page_that_refreshes_itself_offers_to_ring_once_the_number_is_there(
    line: Line, settings: Any
) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    where = {"tenant": line.person.tenant.slug, "number_id": line.number.pk}
    client, address = line.person.client(), reverse("numbers:detail", kwargs=where)
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f'innerHTML:#ring-it"><a class="btn" href="{reverse_ring(line)}' in answer.content.decode()
    assert client.get(address).content.decode().count(reverse_ring(line)) == 1


def reverse_ring(line: Line) -> str:
    ring = reverse("call-log:ring", kwargs={"tenant": line.person.tenant.slug})
    return f"{ring}?number={line.number.pk}"
