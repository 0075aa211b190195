"""Ring it: a worker has Twilio's double call a number."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls.pages import ringing as page
from callsphere.calls.ringing import CannotRing, ring_number
from callsphere.lib.ids import uuid7
from callsphere.local.doubles.openai import scripts
from callsphere.providers.twilio.double import SCRIPTS
from tests.calls.conftest import NUMBER, Line
from tests.calls.pages.calls import address
from tests.conftest import Person
from tests.trunks.web.conftest import text_of
from tests.twilio_double import DoubledTwilio


@pytest.fixture
def doubled(settings: Any) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"


def test_without_the_double_there_is_no_such_page(line: Line, settings: Any) -> None:
    settings.TWILIO_BASE_URL = ""
    client, url = line.person.client(), address("ring", line.person)
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)


def test_numbers_and_callers_by_name(line: Line, doubled: None) -> None:
    client = line.person.client()
    text = text_of(client.get(address("ring", line.person)).content)
    assert "+1 415-555-0101" in text
    assert "Books an appointment" in text
    assert "+49" not in text  # a number of one's own is at a carrier


def test_without_a_number_there_is_nothing_to_ring(alice: Person, doubled: None) -> None:
    assert "No number that can be called" in text_of(alice.client().get(address("ring", alice)).content)


def test_a_worker_is_asked(
    line: Line,
    doubled: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(page, "wake", lambda *words: asked.append(words))
    client, url = line.person.client(), address("ring", line.person)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, {"number": str(line.number.pk), "script": "asks-for-a-human"})
        wrong = client.post(url, {"number": str(line.own.pk), "script": "asks-for-a-human"})

    assert (answer.status_code, answer["Location"]) == (302, address("list", line.person))
    assert wrong.status_code == 422
    assert asked == [
        ("calls.ring_double", "deliver", str(line.person.tenant.pk), str(line.number.pk), "asks-for-a-human")
    ]


def test_a_viewer_may_not(line: Line, bob: Person, doubled: None) -> None:
    assert bob.client().get(address("ring", bob)).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_double_calls_nobody_that_it_does_not_know(line: Line, twilio: DoubledTwilio) -> None:
    with pytest.raises(CannotRing, match=f"Nobody has \\{NUMBER} at Twilio's stand-in"):
        ring_number(line.person.tenant.pk, line.number.pk, "stays-silent")
    with pytest.raises(CannotRing, match="There is no such number any more"):
        ring_number(line.person.tenant.pk, uuid7(), "stays-silent")


def test_a_double_that_is_away(line: Line, doubled: None) -> None:
    with pytest.raises(CannotRing, match="Twilio's stand-in does not answer"):
        ring_number(line.person.tenant.pk, line.number.pk, "stays-silent")


def test_every_script_is_one_of_the_doubles() -> None:
    assert {name.replace("-", " ") for name in SCRIPTS} <= set(scripts.names())
