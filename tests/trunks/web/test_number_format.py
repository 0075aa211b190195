"""How numbers are written: saved, previewed, and what is wrong with them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import Trunk
from trunks.number_format import NumberRule, Preview, rule_of
from trunks.numbers.forms import NumberRuleForm

RULE = {
    "dial_format": "national",
    "caller_id_format": "e164",
    "home_country": "DE",
    "international_prefix": "00",
    "strip_digits": "",
    "dial_prefix": "99#",
    "sends_asserted_identity": "on",
}
SAMPLE = {"number": "030 901820", "caller": "+1 415 555 2671"}
SEEN = Preview(
    request_uri="sip:99%23030901820@203.0.113.5",
    from_="<sip:14155552671@203.0.113.5>",
    to="<sip:99%23030901820@203.0.113.5>",
    asserted_identity="<sip:14155552671@203.0.113.5>",
)

ASK_E164 = "Write it with + and the country code, such as +49 30 901820."
ANY_COUNTRY = (
    f"Without a + this could be a number of any country. {ASK_E164}"
    " Or choose the trunk's country, and national numbers are understood."
)


def send(person: Person, trunk: Trunk, **changes: Any) -> Any:
    """Send the form as it was shown."""
    form = {**RULE, **SAMPLE, "version": 1, **changes}
    return person.client().post(page("number-format", person, trunk), form)


def rule(person: Person) -> NumberRule:
    with tenant_context(person.tenant):
        return rule_of(Trunk.objects.get())


def test_alice_says_how_numbers_are_written(alice: Person, trunk: Trunk) -> None:
    assert send(alice, trunk)["Location"] == page("number-format", alice, trunk)
    assert rule(alice) == NumberRule(
        dial_format="national",
        caller_id_format="e164",
        home_country="DE",
        international_prefix="00",
        dial_prefix="99#",
        sends_asserted_identity=True,
    )


def test_the_page_shows_a_call_under_the_stored_rule(alice: Person, trunk: Trunk) -> None:
    response = alice.client().get(page("number-format", alice, trunk))
    assert response.context["preview"] == Preview(
        request_uri="sip:+4930901820@203.0.113.5",
        from_="<sip:+14155552671@203.0.113.5>",
        to="<sip:+4930901820@203.0.113.5>",
        asserted_identity=None,
    )


def test_looking_stores_nothing(alice: Person, trunk: Trunk) -> None:
    response = send(alice, trunk, look="1")
    assert (response.status_code, response.context["preview"]) == (200, SEEN)
    assert rule(alice) == NumberRule()


def test_the_preview_follows_what_is_typed(alice: Person, trunk: Trunk) -> None:
    response = alice.client().get(page("number-preview", alice, trunk), {**RULE, **SAMPLE})
    assert 'data-copy="sip:99%23030901820@203.0.113.5"' in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"number": ""}, "number", "Enter a phone number."),
        (
            {"caller": "call me"},
            "caller",
            f"Leave out letters and anything before the number. {ASK_E164}",
        ),
        (
            {"home_country": ""},
            "number",
            ANY_COUNTRY,
        ),
        (
            {"home_country": "", "number": "+4930901820"},
            "home_country",
            "Choose the country whose numbers are written nationally.",
        ),
        (
            {"international_prefix": ""},
            "international_prefix",
            "Enter what is dialled before a country code, such as 00 or 011.",
        ),
        ({"dial_prefix": "+"}, "dial_prefix", "Write digits, * and # alone."),
        (
            {"strip_digits": "12"},
            "strip_digits",
            "Use 0 to 9 digits.",
        ),
        ({"strip_digits": "9"}, "strip_digits", "Leaving out 9 digits leaves nothing of this number."),
    ],
)
def test_what_is_wrong_is_said_before_the_first_call(
    alice: Person, trunk: Trunk, changes: dict[str, str], field: str, error: str
) -> None:
    looked = send(alice, trunk, look="1", **changes)
    typed = alice.client().get(page("number-preview", alice, trunk), {**RULE, **SAMPLE, **changes})
    assert looked.status_code == 422
    assert looked.context["form"].errors == {field: [error]}
    label = NumberRuleForm.base_fields[field].label or field.replace("_", " ").capitalize()
    assert f"<span>{label}: {error}</span>" in unescape(typed.content.decode())


def test_a_rule_that_cannot_be_is_not_stored(alice: Person, trunk: Trunk) -> None:
    response = send(alice, trunk, home_country="", number="+4930901820")
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "home_country": ["Choose the country whose numbers are written nationally."]
    }
    assert rule(alice) == NumberRule()


def test_a_lost_update_is_refused(alice: Person, trunk: Trunk) -> None:
    send(alice, trunk)

    refused = send(alice, trunk, strip_digits="2")

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "Leave out leading digits", "theirs": "0", "yours": "2"}
    ]
