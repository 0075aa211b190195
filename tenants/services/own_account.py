"""What people change of their own accounts: password and e-mail addresses, on allauth's pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from allauth.account.models import EmailAddress

from tenants.audit import Actor
from tenants.models import User
from tenants.services.users import account_change, record_account_event

PASSWORD_CHANGED, PASSWORD_SET, PASSWORD_RESET = "password_changed", "password_set", "password_reset"


def sign_up(*, user: User, actor: Actor) -> User:
    """Store a person who signs up."""
    with account_change():
        user.save()
        record_account_event(user=user, actor=actor, done="created")
    return user


def set_password(*, user: User, actor: Actor, password: str, done: str) -> User:
    """Give the account another password; `done` says how, one of the three above."""
    user.set_password(password)  # slow on purpose: no transaction waits for it
    with account_change():
        user.save(update_fields=["password"])
        record_account_event(user=user, actor=actor, done=done)
    return user


class _Addresses(NamedTuple):
    all: set[str]
    verified: set[str]
    primary: str


@contextmanager
def changing_addresses(*, user: User, actor: Actor) -> Iterator[None]:
    """Run what changes a person's e-mail addresses in one transaction, and write what it changed.

    allauth makes the changes, on its own pages. What it does inside must not talk to anybody.
    """
    with account_change():
        User.objects.select_for_update(no_key=True).get(
            pk=user.pk
        )  # two changes at once come one after the other
        before = _addresses_of(user)
        yield
        after = _addresses_of(user)
        for done, changes in _differences(before, after):
            record_account_event(user=user, actor=actor, done=done, changes={"email": changes})


def _differences(before: _Addresses, after: _Addresses) -> Iterator[tuple[str, list[object]]]:
    for address in sorted(after.all - before.all):
        yield "email_added", [None, address]
    for address in sorted(after.verified - before.verified):
        yield "email_verified", [None, address]
    if after.primary != before.primary:
        yield "email_changed", [before.primary, after.primary]
    for address in sorted(before.all - after.all):
        yield "email_removed", [address, None]


def _addresses_of(user: User) -> _Addresses:
    rows = list(EmailAddress.objects.filter(user=user))
    return _Addresses(
        {row.email for row in rows},
        {row.email for row in rows if row.verified},
        next((row.email for row in rows if row.primary), ""),
    )
