"""What people change of their own accounts is told in their own log, and in that of each of their tenants."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from tenants.audit import Actor
from tenants.context import platform_context, tenant_context, user_context
from tenants.enums import Role
from tenants.models import AuditEvent, Membership, PlatformEvent, User
from tenants.services.own_account import PASSWORD_CHANGED, set_password
from tests import databases
from tests.conftest import PASSWORD, Person
from tests.tenants.web.conftest import sign_in, url

NEW = "another horse battery staple"
EMAILS = reverse("account_email")
SECURITY = "/account/security/"


def account_log(user: User) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the person may read of their own account, the oldest first."""
    with user_context(user.pk):
        return [
            (event.verb, event.actor_label, event.changes)
            for event in PlatformEvent.objects.order_by("created_at", "id")
        ]


def told(person: Person) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the tenant's log tells of accounts, the oldest first."""
    with tenant_context(person.tenant):
        events = AuditEvent.objects.filter(verb__startswith="member.").order_by("created_at", "id")
        return [(event.verb, event.actor_label, event.changes) for event in events]


def second_address(user: User, *, verified: bool = True) -> None:
    EmailAddress.objects.create(user=user, email="second@example.com", verified=verified)


def link_in(mail: EmailMessage, pattern: str) -> str:
    found = re.search(rf"http://testserver({pattern})", str(mail.body))
    assert found is not None
    return found[1]


# Password


def change_password(client: Client, old: str = PASSWORD) -> Any:
    form = {"oldpassword": old, "password1": NEW, "password2": NEW}
    return client.post(reverse("account_change_password"), form, REMOTE_ADDR="198.51.100.7")


def test_changing_the_password(alice: Person) -> None:
    assert change_password(sign_in("alice@example.com")).status_code == 302
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert account_log(alice.user) == [("account.password_changed", "alice@example.com", {})]
    assert told(alice) == [("member.password_changed", "alice@example.com", {})]
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="member.password_changed")
    assert (event.actor_id, event.ip, event.object_id) == (
        alice.user.pk,
        "198.51.100.7",
        alice.membership.pk,
    )
    assert NEW not in str(vars(event))


def test_a_wrong_old_password_changes_and_tells_nothing(alice: Person) -> None:
    assert change_password(sign_in("alice@example.com"), old="wrong").status_code == 200
    assert (account_log(alice.user), told(alice)) == ([], [])


def test_a_first_password(alice: Person) -> None:
    client = alice.client()
    alice.user.set_unusable_password()
    alice.user.save()
    client = alice.client()
    client.post(reverse("account_set_password"), {"password1": NEW, "password2": NEW})
    assert account_log(alice.user) == [("account.password_set", "alice@example.com", {})]
    assert told(alice) == [("member.password_set", "alice@example.com", {})]


def reset_password(client: Client, mailoutbox: list[EmailMessage]) -> None:
    client.post(reverse("account_reset_password"), {"email": "alice@example.com"})
    form = client.get(link_in(mailoutbox[0], r"/accounts/password/reset/key/\S+")).headers["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_password_by_the_link_in_a_mail(
    alice: Person, mailoutbox: list[EmailMessage], signed_in: bool
) -> None:
    reset_password(alice.client() if signed_in else Client(), mailoutbox)
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert account_log(alice.user) == [("account.password_reset", "alice@example.com", {})]
    assert told(alice) == [("member.password_reset", "alice@example.com", {})]


# E-mail addresses


def test_adding_an_address(alice: Person, mailoutbox: list[EmailMessage]) -> None:
    alice.client().post(EMAILS, {"action_add": "", "email": "Second@Example.com"})
    change = {"email": [None, "second@example.com"]}
    assert account_log(alice.user) == [("account.email_added", "alice@example.com", change)]
    assert told(alice) == [("member.email_added", "alice@example.com", change)]
    assert [mail.to for mail in mailoutbox] == [["second@example.com"]]


def test_an_address_that_is_there_already_is_no_change(alice: Person) -> None:
    alice.client().post(EMAILS, {"action_add": "", "email": "alice@example.com"})
    assert (account_log(alice.user), told(alice)) == ([], [])


@pytest.mark.parametrize("signed_in", [False, True])
def test_confirming_an_address(alice: Person, mailoutbox: list[EmailMessage], signed_in: bool) -> None:
    second_address(alice.user, verified=False)
    alice.client().post(EMAILS, {"action_send": "", "email": "second@example.com"})
    link = link_in(mailoutbox[0], r"/accounts/confirm-email/\S+")
    (alice.client() if signed_in else Client()).post(link)
    change = {"email": [None, "second@example.com"]}
    assert account_log(alice.user) == [("account.email_verified", "alice@example.com", change)]
    assert told(alice) == [("member.email_verified", "alice@example.com", change)]


def test_making_another_address_the_primary_one(alice: Person) -> None:
    second_address(alice.user)
    alice.client().post(EMAILS, {"action_primary": "", "email": "second@example.com"})
    alice.user.refresh_from_db()
    assert alice.user.email == "second@example.com"
    change = {"email": ["alice@example.com", "second@example.com"]}
    assert account_log(alice.user) == [("account.email_changed", "alice@example.com", change)]
    assert told(alice) == [("member.email_changed", "alice@example.com", change)]


def test_an_address_that_is_not_confirmed_does_not_become_the_primary_one(alice: Person) -> None:
    second_address(alice.user, verified=False)
    alice.client().post(EMAILS, {"action_primary": "", "email": "second@example.com"})
    assert (account_log(alice.user), told(alice)) == ([], [])


def test_removing_an_address(alice: Person) -> None:
    second_address(alice.user)
    alice.client().post(EMAILS, {"action_remove": "", "email": "second@example.com"})
    change = {"email": ["second@example.com", None]}
    assert account_log(alice.user) == [("account.email_removed", "alice@example.com", change)]
    assert told(alice) == [("member.email_removed", "alice@example.com", change)]


def test_nobody_removes_somebody_elses_address(alice: Person, charlie: Person) -> None:
    second_address(alice.user)
    charlie.client().post(EMAILS, {"action_remove": "", "email": "second@example.com"})
    assert EmailAddress.objects.filter(email="second@example.com").exists()
    assert account_log(charlie.user) == []


# Signing up


def test_signing_up_and_confirming(db: None, mailoutbox: list[EmailMessage]) -> None:
    client = Client()
    client.post(reverse("account_signup"), {"email": "new@example.com", "password1": PASSWORD})
    client.post(link_in(mailoutbox[0], r"/accounts/confirm-email/\S+"))
    change = {"email": [None, "new@example.com"]}
    assert account_log(User.objects.get()) == [
        ("account.created", "new@example.com", {}),
        ("account.email_verified", "new@example.com", change),
    ]


# Who is told


def test_every_tenant_of_the_person_is_told_and_no_other(alice: Person, bob: Person, charlie: Person) -> None:
    with tenant_context(charlie.tenant):
        Membership.objects.create(tenant=charlie.tenant, user=bob.user, role=Role.VIEWER)
    change_password(sign_in("bob@example.com"))
    expected: tuple[str, str, dict[str, Any]] = ("member.password_changed", "bob@example.com", {})
    assert (told(alice), told(charlie)) == ([expected], [expected])
    change_password(sign_in("charlie@example.com"))
    assert told(alice) == [expected]


def test_people_read_their_own_account_alone(alice: Person, bob: Person) -> None:
    change_password(sign_in("bob@example.com"))
    assert account_log(alice.user) == []
    assert len(account_log(bob.user)) == 1
    with tenant_context(alice.tenant):
        assert PlatformEvent.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tenants_platformevent SELECT * FROM tenants_platformevent",
        "UPDATE tenants_platformevent SET actor_label = 'eve'",
        "DELETE FROM tenants_platformevent",
    ],
)
def test_the_applications_login_writes_no_event_by_itself(alice: Person, statement: str) -> None:
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with user_context(alice.user.pk), denied, transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor_label = 'eve'", "DELETE FROM {}"])
def test_the_platform_adds_to_the_log_and_changes_nothing(db: None, statement: str) -> None:
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with platform_context("try to change the log"), denied, transaction.atomic():
        connection.cursor().execute(statement.format("tenants_platformevent"))


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_told_is_not_done(alice: Person) -> None:
    name = connection.settings_dict["NAME"]
    with databases.owner_connection(name) as owner:
        owner.execute("REVOKE INSERT ON tenants_auditevent FROM callsphere_platform")
        try:
            with pytest.raises(ProgrammingError, match="permission denied"):
                set_password(
                    user=User.objects.get(), actor=Actor.user(alice.user), password=NEW, done=PASSWORD_CHANGED
                )
        finally:
            owner.execute("GRANT INSERT ON tenants_auditevent TO callsphere_platform")
    assert User.objects.get().check_password(PASSWORD)
    assert account_log(alice.user) == []


# How it reads


def sentence(line: Any) -> str:
    return f"{line.actor} {line.before_name}{line.name}{line.after_name}"


def test_the_tenants_log_tells_it_in_words(alice: Person, bob: Person) -> None:
    change_password(sign_in("bob@example.com"))
    second_address(bob.user)
    client = sign_in_with(NEW)
    client.post(EMAILS, {"action_primary": "", "email": "second@example.com"})
    changed, password, *_rest = alice.client().get(url("audit", alice.tenant)).context["lines"]
    assert sentence(password) == "bob@example.com changed their password"
    assert sentence(changed) == "bob@example.com made another e-mail address their primary one"
    assert [(each.label, each.before, each.after) for each in changed.changes] == [
        ("E-mail address", "bob@example.com", "second@example.com")
    ]


def sign_in_with(password: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": "bob@example.com", "password": password})
    return client


def test_the_person_reads_it_on_their_security_page(alice: Person) -> None:
    client = sign_in("alice@example.com")
    assert "What was done to your account" not in client.get(SECURITY).content.decode()
    change_password(client)
    response = client.get(SECURITY)
    assert [sentence(line) for line in response.context["lines"]] == [
        "alice@example.com changed their password"
    ]
    page = response.content.decode()
    assert "What was done to your account" in page
    assert "<code>198.51.100.7</code>" in page


def test_the_page_asks_as_often_for_three_events_as_for_one(alice: Person, count_queries: Any) -> None:
    client = alice.client()
    second_address(alice.user)
    client.post(EMAILS, {"action_primary": "", "email": "second@example.com"})
    assert len(account_log(alice.user)) == 1
    count_queries(client, SECURITY)
    first = count_queries(client, SECURITY)
    client.post(EMAILS, {"action_primary": "", "email": "alice@example.com"})
    client.post(EMAILS, {"action_remove": "", "email": "second@example.com"})
    assert len(account_log(alice.user)) == 3
    assert count_queries(client, SECURITY) == first
