"""A check writes numbers by the trunk's rule: what the preview shows is what the carrier hears."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from callsphere.sip.uri import parse_gateway_uri
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.sip.carriers.laboratory import Carrier, serving
from tests.trunks.checks.running import ask, ended, report_of, running
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.checks.numbers import number_dialled, number_shown
from trunks.models import Trunk
from trunks.number_format import NumberError, NumberRule, preview

NUMBER, CALLER = "+49 30 901820", "+1 415 555 2671"
GERMAN: dict[str, Any] = {"home_country": "DE", "international_prefix": "00"}


def write_by(person: Person, trunk: Trunk, **rule: Any) -> Trunk:
    """Give a trunk a number rule."""
    with tenant_context(person.tenant):
        return services.update_trunk(
            tenant=person.tenant, actor=person.actor, trunk=trunk, expected_version=None, **rule
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("rule", "called", "shown"),
    [
        ({}, "+4930901820", "+14155552671"),
        ({"dial_format": "e164", "caller_id_format": "e164"}, "4930901820", "14155552671"),
        (
            {**GERMAN, "dial_format": "national", "caller_id_format": "international"},
            "030901820",
            "0014155552671",
        ),
        (
            {"dial_prefix": "12345678#", "strip_digits": 2, "sends_asserted_identity": True},
            "12345678%2330901820",
            "+14155552671",
        ),
    ],
)
def test_the_invite_is_addressed_as_the_preview_shows(
    alice: Person, rule: dict[str, Any], called: str, shown: str
) -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        trunk = write_by(alice, make_trunk(alice, "Main", uri), **rule)
        check = report_of(alice, trunk, call=NUMBER, caller=CALLER)
    assert (check.state, check.call, check.caller) == ("finished", "+4930901820", "+14155552671")
    invite = carrier.of("INVITE")[0]
    seen = preview(trunk, number=NUMBER, caller=CALLER, carrier=parse_gateway_uri(uri))
    assert (f":{called}@" in seen.request_uri, f":{shown}@" in seen.from_) == (True, True)
    assert (invite.uri, invite.get("to")) == (seen.request_uri, seen.to)
    assert invite.get("from").partition(";tag=")[0] == seen.from_
    assert invite.get("p-asserted-identity") == (seen.asserted_identity or "")


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_leaves_nothing_later_is_told_and_nobody_is_called(alice: Person) -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        trunk = make_trunk(alice, "Main", uri)
        check = ask(alice, trunk, call="+1 415 555 2911")
        write_by(alice, trunk, strip_digits=8)
        with running() as runner:
            assert runner.run_due() == 1
            done = ended(alice, check.pk)
    assert (done.state, carrier.of("INVITE")) == ("failed", [])
    assert done.problem == (
        "By the trunk's number rule this would call 911: checks never call emergency numbers."
    )


@pytest.mark.parametrize(
    ("rule", "call", "error"),
    [
        (
            {"strip_digits": 9},
            "+290 22000",
            "Leaving out 9 digits leaves nothing of this number.",
        ),
        (
            {"strip_digits": 8, "dial_prefix": "99#"},
            "+1 415 555 2911",
            "By the trunk's number rule this would call 99#911: checks never call emergency numbers.",
        ),
    ],
)
@pytest.mark.django_db
def test_what_the_rule_makes_uncallable_is_refused(
    alice: Person, rule: dict[str, Any], call: str, error: str
) -> None:
    trunk = write_by(alice, make_trunk(alice, "Main", "sip:203.0.113.5"), **rule)
    with pytest.raises(ValidationError) as caught:
        ask(alice, trunk, call=call)
    assert caught.value.message_dict == {"call": [error]}
    with tenant_context(alice.tenant), pytest.raises(ValidationError) as caught:
        services.set_check_schedule(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, every_hours=24, call=call
        )
    assert caught.value.message_dict == {"call": [error]}
    with platform_context("test"):
        assert not trunk.checks.exists()


@pytest.mark.parametrize("text", ["", "100", "*43", "echo", "agent.smith"])
def test_what_is_no_phone_number_stays_as_it_is(text: str) -> None:
    rule = NumberRule(dial_format="e164", caller_id_format="e164", dial_prefix="99", strip_digits=1)
    assert (number_dialled(text, rule), number_shown(text, rule)) == (text, text)


def test_a_caller_id_is_neither_cut_nor_prefixed() -> None:
    rule = NumberRule(dial_prefix="99", strip_digits=9)
    assert number_shown("+1 415 555 2911", rule) == "+14155552911"
    with pytest.raises(NumberError, match="emergency"):
        number_dialled("+1 415 555 2911", NumberRule(strip_digits=8))
