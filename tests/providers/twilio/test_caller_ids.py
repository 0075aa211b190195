"""Numbers that are proved by a call which asks for a code."""

from __future__ import annotations

import httpx
import pytest

from callsphere.local.doubles.twilio import caller_ids as double
from callsphere.providers.twilio import caller_ids
from callsphere.providers.twilio.errors import TwilioError
from tests.twilio_double import DoubledTwilio

NUMBER = "+4930901820"


def pick_up(twilio: DoubledTwilio, **values: str) -> httpx.Response:
    return httpx.post(
        f"{twilio.url}/_double/validations", json={"number": NUMBER, **values}, trust_env=False, timeout=60
    )


def test_number_is_proved_by_its_code(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    call = caller_ids.call_to_verify(account, NUMBER, label="front", extension="12")
    before = caller_ids.find_caller_id(account, NUMBER)

    answered = pick_up(twilio, digits=call.code)

    assert (len(call.code), before, answered.json()) == (6, "", {"status": "success"})
    assert caller_ids.find_caller_id(account, NUMBER).startswith("PN")
    assert caller_ids.find_caller_id(twilio.tenant_account("globex"), NUMBER) == ""


@pytest.mark.parametrize("digits", ["", "00000x"])
def test_wrong_code_or_nobody_proves_nothing(twilio: DoubledTwilio, digits: str) -> None:
    account = twilio.tenant_account()
    caller_ids.call_to_verify(account, NUMBER, label="front")
    assert pick_up(twilio, digits=digits).json() == {"status": "failed"}
    assert caller_ids.find_caller_id(account, NUMBER) == ""
    assert pick_up(twilio).status_code == 404


def test_proved_number_is_not_called_again_until_it_is_forgotten(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    caller_ids.call_to_verify(account, NUMBER, label="front")
    pick_up(twilio)
    with pytest.raises(TwilioError) as refused:
        caller_ids.call_to_verify(account, NUMBER, label="front")
    caller_ids.forget_caller_id(account, NUMBER)
    caller_ids.forget_caller_id(account, NUMBER)
    assert refused.value.problem.name == "number_verified"
    assert caller_ids.call_to_verify(account, NUMBER, label="front").code


def test_what_is_no_number_is_refused(twilio: DoubledTwilio) -> None:
    with pytest.raises(TwilioError) as refused:
        caller_ids.call_to_verify(twilio.tenant_account(), "+49", label="front")
    assert refused.value.problem.name == "number_invalid"


def test_in_the_demo_people_pick_up_by_themselves(twilio: DoubledTwilio) -> None:
    account, silent = twilio.tenant_account(), f"+493090182{double.GONE_ENDING}"
    twilio.twilio.picks_up_after = -1.0  # whatever the clock
    for number in (NUMBER, silent):
        caller_ids.call_to_verify(account, number, label="front")
    assert [bool(caller_ids.find_caller_id(account, number)) for number in (NUMBER, silent)] == [True, False]
