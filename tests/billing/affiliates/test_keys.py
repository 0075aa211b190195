"""An affiliate's keys: made, counted, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from billing.affiliates import support
from billing.affiliates.keys import LIFETIME, create_key, keys_of, living_keys, revoke_key
from billing.models import Affiliate, AffiliateKey
from callsphere.lib.errors import LimitReached, Refused
from tenants.audit import Actor
from tenants.context import platform_context, tenant_context, user_context
from tenants.models import PlatformEvent
from tenants.tokens import hash_token
from tests.billing.affiliates.conftest import START, join
from tests.conftest import Person
from tests.racing import at_once, code_of

pytestmark = pytest.mark.django_db
DESK = Actor.system("support desk")


def make(affiliate: Affiliate, name: str = "Spreadsheet", **more: Any) -> tuple[AffiliateKey, str]:
    values = {"actor": Actor.user(affiliate.user), "affiliate": affiliate, "now": START, **more}
    return create_key(name=name, **values)


def events() -> list[tuple[str, str, str]]:
    with platform_context("test"):
        return list(PlatformEvent.objects.values_list("verb", "actor_label", "reason"))


def test_a_key_is_kept_as_its_hash_for_a_year(dana: Affiliate) -> None:
    made, token = make(dana, " Spreadsheet ")

    with user_context(dana.user_id):
        [stored] = keys_of(dana)
    assert stored == made
    assert (stored.name, stored.expires_at, stored.last_used_at) == ("Spreadsheet", START + LIFETIME, None)
    assert token.startswith(f"cs_aff_{stored.public_id}_")
    assert bytes(stored.secret_hash) == hash_token(token)
    assert events() == [("affiliate_key.created", "dana@example.com", "")]
    with platform_context("test"):
        assert token.split("_", 3)[3] not in str(PlatformEvent.objects.values())


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_key_has_a_name(dana: Affiliate, name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make(dana, name)
    assert list(refusal.value.message_dict) == ["name"]
    assert events() == []


def test_two_at_most_are_in_use(dana: Affiliate) -> None:
    first, _token = make(dana)
    make(dana)
    with pytest.raises(LimitReached, match="You have 2 keys in use"):
        make(dana)

    revoke_key(actor=DESK, key=first, now=START)
    make(dana)

    make(dana, now=START + LIFETIME)  # those before have expired
    with platform_context("test"):
        assert living_keys(dana, START + LIFETIME).count() == 1


def test_who_is_switched_off_makes_none(dana: Affiliate) -> None:
    support.set_active(actor=DESK, affiliate=dana, is_active=False, reason="Spam")
    with pytest.raises(Refused, match="You are switched off as an affiliate"):
        make(dana)


def test_a_key_ends_once(dana: Affiliate) -> None:
    key, _token = make(dana)
    actor = Actor.user(dana.user)

    assert revoke_key(actor=actor, key=key, now=START)
    assert not revoke_key(actor=actor, key=key, now=START + timedelta(days=1))

    with user_context(dana.user_id):
        assert [each.revoked_at for each in keys_of(dana)] == [START]
    assert events()[0] == ("affiliate_key.revoked", "dana@example.com", "")
    assert len(events()) == 2


def test_a_key_in_use_is_listed_before_whatever_ended(dana: Affiliate) -> None:
    used, _token = make(dana)
    for day in range(12):
        ended, _token = make(dana, now=START + timedelta(days=day))
        revoke_key(actor=DESK, key=ended, now=START + timedelta(days=day))

    with user_context(dana.user_id):
        listed = keys_of(dana)
    assert (listed[0], listed[1], len(listed)) == (used, ended, 10)


def test_support_ends_one_with_a_reason(dana: Affiliate) -> None:
    key, _token = make(dana)
    with pytest.raises(ValidationError):
        support.end_key(actor=DESK, key=key, reason=" ", now=START)

    support.end_key(actor=DESK, key=key, reason="Found in a public repository", now=START)

    assert events()[0] == ("affiliate_key.revoked", "support desk", "Found in a public repository")
    with pytest.raises(Refused, match="revoked already"):
        support.end_key(actor=DESK, key=key, reason="Again", now=START)


def test_everybody_sees_their_own_alone_and_changes_none(
    dana: Affiliate, alice: Person, bob: Person, charlie: Person
) -> None:
    make(dana)
    own, _token = make(join(alice))
    for person, names in ((alice, [own]), (bob, []), (charlie, [])):
        with user_context(person.user.pk):
            assert list(AffiliateKey.objects.all()) == names
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                AffiliateKey.objects.update(name="stolen")
    with tenant_context(alice.tenant):
        assert not AffiliateKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_three_pressed_at_once_two_are_made(dana: Affiliate) -> None:
    def press() -> None:
        make(dana)

    assert sorted(map(code_of, at_once(press, press, press))) == ["done", "done", "limit_reached"]
    with platform_context("test"):
        assert living_keys(dana, START).count() == 2
