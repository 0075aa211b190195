"""How numbers are written to a carrier."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.sip.uri import parse_gateway_uri
from trunks.models import Trunk
from trunks.number_format import (
    NumberError,
    NumberRule,
    Preview,
    caller_user,
    countries,
    preview,
    read_number,
    request_user,
    rule_of,
)

BERLIN, SAN_FRANCISCO, ROME = "+49 30 901820", "+1 415-555-0100", "+39 06 1234 5678"
GERMAN: dict[str, Any] = {"home_country": "DE", "international_prefix": "00"}
AMERICAN: dict[str, Any] = {"home_country": "US", "international_prefix": "011"}
ASK_E164 = "Write it with + and the country code, such as +49 30 901820."

ANY_COUNTRY = (
    f"Without a + this could be a number of any country. {ASK_E164}"
    " Or choose the trunk's country, and national numbers are understood."
)


def test_a_number_of_no_trunk_is_not_told_to_choose_its_country() -> None:
    with pytest.raises(NumberError) as refused:
        read_number("555 0199")
    assert str(refused.value) == f"Without a + this could be a number of any country. {ASK_E164}"


@pytest.mark.parametrize(
    ("rule", "number", "user"),
    [
        (NumberRule(), BERLIN, "+4930901820"),
        (NumberRule(), ROME, "+390612345678"),
        (NumberRule(dial_format="e164"), BERLIN, "4930901820"),
        (NumberRule(dial_format="international", international_prefix="00"), BERLIN, "004930901820"),
        (NumberRule(dial_format="international", international_prefix="011"), BERLIN, "0114930901820"),
        (NumberRule(dial_format="national", **GERMAN), BERLIN, "030901820"),
        (NumberRule(dial_format="national", **GERMAN), "030 / 90 18 20", "030901820"),
        (NumberRule(dial_format="national", **GERMAN), SAN_FRANCISCO, "0014155550100"),
        (NumberRule(dial_format="national", **AMERICAN), SAN_FRANCISCO, "4155550100"),
        (NumberRule(dial_format="national", **AMERICAN), "(415) 555-0100", "4155550100"),
        (NumberRule(dial_format="national", **AMERICAN), "+1 604 555 0100", "6045550100"),
        (NumberRule(dial_format="national", **AMERICAN), BERLIN, "0114930901820"),
        (
            NumberRule(dial_format="national", home_country="IT", international_prefix="00"),
            ROME,
            "0612345678",
        ),
        (NumberRule(home_country="DE"), "030 901820", "+4930901820"),
        (NumberRule(dial_prefix="1234"), BERLIN, "1234+4930901820"),
        (NumberRule(dial_format="e164", dial_prefix="12345678*"), SAN_FRANCISCO, "12345678*14155550100"),
        (NumberRule(dial_format="e164", dial_prefix="12345678#"), SAN_FRANCISCO, "12345678%2314155550100"),
        (NumberRule(dial_format="national", strip_digits=3, **AMERICAN), SAN_FRANCISCO, "5550100"),
        (NumberRule(strip_digits=2), BERLIN, "30901820"),
        (NumberRule(strip_digits=2, dial_prefix="0"), BERLIN, "030901820"),
    ],
)
def test_what_is_dialled(rule: NumberRule, number: str, user: str) -> None:
    assert request_user(rule, number) == user


@pytest.mark.parametrize(
    ("rule", "user"),
    [
        (NumberRule(), "+4930901820"),
        (NumberRule(caller_id_format="e164"), "4930901820"),
        (NumberRule(caller_id_format="international", international_prefix="00"), "004930901820"),
        (NumberRule(caller_id_format="national", **GERMAN), "030901820"),
        (NumberRule(caller_id_format="national", **AMERICAN), "0114930901820"),
        # what is put before called numbers, or left out of them, is no part of a caller id
        (NumberRule(strip_digits=4, dial_prefix="99#"), "+4930901820"),
    ],
)
def test_who_is_shown_as_calling(rule: NumberRule, user: str) -> None:
    assert caller_user(rule, BERLIN) == user


@pytest.mark.parametrize(
    ("text", "country", "error"),
    [
        ("", "", "Enter a phone number."),
        ("  ", "DE", "Enter a phone number."),
        ("1" * 41, "DE", "Use digits and separators, 40 characters at most."),
        ("+49 30\n901820", "", "Use digits and separators, 40 characters at most."),
        (
            "sip:+4930901820@example.com",
            "",
            f"Leave out letters and anything before the number. {ASK_E164}",
        ),
        ("1-800-FLOWERS", "US", f"Leave out letters and anything before the number. {ASK_E164}"),
        (
            "030 901820",
            "",
            ANY_COUNTRY,
        ),
        ("+999 123456", "", f"There is no such country code. {ASK_E164}"),
        ("+49", "", f"This is no phone number. {ASK_E164}"),
        ("-- --", "DE", f"This is no phone number. {ASK_E164}"),
        ("911", "US", f"This number is too short. {ASK_E164}"),
        ("555-0100", "US", f"This number lacks its area code. {ASK_E164}"),
        ("+49 30 901820 901820 12", "", f"This number is too long. {ASK_E164}"),
        ("+49 30 901820 #5", "", "Leave out the extension: it cannot be dialled in a SIP address."),
    ],
)
def test_what_cannot_be_dialled_is_said(text: str, country: str, error: str) -> None:
    with pytest.raises(NumberError) as raised:
        read_number(text, country)
    assert str(raised.value) == error


def test_a_rule_that_leaves_nothing_is_said() -> None:
    rule = NumberRule(dial_format="national", home_country="SG", international_prefix="00", strip_digits=8)
    with pytest.raises(NumberError) as raised:
        request_user(rule, "+65 6123 4567")
    assert str(raised.value) == "Leaving out 8 digits leaves nothing of this number."


def test_a_call_as_it_will_be_addressed() -> None:
    carrier = parse_gateway_uri("sip:sip.example.com:5061;transport=tls")
    rule = NumberRule(
        dial_format="e164", dial_prefix="99#", caller_id_format="e164", sends_asserted_identity=True
    )
    assert preview(rule, number=SAN_FRANCISCO, caller=BERLIN, carrier=carrier) == Preview(
        request_uri="sip:99%2314155550100@sip.example.com:5061;transport=tls",
        from_="<sip:4930901820@sip.example.com>",
        to="<sip:99%2314155550100@sip.example.com>",
        asserted_identity="<sip:4930901820@sip.example.com>",
    )


def test_no_identity_is_asserted_unless_the_trunk_says_so() -> None:
    shown = preview(
        NumberRule(), number=SAN_FRANCISCO, caller=BERLIN, carrier=parse_gateway_uri("sip:[2001:db8::1]")
    )
    assert (shown.from_, shown.asserted_identity) == ("<sip:+4930901820@[2001:db8::1]>", None)


def test_numbers_that_no_plan_knows_are_doubted() -> None:
    shown = preview(
        NumberRule(), number="+1 200 555 0100", caller=BERLIN, carrier=parse_gateway_uri("sip:a.example")
    )
    assert shown.warnings == (
        "The called number has a possible length, but no numbering plan knows it. The carrier may refuse it.",
    )


def test_a_trunks_rule_is_in_its_fields() -> None:
    trunk = Trunk(dial_format="national", strip_digits=1, **GERMAN)
    assert rule_of(trunk) == NumberRule(dial_format="national", strip_digits=1, **GERMAN)
    assert rule_of(Trunk()) == NumberRule()
    assert request_user(trunk, BERLIN) == "30901820"


def test_countries_are_found_by_name() -> None:
    offered = countries()
    words = [told for _code, told in offered]
    assert words[:3] == ["Afghanistan (AF), +93", "Åland Islands (AX), +358", "Albania (AL), +355"]
    assert {("KR", "South Korea (KR), +82"), ("XK", "Kosovo (XK), +383")} <= set(offered)
    assert not [told for code, told in offered if told.startswith(f"{code} (")]
