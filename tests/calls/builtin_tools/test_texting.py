"""Text messages that agents send: to the caller alone, and only so many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callsphere.calls.models import TextMessage
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.calls.builtin_tools.conftest import Talk, make_call, make_talk
from tests.calls.conftest import CALLER, NUMBER
from tests.conftest import Person
from trunks.models import PhoneNumber

SENT = {
    "done": True,
    "what_to_do": "It is being sent. Tell the caller that it arrives within a minute or so.",
}
NOT_NOW = "No text messages can be sent at the moment. Say what it is about instead."
TEXT = {"text": "Acme Dental: 1 Main Street, Oakland"}


def number_is(talk: Talk, **fields: Any) -> None:
    with tenant_context(talk.person.tenant):
        PhoneNumber.objects.filter(pk=talk.line.number.pk).update(**fields)


@pytest.fixture
def talk(alice: Person) -> Talk:
    talk = make_talk(alice)
    number_is(talk, has_sms=True)
    return talk


def test_what_waits_to_be_sent(talk: Talk) -> None:
    assert talk.told("send_sms", TEXT) == SENT
    (row,) = talk.rows(TextMessage)
    kept = (row.call_id, row.direction, row.to_number, row.from_number, row.body, row.state)
    assert kept == (talk.call.pk, "outbound", CALLER, NUMBER, TEXT["text"], "waiting")


def test_to_nobody_else(talk: Talk) -> None:
    told = talk.told("send_sms", {**TEXT, "to": "+12125550199"})
    assert (told["done"], talk.rows(TextMessage)) == (False, [])


def test_once_for_each_request(talk: Talk) -> None:
    for _ in range(2):
        assert talk.told("send_sms", TEXT, "call_1") == SENT
    assert len(talk.rows(TextMessage)) == 1


@pytest.mark.parametrize("withheld", ["", "anonymous", "+266696687"])
def test_to_a_number_that_is_withheld(talk: Talk, withheld: str) -> None:
    talk.change(their_number=withheld)
    words = "The caller's number is withheld: nothing can be sent to it."
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": words}


@pytest.mark.parametrize("fields", [{"has_sms": False}, {"state": "releasing"}])
def test_from_a_number_that_cannot(talk: Talk, fields: dict[str, Any]) -> None:
    number_is(talk, **fields)
    words = "This number cannot send text messages. Say what it is about instead."
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": words}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("none", "is not registered for text messages, so carriers in the US do not deliver them."),
        ("pending", "is not registered for text messages yet, so carriers in the US do not deliver them."),
        ("failed", "was refused as a sender of text messages, so carriers in the US do not deliver them."),
    ],
)
def test_from_a_us_number_that_is_not_registered(talk: Talk, state: str, why: str) -> None:
    number_is(talk, country="US", messaging_state=state)
    words = "This number cannot send text messages. Say what it is about instead."
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": words}
    assert talk.log()[-1].detail == f"{NUMBER} {why}"
    assert talk.rows(TextMessage) == []


@pytest.mark.parametrize("fields", [{"country": "US", "messaging_state": "registered"}, {"country": "CA"}])
def test_from_a_number_that_carriers_let_through(talk: Talk, fields: dict[str, str]) -> None:
    number_is(talk, **fields)
    assert talk.told("send_sms", TEXT) == SENT


def test_from_an_own_number(talk: Talk) -> None:
    talk.change(phone_number=talk.line.own)
    assert talk.told("send_sms", TEXT)["done"] is False


def test_three_of_one_call(talk: Talk) -> None:
    for _ in range(3):
        assert talk.told("send_sms", TEXT) == SENT
    words = "3 text messages were sent in this call. Send no more."
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": words}
    assert len(talk.rows(TextMessage)) == 3


def test_to_somebody_who_wants_no_more(talk: Talk) -> None:
    values = {"to_number": NUMBER, "from_number": CALLER, "body": "STOP", "word": "stop"}
    with tenant_context(talk.person.tenant):
        TextMessage.objects.create(
            tenant=talk.person.tenant, call=talk.call, direction="inbound", state="received", **values
        )
    told = talk.told("send_sms", TEXT)
    assert told["done"] is False
    assert "has asked by text for no more messages" in told["what_to_do"]
    assert talk.log()[-1].detail == "They answered STOP to an earlier text (Twilio error 21610)."


def test_replies_do_not_count(talk: Talk, settings: Any) -> None:
    settings.TEXTS_PER_HOUR = 1
    values = {"to_number": NUMBER, "from_number": CALLER, "body": "Hello"}
    with tenant_context(talk.person.tenant):
        for _ in range(3):
            TextMessage.objects.create(
                tenant=talk.person.tenant, call=talk.call, direction="inbound", state="received", **values
            )
    assert talk.told("send_sms", TEXT) == SENT


def test_so_many_an_hour(talk: Talk, settings: Any) -> None:
    settings.TEXTS_PER_HOUR = 1
    assert talk.told("send_sms", TEXT) == SENT
    talk.call = make_call(talk.line, agent=talk.version.agent, version=talk.version)
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": NOT_NOW}
    assert talk.log()[-1].detail == "1 text messages were sent within an hour, which is the limit."
    with tenant_context(talk.person.tenant):
        TextMessage.objects.update(created_at=database_now() - timedelta(minutes=61))
    assert talk.told("send_sms", TEXT) == SENT


def test_others_do_not_count(talk: Talk, charlie: Person, settings: Any) -> None:
    settings.TEXTS_PER_HOUR = 1
    others = make_talk(charlie, "+14155550102", "+4930901821")
    number_is(others, has_sms=True)
    assert (others.told("send_sms", TEXT), talk.told("send_sms", TEXT)) == (SENT, SENT)


def test_of_a_tenant_that_is_read_only(talk: Talk) -> None:
    with tenant_context(talk.person.tenant):
        Tenant.objects.update(read_only_reason="unpaid")
    assert talk.told("send_sms", TEXT) == {"done": False, "what_to_do": NOT_NOW}
    assert talk.rows(TextMessage) == []


def test_nothing_but_blanks(talk: Talk) -> None:
    told = talk.told("send_sms", {"text": " "})
    assert told == {"done": False, "what_to_do": "The text is empty. Say what is to be sent."}
