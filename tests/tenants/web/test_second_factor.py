"""Signing in with a second factor."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import User
from tests.conftest import Person, make_user
from tests.tenants.web.conftest import add_device, current_code, sign_in, url, verbs

PAGE = "/account/second-factor/"
WRONG = "This code does not fit. Use the newest one of your app, or a recovery code that was not used yet."


def test_every_page_asks_for_it(alice: Person) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    for address in (url("team", alice.tenant), "/app/", "/welcome/", "/accounts/email/", "/nowhere/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response.headers["Location"] == f"{PAGE}?next={address.replace('/', '%2F')}"


def test_fragments_lead_the_whole_page_to_it(alice: Person) -> None:
    add_device(alice.user)
    response = sign_in("alice@example.com").get(
        url("team", alice.tenant),
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/t/acme-dental/?page=2"},
    )
    assert response.headers["HX-Redirect"] == f"{PAGE}?next=%2Ft%2Facme-dental%2F%3Fpage%3D2"


def test_the_right_code_opens_the_page(alice: Person) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    before = client.session.session_key
    team = url("team", alice.tenant)
    assert client.post(PAGE, {"code": current_code(), "next": team}).headers["Location"] == team
    assert client.get(team).status_code == 200
    assert client.session.session_key != before


def test_signing_out_stays_possible(alice: Person) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("code", ["000000", "not a code", "12345", "١٢٣٤٥٦"])
def test_a_wrong_code_is_refused(alice: Person, code: str) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    response = client.post(PAGE, {"code": code})
    assert (response.status_code, response.context["form"].errors) == (422, {"code": [WRONG]})
    assert client.get("/app/").status_code == 302


def test_a_code_works_once(alice: Person) -> None:
    add_device(alice.user)
    code = current_code()
    assert sign_in("alice@example.com").post(PAGE, {"code": code}).status_code == 302
    assert sign_in("alice@example.com").post(PAGE, {"code": code}).status_code == 422


def test_wrong_codes_make_one_wait(alice: Person) -> None:
    device = add_device(alice.user)
    TOTPDevice.objects.filter(pk=device.pk).update(
        throttling_failure_count=12, throttling_failure_timestamp=timezone.now()
    )
    response = sign_in("alice@example.com").post(PAGE, {"code": current_code()})
    ((told,),) = response.context["form"].errors.values()
    waits = re.fullmatch(r"Too many wrong codes\. Wait (\d+) s, then try once more\.", told)
    assert waits is not None
    assert 1900 < int(waits[1]) <= 2048


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_leads_nowhere_else(alice: Person, target: str) -> None:
    add_device(alice.user)
    client = sign_in("alice@example.com")
    assert client.post(PAGE, {"code": current_code(), "next": target}).headers["Location"] == "/app/"


def test_who_has_none_goes_on(alice: Person) -> None:
    assert alice.client().get(f"{PAGE}?next=/welcome/").headers["Location"] == "/welcome/"


def test_a_half_made_one_asks_for_nothing(alice: Person) -> None:
    device = add_device(alice.user)
    device.confirmed = False
    device.save()
    assert sign_in("alice@example.com").get(url("team", alice.tenant)).status_code == 200


def test_it_asks_who_is_there() -> None:
    assert Client().get(PAGE).headers["Location"] == f"/accounts/login/?next={PAGE}"


@pytest.fixture
def staff(db: None) -> User:
    user = make_user("staff@example.com")
    user.is_staff = user.is_superuser = True
    user.save()
    return user


def test_staff_without_one_are_led_to_setting_it_up(staff: User) -> None:
    client = sign_in("staff@example.com")
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1] == ("/account/security/set-up/?next=%2Fadmin%2F", 302)
    assert "Support staff need two-step sign-in." in response.content.decode()


def test_staff_with_one_get_into_the_support_desk(staff: User) -> None:
    add_device(staff)
    client = sign_in("staff@example.com")
    assert client.get("/admin/").headers["Location"] == f"{PAGE}?next=%2Fadmin%2F"
    assert client.post(PAGE, {"code": current_code(), "next": "/admin/"}).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_proving_it_is_no_event_of_a_tenant(alice: Person) -> None:
    add_device(alice.user)
    sign_in("alice@example.com").post(PAGE, {"code": current_code()})
    assert verbs(alice.tenant) == ["tenant.created"]
