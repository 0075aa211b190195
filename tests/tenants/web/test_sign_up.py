"""Signing up: an address, a mail, a link, and the person is in."""

import re

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from tenants.models import User
from tests.conftest import PASSWORD, Person

FORM = {"email": "New@Example.com", "password1": PASSWORD}


def link_of(mail: EmailMessage) -> str:
    found = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.body))
    assert found is not None
    return found[1]


def test_the_link_in_the_mail_leads_to_the_welcome_page(db: None, mailoutbox: list[EmailMessage]) -> None:
    client = Client()
    response = client.post(reverse("account_signup"), FORM, follow=True)
    assert settings.EMAIL_FILE_PATH in response.content.decode()
    assert "_auth_user_id" not in client.session
    response = client.post(link_of(mailoutbox[0]), follow=True)
    assert response.redirect_chain[-1] == ("/welcome/", 302)
    assert response.context["user"] == User.objects.get(email="new@example.com")


def test_a_used_link_leads_on_whoever_is_signed_in(db: None, mailoutbox: list[EmailMessage]) -> None:
    client = Client()
    client.post(reverse("account_signup"), FORM)
    link = link_of(mailoutbox[0])
    client.post(link)

    again = client.get(link).content.decode()

    assert "Your address is confirmed already" in again
    assert f'href="{reverse("tenants:home")}">Continue' in again
    assert "This link no longer works" in Client().get(link).content.decode()


def test_without_the_link_nobody_is_signed_in(db: None) -> None:
    client = Client()
    client.post(reverse("account_signup"), FORM)
    assert client.get("/app/").headers["Location"] == "/accounts/login/?next=/app/"


@pytest.mark.parametrize(
    ("field", "value"), [("email", "not an address"), ("password1", "short"), ("password1", "12345678901234")]
)
def test_wrong_input_makes_no_account(db: None, field: str, value: str) -> None:
    response = Client().post(reverse("account_signup"), {**FORM, field: value})
    assert list(response.context["form"].errors) == [field]
    assert User.objects.count() == 0


def test_errors_name_the_field_as_its_label_does(db: None) -> None:
    html = Client().post(reverse("account_signup"), {**FORM, "email": ""}).content.decode()
    assert "Work e-mail: This field is required." in html


def test_a_known_address_is_not_given_away(alice: Person, mailoutbox: list[EmailMessage]) -> None:
    response = Client().post(reverse("account_signup"), {**FORM, "email": "alice@example.com"}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("account_email_verification_sent")
    assert User.objects.filter(email="alice@example.com").count() == 1
    assert "confirm-email" not in str(mailoutbox[0].body)
