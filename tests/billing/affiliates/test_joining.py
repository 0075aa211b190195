"""Becoming an affiliate by oneself."""

from __future__ import annotations

import contextlib

import pytest
from django.core.exceptions import ValidationError

from billing.affiliates.joining import join_affiliates, own_affiliate, suggested_code
from billing.models import Affiliate
from tenants.context import platform_context, user_context
from tenants.models import PlatformEvent, User
from tests.billing.affiliates.conftest import START
from tests.billing.test_races import at_once
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def join(person: Person, code: str = "alice", takes_terms: bool = True) -> Affiliate:
    return join_affiliates(
        actor=person.actor, user=person.user, code=code, takes_terms=takes_terms, now=START
    )


def events() -> list[tuple[str, str]]:
    with platform_context("test"):
        return list(PlatformEvent.objects.values_list("verb", "actor_label"))


def test_who_takes_the_terms_is_an_affiliate_with_their_code(alice: Person) -> None:
    made = join(alice, " Alice-1 ")

    assert (made.code, made.rate, made.terms_at) == ("alice-1", 2_200, START)
    assert events() == [("affiliate.joined", "alice@example.com")]
    with user_context(alice.user.pk):
        assert own_affiliate(alice.user) == made


def test_pressing_twice_joins_once(alice: Person) -> None:
    assert join(alice) == join(alice, "another")
    assert len(events()) == 1


@pytest.mark.parametrize(
    ("code", "takes_terms", "field", "words"),
    [
        ("alice", False, "terms", "Take the terms to join."),
        ("dana", True, "code", "Somebody has this code already. Choose another."),
        ("al", True, "code", "Use 3 to 32 of a-z, 0-9, -."),
        ("two words", True, "code", "Use 3 to 32 of a-z, 0-9, -."),
        ("", True, "code", "This field cannot be blank."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    dana: Affiliate, alice: Person, code: str, takes_terms: bool, field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        join(alice, code, takes_terms)
    assert refusal.value.message_dict == {field: [words]}
    assert events() == []


@pytest.mark.parametrize(
    ("email", "code"), [("Alice.Smith+x@example.com", "alice-smith-x"), ("al@example.com", "")]
)
def test_a_code_is_suggested(email: str, code: str) -> None:
    assert suggested_code(User(email=email)) == code


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_one_code_one_gets_it(alice: Person, charlie: Person) -> None:
    def try_it(person: Person) -> None:
        with contextlib.suppress(ValidationError):
            join(person, "wanted")

    at_once(lambda: try_it(alice), lambda: try_it(charlie))

    with platform_context("test"):
        assert Affiliate.objects.filter(code="wanted").count() == 1
