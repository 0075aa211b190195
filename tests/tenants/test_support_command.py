"""`manage.py support add`."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent, PlatformEvent, User
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


def account_log(email: str) -> list[tuple[str, str, dict[str, object]]]:
    with platform_context("read the log of an account"):
        return [
            (event.verb, event.actor_label, event.changes)
            for event in PlatformEvent.objects.filter(object_label=email).order_by("created_at", "id")
        ]


@pytest.mark.django_db
def test_a_new_account_and_its_rank_are_in_the_log() -> None:
    add("sam@callsphere.example")
    assert account_log("sam@callsphere.example") == [
        ("account.created", "manage.py support add", {}),
        ("account.account_changed", "manage.py support add", {"is_staff": [False, True]}),
    ]


def test_the_tenants_of_somebody_who_joins_support_are_told(alice: Person) -> None:
    add("alice@example.com", "--superuser")
    changes = {"is_staff": [False, True], "is_superuser": [False, True]}
    assert account_log("alice@example.com") == [("account.account_changed", "manage.py support add", changes)]
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="member.account_changed")
    assert (event.actor_kind, event.actor_label, event.changes) == (
        "system",
        "manage.py support add",
        changes,
    )


def test_adding_somebody_again_tells_nothing(alice: Person) -> None:
    add("alice@example.com")
    add("alice@example.com")
    assert len(account_log("alice@example.com")) == 1


def test_a_superuser_stays_one(alice: Person) -> None:
    add("alice@example.com", "--superuser")
    add("alice@example.com")
    alice.user.refresh_from_db()
    assert alice.user.is_superuser


@pytest.mark.django_db
def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CommandError) as caught:
        add("sam")
    assert caught.value.returncode == 2
    assert not User.objects.exists()
