"""Texts that come in: proven, kept once with the call that they follow, and obeyed when they say stop."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls.models import TextMessage
from callsphere.calls.stopping import has_stopped
from callsphere.calls.text_replies import word_of
from tenants.context import tenant_context
from tests.calls.builtin_tools.conftest import make_call
from tests.calls.conftest import BASE, CALLER, NUMBER, Line, make_line, new_sid
from tests.calls.test_text_sending import make_text
from tests.conftest import Person

REFUSED = (403, b"The signature does not prove this.\n")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = BASE


def told(line: Line, **fields: str) -> dict[str, str]:
    """Return the fields of a text to the bought number, with these in their place."""
    return {
        "AccountSid": line.account.sid,
        "From": CALLER,
        "To": NUMBER,
        "MessageSid": new_sid("SM"),
        "SmsStatus": "received",
        "Body": "Thank you!",
        **fields,
    }


def place(line: Line) -> str:
    return f"/voice/{line.number.pk}/text/"


def received(line: Line) -> list[TextMessage]:
    with tenant_context(line.person.tenant):
        return list(TextMessage.objects.filter(direction="inbound").order_by("created_at", "id"))


def stopped(line: Line, theirs: str = CALLER) -> bool:
    with tenant_context(line.person.tenant):
        return has_stopped(line.person.tenant, ours=NUMBER, theirs=theirs)


def test_a_reply_is_kept_once_and_not_answered(line: Line) -> None:
    text = make_text(line.person, line.number, state="sent", due_at=None)
    make_call(line)
    fields = told(line)
    for _ in range(2):
        answer = line.tell(place(line), fields)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
        assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response />'
    (kept,) = received(line)
    assert (kept.call_id, kept.from_number, kept.to_number) == (text.call_id, CALLER, NUMBER)
    assert (kept.body, kept.word, kept.state, kept.due_at) == ("Thank you!", "", "received", None)
    assert kept.message_sid == fields["MessageSid"]


def test_without_a_text_it_belongs_to_their_last_call(line: Line) -> None:
    make_call(line)
    last = make_call(line)
    assert line.tell(place(line), told(line, Body="a\0b" + "c" * 2000)).status_code == 200
    (kept,) = received(line)
    assert (kept.call_id, kept.body) == (last.pk, "a\ufffdb" + "c" * 1597)


@pytest.mark.parametrize("sender", ["+12125550177", "ACME", ""])
def test_somebody_who_never_called(line: Line, sender: str) -> None:
    make_call(line)
    assert line.tell(place(line), told(line, From=sender)).status_code == 200
    assert received(line) == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("STOP", "stop"),
        (" stop\n", "stop"),
        ("Unsubscribe", "stop"),
        ("start", "start"),
        ("HELP", "help"),
        ("Please stop by at nine", ""),
        ("", ""),
    ],
)
def test_words_that_the_provider_obeys(body: str, word: str) -> None:
    assert word_of(body) == word


def test_who_says_stop_has_stopped_until_they_say_start(line: Line) -> None:
    make_call(line)
    assert not stopped(line)
    for body, expected in (
        ("Hello", False),
        ("Stop", True),
        ("Help", True),
        ("START", False),
        ("QUIT", True),
    ):
        assert line.tell(place(line), told(line, Body=body)).status_code == 200
        assert stopped(line) is expected
    assert [text.word for text in received(line)] == ["", "stop", "help", "start", "stop"]
    assert not stopped(line, "+12125550177")


def test_whom_the_provider_refused_has_stopped(line: Line) -> None:
    make_text(line.person, line.number, state="failed", due_at=None, error_code=21610)
    assert stopped(line)
    line.tell(place(line), told(line, Body="START"))
    assert not stopped(line)


def test_without_a_proof(line: Line) -> None:
    make_call(line)
    answer = line.tell(place(line), told(line), {"X-Twilio-Signature": "x"})
    assert ((answer.status_code, answer.content), received(line)) == (REFUSED, [])


def test_a_number_of_somebody_else(line: Line, charlie: Person) -> None:
    make_call(line)
    others = make_line(charlie, "+14155550102", "+4930901821")
    answer = others.tell(place(line), told(others))
    assert ((answer.status_code, answer.content), received(line)) == (REFUSED, [])


def test_no_message_in_it(line: Line) -> None:
    answer = line.tell(place(line), told(line, MessageSid="SM1"))
    assert (answer.status_code, answer.content) == (400, b"MessageSid is missing.\n")


def test_post_alone_and_a_form(line: Line) -> None:
    assert line.client.get(place(line)).status_code == 405
    answer = line.client.post(place(line), "{}", content_type="application/json")
    assert (answer.status_code, answer.content) == REFUSED
