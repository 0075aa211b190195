"""Proving a number by a call: the code is shown while it rings, and what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tenants.clock import database_now
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, stored
from tests.trunks.numbers.pages.conftest import number_page
from tests.trunks.web.conftest import text_of
from trunks.models import PhoneNumber
from trunks.numbers.verifying import ANSWER_WITHIN
from trunks.numbers.worker import provision_due
from trunks.pages.base import STOP_POLLING

pytestmark = pytest.mark.django_db


def pass_by(span: timedelta) -> None:
    moment = database_now() + span + timedelta(seconds=1)
    provision_due(lambda: moment)


def ask(person: Person, number: PhoneNumber, extension: str = "") -> Any:
    return person.client().post(number_page("verify", person, number), {"extension": extension})


def part(person: Person, number: PhoneNumber) -> Any:
    return person.client().get(number_page("verify", person, number), headers={"HX-Request": "true"})


def test_unverified_number_leads_to_its_call(alice: Person, own: PhoneNumber, desk: Desk) -> None:
    html = alice.client().get(number_page("detail", alice, own)).content.decode()
    assert f'href="{number_page("verify", alice, own)}"' in html


def test_code_is_shown_while_it_rings(alice: Person, own: PhoneNumber, desk: Desk) -> None:
    assert ask(alice, own, "12")["Location"] == number_page("verify", alice, own)
    waiting = part(alice, own)
    provision_due()
    ringing = part(alice, own)
    code = re.search(r'id="code">(\d{6})<', ringing.content.decode())
    assert "The call is being placed." in waiting.content.decode()
    assert (ringing.status_code, "extension 12" in ringing.content.decode()) == (200, True)
    assert "This call is played" in ringing.content.decode()
    assert code is not None
    picked_up = {"number": own.number, "digits": code[1]}
    httpx.post(f"{desk.twilio.url}/_double/validations", json=picked_up, trust_env=False, timeout=60)
    pass_by(timedelta(seconds=2))
    done = part(alice, own)
    assert (done.status_code, "It is verified" in done.content.decode()) == (STOP_POLLING, True)
    assert (stored(alice).state, code[1] in done.content.decode()) == ("active", False)


def test_call_that_nobody_answers_says_so_and_may_be_repeated(
    alice: Person, own: PhoneNumber, desk: Desk
) -> None:
    ask(alice, own)
    provision_due()
    pass_by(ANSWER_WITHIN)
    ended = part(alice, own)
    page = text_of(alice.client().get(number_page("verify", alice, own)).content)
    assert (ended.status_code, "Call it again" in ended.content.decode()) == (STOP_POLLING, True)
    assert "Nobody typed the code in time." in page


def test_wrong_extension_is_told(alice: Person, own: PhoneNumber, desk: Desk) -> None:
    response = ask(alice, own, "1w")
    assert (response.status_code, "Use up to 8 digits." in response.content.decode()) == (422, True)


def test_too_many_calls_are_told(alice: Person, own: PhoneNumber, desk: Desk) -> None:
    for _ in range(3):
        ask(alice, own)
        provision_due()
        pass_by(ANSWER_WITHIN)
    response = ask(alice, own)
    assert (response.status_code, "called 3 times within the hour" in response.content.decode()) == (
        422,
        True,
    )


def test_installation_that_cannot_call_says_whom_to_ask(
    alice: Person, own: PhoneNumber, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    browser = alice.client()
    assert "ask support to verify it" in browser.get(number_page("verify", alice, own)).content.decode()
    detail = browser.get(number_page("detail", alice, own)).content.decode()
    assert ("Support can verify it" in detail, "Verify it by a call" in detail) == (True, False)


def test_bought_number_has_nothing_to_verify(alice: Person, bought: PhoneNumber) -> None:
    browser, address = alice.client(), number_page("verify", alice, bought)
    assert (browser.get(address).status_code, browser.post(address).status_code) == (404, 404)
