"""Numbers: searched, bought once, labelled, pointed, released."""

from typing import Any

import pytest

from callsphere.local.doubles.twilio.inventory import GONE_ENDING
from callsphere.providers.twilio import numbers
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.numbers import NumberSearch, NumberUrls
from tests.twilio_double import DoubledTwilio

NUMBER = "+14155550101"
URLS = NumberUrls(
    voice="https://callsphere.example/tw/voice",
    voice_fallback="https://callsphere.example/tw/fallback",
    status_callback="https://callsphere.example/tw/status",
)


def test_countries_name_their_kinds(twilio: DoubledTwilio) -> None:
    found = {each.code: each.kinds for each in numbers.list_countries(twilio.tenant_account())}

    assert found["US"] == ("local", "toll_free")
    assert found["DE"] == ("local",)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (NumberSearch("US", area_code=415, limit=1), ["+14155550100"]),
        (NumberSearch("US", contains="*5550123", limit=2), ["+14155550123", "+12125550123"]),
        (NumberSearch("US", region="TX", limit=1), ["+15125550100"]),
        (NumberSearch("US", locality="Chicago", limit=1), ["+13125550100"]),
        (NumberSearch("US", kind="toll_free", limit=1), ["+18005550100"]),
        (NumberSearch("GB", sms=True), []),
        (NumberSearch("GB", without_address=True), []),
        (NumberSearch("AU", kind="mobile", limit=1), ["+61491570156"]),
    ],
)
def test_search_finds_what_fits(twilio: DoubledTwilio, search: NumberSearch, expected: list[str]) -> None:
    found = numbers.search_numbers(twilio.tenant_account(), search)

    assert [each.number for each in found] == expected


def test_found_number_says_what_it_can_and_needs(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()

    american = numbers.search_numbers(account, NumberSearch("US", area_code=212, limit=1))[0]
    german = numbers.search_numbers(account, NumberSearch("DE", limit=1))[0]

    assert american == numbers.AvailableNumber(
        number="+12125550100",
        country="US",
        kind="local",
        locality="New York",
        region="NY",
        address="none",
        voice=True,
        sms=True,
        mms=True,
    )
    assert (german.address, german.sms) == ("local", False)


def test_search_in_a_country_that_is_not_sold(twilio: DoubledTwilio) -> None:
    with pytest.raises(TwilioError) as refused:
        numbers.search_numbers(twilio.tenant_account(), NumberSearch("AQ"))

    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_number_is_bought_once(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="Front desk", urls=URLS)
    again = numbers.buy_number(account, NUMBER, label="Front desk", urls=URLS)

    assert bought == again == numbers.find_number(account, NUMBER)
    assert (bought.number, bought.label, bought.urls) == (NUMBER, "Front desk", URLS)
    assert (bought.voice, bought.sms, bought.emergency_active) == (True, True, False)
    assert [each.number for each in numbers.list_numbers(account)] == [NUMBER]
    assert NUMBER not in [
        each.number for each in numbers.search_numbers(account, NumberSearch("US", area_code=415))
    ]


@pytest.mark.parametrize("kind", ["lose", "hang"])
def test_number_whose_answer_was_lost_is_not_bought_twice(
    twilio: DoubledTwilio, settings: Any, kind: str
) -> None:
    account = twilio.tenant_account()
    settings.TWILIO_TIMEOUT = 1
    twilio.fail(kind=kind, method="POST", path="IncomingPhoneNumbers")
    since = twilio.count

    bought = numbers.buy_number(account, NUMBER, label="Front desk")

    assert bought.number == NUMBER
    assert len(twilio.asked("POST", since=since)) == 1


def test_purchase_that_may_have_happened_says_so(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    twilio.fail(status=503, method="POST", path="IncomingPhoneNumbers")

    with pytest.raises(TwilioError) as failed:
        numbers.buy_number(account, NUMBER, label="Front desk")

    assert (failed.value.outcome_unknown, failed.value.retryable) == (True, True)
    assert failed.value.problem.name == "twilio_down"
    assert len(twilio.asked("POST")) == 3  # account, key, and one purchase


@pytest.mark.parametrize("number", [f"+141555501{GONE_ENDING}", "+14155550999"])
def test_number_that_somebody_else_took(twilio: DoubledTwilio, number: str) -> None:
    with pytest.raises(TwilioError) as refused:
        numbers.buy_number(twilio.tenant_account(), number, label="")

    assert (refused.value.code, refused.value.problem.name, refused.value.problem.who) == (
        21422,
        "number_gone",
        "you",
    )
    assert not refused.value.retryable


def test_number_of_another_tenant_is_neither_found_nor_for_sale(twilio: DoubledTwilio) -> None:
    numbers.buy_number(twilio.tenant_account("acme"), NUMBER, label="Acme")
    globex = twilio.tenant_account("globex")

    assert numbers.find_number(globex, NUMBER) is None
    with pytest.raises(TwilioError) as refused:
        numbers.buy_number(globex, NUMBER, label="Globex")
    assert refused.value.problem.name == "number_gone"


def test_finding_takes_no_part_of_a_number(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    numbers.buy_number(account, NUMBER, label="")

    assert numbers.find_number(account, NUMBER[:-1]) is None


def test_addresses_of_a_number_are_set_and_taken_away(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="")

    pointed = numbers.set_number_urls(account, bought.sid, URLS)
    cleared = numbers.set_number_urls(account, bought.sid, NumberUrls())

    assert pointed.urls == URLS
    assert cleared.urls == NumberUrls()


def test_label_changes(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="Old")

    assert numbers.label_number(account, bought.sid, "New").label == "New"


def test_released_number_is_for_sale_again_and_released_twice_is_fine(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="")

    numbers.release_number(account, bought.sid)
    numbers.release_number(account, bought.sid)

    assert numbers.find_number(account, NUMBER) is None
    assert numbers.buy_number(account, NUMBER, label="").sid != bought.sid


def test_release_whose_answer_was_lost_is_done(twilio: DoubledTwilio) -> None:
    account = twilio.tenant_account()
    bought = numbers.buy_number(account, NUMBER, label="")
    twilio.fail(kind="lose", method="DELETE")

    numbers.release_number(account, bought.sid)

    assert numbers.list_numbers(account) == []


def test_many_numbers_come_page_by_page(twilio: DoubledTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    account = twilio.tenant_account()
    wanted = [each.number for each in numbers.search_numbers(account, NumberSearch("US", limit=5))]
    for number in wanted:
        numbers.buy_number(account, number, label="")
    monkeypatch.setattr(numbers, "EVERYTHING", 2)
    since = twilio.count

    assert [each.number for each in numbers.list_numbers(account)] == wanted
    assert len(twilio.asked(since=since)) == 3
