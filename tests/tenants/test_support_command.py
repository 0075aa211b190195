"""`manage.py support add`."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from tenants.models import User
from tests.conftest import PASSWORD, Person


def add(*arguments: str) -> str:
    out = StringIO()
    call_command("support", "add", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_new_account_can_sign_in_with_the_password_shown() -> None:
    password = add("Sam@callsphere.example").split("Password  ")[1].strip()
    user = User.objects.get(email="sam@callsphere.example")
    assert (user.is_staff, user.is_superuser, user.check_password(password)) == (True, False, True)
    assert EmailAddress.objects.get(user=user).verified


def test_an_account_that_exists_keeps_its_password(alice: Person) -> None:
    assert "Password" not in add("alice@example.com", "--superuser")
    alice.user.refresh_from_db()
    assert (alice.user.is_staff, alice.user.is_superuser) == (True, True)
    assert alice.user.check_password(PASSWORD)


@pytest.mark.django_db
def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CommandError) as caught:
        add("sam")
    assert caught.value.returncode == 2
    assert not User.objects.exists()
