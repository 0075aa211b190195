"""Messages that agents take."""

from __future__ import annotations

import pytest

from callsphere.calls.builtin_tools.messages import MOST_MESSAGES
from callsphere.calls.models import CallerMessage
from tests.calls.builtin_tools.conftest import Talk
from tests.calls.conftest import CALLER


def test_with_everything(talk: Talk) -> None:
    asked = {
        "text": "My tooth hurts.",
        "name": "Jane Roe",
        "callback_number": "(212) 555-0177",
        "urgent": True,
    }
    assert talk.told("take_message", asked) == {"done": True, "callback_number": "+12125550177"}
    (row,) = talk.rows(CallerMessage)
    kept = (row.call_id, row.name, row.number, row.text, row.is_urgent, row.handled_at)
    assert kept == (talk.call.pk, "Jane Roe", "+12125550177", "My tooth hurts.", True, None)


def test_the_callers_own_number_otherwise(talk: Talk) -> None:
    assert talk.told("take_message", {"text": "Hello"}) == {"done": True, "callback_number": CALLER}
    (row,) = talk.rows(CallerMessage)
    assert (row.name, row.number, row.is_urgent) == ("", CALLER, False)


@pytest.mark.parametrize("withheld", ["", "anonymous", "+266696687", "sip:anonymous@anonymous.invalid"])
def test_from_nobody_knows_whom(talk: Talk, withheld: str) -> None:
    talk.change(their_number=withheld)
    assert talk.told("take_message", {"text": "Hello"}) == {
        "done": True,
        "callback_number": None,
        "what_to_do": (
            "It is kept, but there is no number to call back. Ask for one, and take the message again."
        ),
    }
    assert [row.number for row in talk.rows(CallerMessage)] == [""]


@pytest.mark.parametrize("number", ["none", "12", "+1 555", "0" * 40])
def test_a_number_that_is_none(talk: Talk, number: str) -> None:
    assert talk.told("take_message", {"text": "Hello", "callback_number": number}) == {
        "done": False,
        "what_to_do": (
            "Nobody can be called back at this number. Ask the caller for it again, with the area code."
        ),
    }
    assert talk.rows(CallerMessage) == []


def test_nothing_but_blanks(talk: Talk) -> None:
    told = talk.told("take_message", {"text": "  \n"})
    assert told == {"done": False, "what_to_do": "The message is empty. Ask the caller what to pass on."}


def test_so_many_of_one_call(talk: Talk) -> None:
    for _ in range(MOST_MESSAGES):
        assert talk.told("take_message", {"text": "Hello"})["done"] is True
    assert talk.told("take_message", {"text": "Hello"}) == {
        "done": False,
        "what_to_do": "5 messages have been taken in this call. Take no more.",
    }
    assert len(talk.rows(CallerMessage)) == MOST_MESSAGES
