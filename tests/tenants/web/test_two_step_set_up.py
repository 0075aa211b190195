"""Setting up two-step sign-in, recovery codes, and turning it off."""

import re
from base64 import b32decode
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.audit import Actor
from tenants.context import user_context
from tenants.models import PlatformEvent, User
from tenants.services import add_second_factor, create_tenant
from tests.conftest import PASSWORD, Person
from tests.tenants.web.conftest import KEY, add_device, current_code, sign_in, verbs

SECURITY = "/account/security/"
SET_UP = f"{SECURITY}set-up/"
CODES = f"{SECURITY}recovery-codes/"
TURN_OFF = f"{SECURITY}turn-off/"
SECOND_FACTOR = "/account/second-factor/"


def shown_key(response: Any) -> str:
    text = response.context["manual_key"].replace(" ", "")
    return b32decode(text + "=" * (-len(text) % 8)).hex()


def set_up(user: User) -> list[str]:
    _device, codes = add_second_factor(user=user, actor=Actor.user(user), key=KEY, code=current_code())
    return codes


def test_the_key_is_shown_and_a_code_binds_it(alice: Person) -> None:
    client = sign_in("alice@example.com")
    page = client.get(SET_UP)
    assert "no-store" in page.headers["Cache-Control"]
    assert re.search(r"<svg [^>]*viewBox", page.content.decode())
    response = client.post(SET_UP, {"code": current_code(shown_key(page)), "next": "/welcome/"})
    codes = response.context["codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    assert response.context["next"] == "/welcome/"
    assert "no-store" in response.headers["Cache-Control"]
    assert TOTPDevice.objects.get(user=alice.user).confirmed is True
    assert client.get(SECURITY).context["codes_left"] == 10


def test_the_person_and_their_tenants_are_told(alice: Person) -> None:
    codes = set_up(alice.user)
    client = sign_in("alice@example.com")
    client.post(SECOND_FACTOR, {"code": codes[0]})
    client.post(CODES, {"code": codes[1]})
    done = ["second_factor_added", "recovery_code_used", "recovery_code_used", "recovery_codes_replaced"]
    assert verbs(alice.tenant)[1:] == [f"member.{each}" for each in done]
    with user_context(alice.user.pk):
        events = PlatformEvent.objects.order_by("created_at", "id").values_list("verb", flat=True)
        assert list(events) == [f"account.{each}" for each in done]


def test_leaving_stores_nothing_and_coming_back_shows_the_same_key(alice: Person) -> None:
    client = sign_in("alice@example.com")
    assert shown_key(client.get(SET_UP)) == shown_key(client.get(SET_UP))
    assert TOTPDevice.objects.count() == 0


@pytest.mark.parametrize("code", ["", "000000", "letters"])
def test_a_wrong_code_binds_nothing(alice: Person, code: str) -> None:
    response = sign_in("alice@example.com").post(SET_UP, {"code": code})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["code"])
    assert TOTPDevice.objects.count() == 0


def test_an_open_session_is_not_enough(alice: Person) -> None:
    client = alice.client()  # signed in without a password, as a found session would be
    response = client.get(SET_UP)
    assert (
        response.headers["Location"]
        == f"{reverse('account_reauthenticate')}?next=%2Faccount%2Fsecurity%2Fset-up%2F"
    )
    client.post(response.headers["Location"], {"password": PASSWORD})
    assert client.get(SET_UP).status_code == 200


def test_recovery_codes_are_kept_as_fingerprints(alice: Person) -> None:
    codes = set_up(alice.user)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert kept.isdisjoint(codes)
    assert kept.isdisjoint(code.replace("-", "") for code in codes)


def test_a_recovery_code_signs_in_once(alice: Person) -> None:
    code = set_up(alice.user)[0]
    client = sign_in("alice@example.com")
    response = client.post(SECOND_FACTOR, {"code": f" {code.upper()} "}, follow=True)
    assert "You used a recovery code; 9 are left." in response.content.decode()
    assert sign_in("alice@example.com").post(SECOND_FACTOR, {"code": code}).status_code == 422


def test_another_session_must_prove_it_from_then_on(alice: Person) -> None:
    other = alice.client()
    set_up(alice.user)
    assert other.get(SECURITY).headers["Location"].startswith(SECOND_FACTOR)


def verified(person: Person) -> tuple[Client, list[str]]:
    """Return a browser that proved the second factor, and the codes that are left."""
    codes = set_up(person.user)
    client = sign_in(person.user.email)
    client.post(SECOND_FACTOR, {"code": codes.pop()})
    return client, codes


def test_new_codes_end_the_old_ones(alice: Person) -> None:
    client, old = verified(alice)
    response = client.post(CODES, {"code": old[0]})
    new = response.context["codes"]
    assert (len(new), set(new) & set(old)) == (10, set())
    assert client.post(CODES, {"code": old[1]}).status_code == 422
    assert StaticToken.objects.count() == 10


def test_turning_it_off_takes_a_code(alice: Person) -> None:
    client, codes = verified(alice)
    assert client.post(TURN_OFF, {"code": "000000"}).status_code == 422
    assert TOTPDevice.objects.count() == 1
    assert client.post(TURN_OFF, {"code": codes[0]}).headers["Location"] == SECURITY
    assert (TOTPDevice.objects.count(), StaticToken.objects.count()) == (0, 0)
    assert sign_in("alice@example.com").get("/app/").headers["Location"] == "/t/acme-dental/"


def test_every_tenant_of_the_person_hears_of_it(alice: Person) -> None:
    other = create_tenant(name="Zenith", owner=alice.user, actor=alice.actor)
    client, codes = verified(alice)
    client.post(CODES, {"code": codes[0]})
    told = [
        "tenant.created",
        "member.second_factor_added",
        "member.recovery_code_used",
        "member.recovery_code_used",
        "member.recovery_codes_replaced",
    ]
    assert verbs(alice.tenant) == told
    assert verbs(other) == told


def test_a_second_one_is_not_set_up(alice: Person) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    client.post(SECOND_FACTOR, {"code": current_code()})
    assert client.get(SET_UP).headers["Location"] == SECURITY
    assert client.post(SET_UP, {"code": current_code()}).status_code == 422
    assert TOTPDevice.objects.count() == 1


@pytest.mark.parametrize("address", [SECURITY, SET_UP, CODES, TURN_OFF])
def test_it_asks_who_is_there(address: str) -> None:
    assert Client().get(address).headers["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", [CODES, TURN_OFF])
def test_without_one_there_is_nothing_to_change(alice: Person, address: str) -> None:
    assert alice.client().get(address).headers["Location"] == SECURITY
    assert alice.client().post(address, {"code": "000000"}).status_code == 422
