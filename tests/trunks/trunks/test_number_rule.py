"""How numbers are written to a carrier, as part of a trunk."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.models import Trunk
from trunks.number_format import NumberRule, rule_of

GERMAN: dict[str, Any] = {"dial_format": "national", "home_country": "DE", "international_prefix": "00"}


def make(tenant: Tenant, person: Person, **rule: Any) -> Trunk:
    return services.create_trunk(tenant=tenant, actor=person.actor, name="Twilio", **rule)


def test_a_trunk_writes_e164_unless_told_otherwise(in_acme: Tenant, alice: Person) -> None:
    assert rule_of(make(in_acme, alice)) == NumberRule()


def test_a_trunk_is_made_with_a_rule(in_acme: Tenant, alice: Person) -> None:
    trunk = make(in_acme, alice, **{**GERMAN, "home_country": " de "}, dial_prefix="99#")
    stored = Trunk.objects.get(pk=trunk.pk)
    assert rule_of(stored) == NumberRule(**GERMAN, dial_prefix="99#")
    changes = AuditEvent.objects.get(verb="trunk.created").changes
    assert changes == {
        "name": [None, "Twilio"],
        "direction": [None, "both"],
        "is_enabled": [None, True],
        "dial_format": [None, "national"],
        "home_country": [None, "DE"],
        "international_prefix": [None, "00"],
        "dial_prefix": [None, "99#"],
    }


def test_a_rule_is_changed(in_acme: Tenant, alice: Person) -> None:
    trunk = make(in_acme, alice)
    changed = services.update_trunk(
        tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, strip_digits=2
    )
    assert (changed.strip_digits, changed.version) == (2, 2)
    assert AuditEvent.objects.get(verb="trunk.updated").changes == {"strip_digits": [0, 2]}


@pytest.mark.parametrize(
    ("rule", "field", "message"),
    [
        ({"dial_format": "magic"}, "dial_format", "Value 'magic' is not a valid choice."),
        (
            {"home_country": "XX"},
            "home_country",
            "Choose a country by its two-letter code, such as DE or US.",
        ),
        ({"international_prefix": "+"}, "international_prefix", "Write digits alone, such as 00 or 011."),
        ({"dial_prefix": "12 3"}, "dial_prefix", "Write digits, * and # alone."),
        ({"dial_prefix": "12\n"}, "dial_prefix", "Write digits, * and # alone."),
        ({"strip_digits": 10}, "strip_digits", "Ensure this value is less than or equal to 9."),
        (
            {"dial_format": "national", "international_prefix": "00"},
            "home_country",
            "Choose the country whose numbers are written nationally.",
        ),
        (
            {"caller_id_format": "international"},
            "international_prefix",
            "Enter what is dialled before a country code, such as 00 or 011.",
        ),
    ],
)
def test_what_is_wrong_is_said(
    in_acme: Tenant, alice: Person, rule: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        make(in_acme, alice, **rule)
    assert caught.value.message_dict == {field: [message]}
    assert not Trunk.objects.exists()


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"dial_format": "magic"}, "trunk_dial_format_known"),
        ({"caller_id_format": "magic"}, "trunk_caller_id_format_known"),
        ({"home_country": "de"}, "trunk_home_country_letters"),
        ({"international_prefix": "+"}, "trunk_international_prefix_digits"),
        ({"dial_prefix": "a"}, "trunk_dial_prefix_characters"),
        ({"strip_digits": 10}, "trunk_strip_digits_range"),
        ({"dial_format": "national", "international_prefix": "00"}, "trunk_national_needs_country"),
        ({"dial_format": "international"}, "trunk_international_needs_prefix"),
        ({"preset_key": "telnyx"}, "trunk_preset_whole"),
        ({"preset_version": 1}, "trunk_preset_whole"),
        ({"preset_key": "telnyx", "preset_version": 0}, "trunk_preset_whole"),
    ],
)
def test_the_database_holds_the_rules(
    in_acme: Tenant, alice: Person, columns: dict[str, Any], constraint: str
) -> None:
    trunk = make(in_acme, alice)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Trunk.objects.filter(pk=trunk.pk).update(**columns)
