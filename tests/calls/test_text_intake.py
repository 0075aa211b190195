"""What is told of text messages is believed only when the account has signed it."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls.models import TextMessage
from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tests.calls.conftest import BASE, CALLER, NUMBER, Line, make_line, new_sid
from tests.calls.test_text_sending import make_text
from tests.conftest import Person

REFUSED = (403, b"The signature does not prove this.\n")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = BASE


@pytest.fixture
def text(line: Line) -> TextMessage:
    return make_text(line.person, line.number, state="sending")


def told(line: Line, **fields: str) -> dict[str, str]:
    """Return the fields of a delivery, with these in their place."""
    return {
        "AccountSid": line.account.sid,
        "From": NUMBER,
        "To": CALLER,
        "MessageSid": new_sid("SM"),
        "MessageStatus": "delivered",
        **fields,
    }


def place(line: Line, text_id: Any) -> str:
    return f"/voice/{line.number.pk}/message/{text_id}/"


def stored(line: Line) -> TextMessage:
    with tenant_context(line.person.tenant):
        return TextMessage.objects.get()


def test_delivered(line: Line, text: TextMessage) -> None:
    fields = told(line)
    for _ in range(2):
        answer = line.tell(place(line, text.pk), fields)
        assert (answer.status_code, answer.content) == (204, b"")
    kept = stored(line)
    assert (kept.state, kept.message_sid, kept.due_at) == ("delivered", fields["MessageSid"], None)


def test_not_delivered(line: Line, text: TextMessage) -> None:
    fields = told(line, MessageStatus="undelivered", ErrorCode="30007")
    assert line.tell(place(line, text.pk), fields).status_code == 204
    kept = stored(line)
    assert (kept.state, kept.error_code, kept.error != "") == ("undelivered", 30007, True)


def test_not_backwards(line: Line, text: TextMessage) -> None:
    for status in ("delivered", "sent", "failed", "dancing"):
        assert line.tell(place(line, text.pk), told(line, MessageStatus=status)).status_code == 204
    assert stored(line).state == "delivered"


def test_without_a_proof(line: Line, text: TextMessage) -> None:
    answer = line.tell(place(line, text.pk), told(line), {"X-Twilio-Signature": "x"})
    assert ((answer.status_code, answer.content), stored(line).state) == (REFUSED, "sending")


def test_signed_for_another_message(line: Line, text: TextMessage) -> None:
    fields = told(line)
    signature = line.sign(f"{BASE}{place(line, uuid7())}", fields)
    answer = line.tell(place(line, text.pk), fields, {"X-Twilio-Signature": signature})
    assert ((answer.status_code, answer.content), stored(line).state) == (REFUSED, "sending")


def test_no_such_message(line: Line) -> None:
    answer = line.tell(place(line, uuid7()), told(line))
    assert (answer.status_code, answer.content) == REFUSED


def test_a_message_of_somebody_else(line: Line, text: TextMessage, charlie: Person) -> None:
    others = make_line(charlie, "+14155550102", "+4930901821")
    for number in (line.number, others.number):
        path = f"/voice/{number.pk}/message/{text.pk}/"
        answer = others.tell(path, told(others))
        assert (answer.status_code, answer.content) == REFUSED
    assert stored(line).state == "sending"


def test_no_message_in_it(line: Line, text: TextMessage) -> None:
    answer = line.tell(place(line, text.pk), told(line, MessageSid="SM1"))
    assert (answer.status_code, answer.content) == (400, b"MessageSid is missing.\n")


def test_no_form(line: Line, text: TextMessage) -> None:
    answer = line.client.post(place(line, text.pk), "{}", content_type="application/json")
    assert (answer.status_code, answer.content) == REFUSED


def test_post_alone(line: Line, text: TextMessage) -> None:
    assert line.client.get(place(line, text.pk)).status_code == 405
