"""A subaccount for each tenant, opened with an API key of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.idempotent import find_or_create, remove
from callsphere.providers.twilio.lists import EVERYTHING

ACTIVE, SUSPENDED, CLOSED = "active", "suspended", "closed"


@dataclass(frozen=True, slots=True)
class Subaccount:
    """A subaccount. `auth_token` signs its callbacks and makes its keys: keep it encrypted."""

    sid: str
    name: str
    status: str
    auth_token: str = field(repr=False)

    def opened_by_token(self) -> TwilioAccount:
        """Return the account as its token opens it, for managing its keys."""
        return TwilioAccount.with_token(self.sid, self.auth_token)


def read_account(account: TwilioAccount) -> Subaccount:
    """Return the state of the account itself; its credentials must be its token."""
    return _subaccount(_accounts(account)(account.account_sid).fetch())


def find_subaccount(parent: TwilioAccount, *, name: str) -> Subaccount | None:
    """Return the subaccount of that name that is not closed, or None."""
    for row in _accounts(parent).list(friendly_name=name, page_size=EVERYTHING):
        if row.friendly_name == name and row.status != CLOSED and row.sid != parent.account_sid:
            return _subaccount(row)
    return None


def find_or_create_subaccount(parent: TwilioAccount, *, name: str) -> Subaccount:
    """Return the subaccount of that name, made when there is none. `name` holds our own id, ≤64 characters.

    Raises TwilioError; with `outcome_unknown` the account may appear yet.
    """
    return find_or_create(
        lambda: find_subaccount(parent, name=name),
        lambda: _subaccount(_accounts(parent).create(friendly_name=name)),
    )


def suspend_subaccount(parent: TwilioAccount, sid: str) -> Subaccount:
    """Stop a subaccount. Calls go on until they end, and numbers are billed still."""
    return _set_status(parent, sid, SUSPENDED)


def activate_subaccount(parent: TwilioAccount, sid: str) -> Subaccount:
    """Let a suspended subaccount work again."""
    return _set_status(parent, sid, ACTIVE)


def close_subaccount(parent: TwilioAccount, sid: str) -> Subaccount:
    """Close a subaccount for ever: its numbers are released, its data deleted after 30 days."""
    return _set_status(parent, sid, CLOSED)


def create_key(opened_by_token: TwilioAccount, *, name: str) -> TwilioAccount:
    """Return the account opened by a new API key of that name; an older one of the name is deleted.

    A key's secret is shown once. So when an answer is lost nothing is to be found: call it again.
    """
    delete_keys(opened_by_token, name=name)
    sid = opened_by_token.account_sid
    key = _accounts(opened_by_token)(sid).new_keys.create(friendly_name=name)
    return TwilioAccount(sid, key.sid, key.secret)


def delete_keys(opened_by_token: TwilioAccount, *, name: str, but: str = "") -> None:
    """Delete the account's API keys of that name, but not the one with the id `but`."""
    keys = _accounts(opened_by_token)(opened_by_token.account_sid).keys
    for key in keys.list(page_size=EVERYTHING):
        if key.friendly_name == name and key.sid != but:
            remove(keys(key.sid).delete)


def key_works(account: TwilioAccount) -> bool:
    """Whether the account's credentials open it. Raises TwilioError when that could not be found out."""
    try:
        open_client(account).api.v2010.accounts(account.account_sid).incoming_phone_numbers.list(limit=1)
    except TwilioError as error:
        if error.status in (401, 403):
            return False
        raise
    return True


def _accounts(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts


def _set_status(parent: TwilioAccount, sid: str, status: str) -> Subaccount:
    current = _accounts(parent)(sid).fetch()
    if current.status == status:
        return _subaccount(current)
    return _subaccount(_accounts(parent)(sid).update(status=status))


def _subaccount(row: Any) -> Subaccount:
    return Subaccount(row.sid, row.friendly_name, str(row.status), row.auth_token)
