"""Text messages are sent at most once, and go forward whatever is told of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from callsphere.calls.enums import TextState
from callsphere.calls.models import TextMessage
from callsphere.calls.text_sending import LEASE, TRIED_FOR, Found, follow, found_in, send_due_texts
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.calls.builtin_tools.conftest import make_call
from tests.calls.conftest import CALLER, Line, make_line, new_sid
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.twilio_double import DoubledTwilio
from trunks.models import PhoneNumber, ProviderAccount
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db(transaction=True)  # threads send


def make_text(person: Person, number: PhoneNumber, **fields: Any) -> TextMessage:
    """Give a person a text message that waits to be sent."""
    line = Line(person, None, "", number, None, None)  # type: ignore[arg-type]  # no account
    call = make_call(line)
    values = {"to_number": CALLER, "from_number": number.number, "body": "Hello", **fields}
    with tenant_context(person.tenant):
        return TextMessage.objects.create(
            tenant=person.tenant, call=call, **{"due_at": database_now(), **values}
        )


def stored(person: Person) -> TextMessage:
    with tenant_context(person.tenant):
        return TextMessage.objects.get()


def change(person: Person, **fields: Any) -> None:
    with tenant_context(person.tenant):
        TextMessage.objects.update(**fields)


@pytest.fixture
def number(alice: Person, twilio: DoubledTwilio, settings: Any) -> PhoneNumber:
    """A number that was bought at the double."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"  # nobody is there to be told
    desk = Desk(twilio)
    desk.open(alice)
    desk.order(alice)
    provision_due()
    with tenant_context(alice.tenant):
        return PhoneNumber.objects.get()


def messages_asked(twilio: DoubledTwilio) -> list[str]:
    return [each for each in twilio.asked("POST") if each.endswith("/Messages.json")]


def test_sent(alice: Person, number: PhoneNumber, twilio: DoubledTwilio) -> None:
    make_text(alice, number)
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    text = stored(alice)
    assert (text.state, text.due_at, text.error, text.message_sid[:2]) == ("sent", None, "", "SM")
    assert len(messages_asked(twilio)) == 1


def test_refused(alice: Person, number: PhoneNumber) -> None:
    make_text(alice, number, to_number="+12125550171")
    assert send_due_texts() == 1
    text = stored(alice)
    assert (text.state, text.error_code, text.message_sid, text.error != "") == ("failed", 21610, "", True)
    assert text.ended_at is not None


def test_who_texted_stop_while_it_waited_is_sent_nothing(
    alice: Person, number: PhoneNumber, twilio: DoubledTwilio
) -> None:
    text = make_text(alice, number)
    stop = {"direction": "inbound", "state": "received", "word": "stop", "from_number": CALLER}
    with tenant_context(alice.tenant):
        TextMessage.objects.create(
            tenant=alice.tenant, call=text.call, to_number=number.number, body="STOP", **stop
        )
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    with tenant_context(alice.tenant):
        text.refresh_from_db()
    assert (text.state, text.due_at, text.error) == (
        "failed",
        None,
        "It was not sent. The receiver texted STOP meanwhile.",
    )
    assert (text.ended_at is not None, messages_asked(twilio)) == (True, [])


def test_without_an_account(alice: Person) -> None:
    line = make_line(alice)
    make_text(alice, line.number)
    assert send_due_texts() == 1
    text = stored(alice)
    assert (text.state, text.error) == (
        "failed",
        "It was not sent. Your account for phone numbers is being set up.",
    )


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ({"status": "closed", "wanted": "closed"}, "Your account for phone numbers is closed."),
        ({"status": "suspended", "wanted": "suspended"}, "Your account for phone numbers is suspended."),
        ({"key_secret": F("auth_token")}, "The key of your account for phone numbers cannot be opened."),
    ],
)
def test_an_account_that_cannot_be_opened(
    alice: Person, number: PhoneNumber, twilio: DoubledTwilio, account: dict[str, Any], why: str
) -> None:
    make_text(alice, number)
    with tenant_context(alice.tenant):
        ProviderAccount.objects.update(**account)
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    text = stored(alice)
    assert (text.state, text.due_at, text.error) == ("failed", None, f"It was not sent. {why}")
    assert messages_asked(twilio) == []


def test_a_worker_that_died_while_sending(alice: Person, number: PhoneNumber, twilio: DoubledTwilio) -> None:
    make_text(alice, number, state="sending", due_at=database_now() + LEASE)
    assert send_due_texts() == 0
    change(alice, due_at=database_now() - timedelta(seconds=1))
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    text = stored(alice)
    assert (text.state, text.error) == (
        "unknown",
        "It may have been sent: nobody knows, so it is not sent again.",
    )
    assert messages_asked(twilio) == []


def test_no_answer_of_the_provider(alice: Person, number: PhoneNumber, twilio: DoubledTwilio) -> None:
    make_text(alice, number)
    twilio.fail(method="POST", path="/Messages.json", kind="lose")
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    assert (stored(alice).state, len(messages_asked(twilio))) == ("unknown", 1)


def test_refused_for_the_moment(alice: Person, number: PhoneNumber, twilio: DoubledTwilio) -> None:
    make_text(alice, number)
    twilio.fail(method="POST", path="/Messages.json", status=429, times=100)
    assert (send_due_texts(), send_due_texts()) == (1, 0)
    text = stored(alice)
    assert (text.state, text.due_at is not None) == ("waiting", True)
    change(alice, due_at=database_now(), created_at=database_now() - TRIED_FOR)
    assert send_due_texts() == 1
    assert stored(alice).state == "failed"


@pytest.mark.parametrize(
    ("told", "last"),
    [
        (["queued", "sent", "delivered"], "delivered"),
        (["delivered", "sent", "queued"], "delivered"),
        (["sent", "undelivered", "delivered"], "undelivered"),
        (["failed", "sent"], "failed"),
        (["queued"], "sent"),
    ],
)
def test_only_forward(alice: Person, told: list[str], last: str) -> None:
    text = make_text(alice, make_line(alice).number, state="unknown", due_at=None)
    sid = new_sid("SM")
    with tenant_context(alice.tenant):
        for status in told:
            found = found_in(status, sid, 30003 if status == "undelivered" else 0)
            assert found is not None
            assert follow(alice.tenant, text.pk, found)
    text = stored(alice)
    assert (text.state, text.message_sid) == (last, sid)
    assert (text.error_code, text.error != "") == ((30003, True) if last == "undelivered" else (None, False))


def test_words_that_are_not_known() -> None:
    assert found_in("dancing", "SM", 0) is None


def test_a_message_of_somebody_else(alice: Person, charlie: Person) -> None:
    text = make_text(alice, make_line(alice).number)
    with tenant_context(charlie.tenant):
        assert follow(charlie.tenant, text.pk, Found(TextState.FAILED)) is False
    assert stored(alice).state == "waiting"
