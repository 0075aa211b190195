"""Who asks, and for which account: what Twilio allows parents, subaccounts and API keys."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from callsphere.local.doubles.twilio.messages import Refusal, Request, Row, not_found
from callsphere.local.doubles.twilio.specification import Operation
from callsphere.local.doubles.twilio.store import ACCOUNTS, KEYS, Store

_API = "api.twilio.com"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account whose credentials were sent, and whether they were its token or one of its API keys."""

    account: Row
    with_token: bool


def identify(store: Store, request: Request) -> Caller:
    """Return who asks; raise Twilio's 401 for unknown credentials."""
    if request.username.startswith("SK"):
        key = store.find(KEYS, sid=request.username)
        if key and hmac.compare_digest(key["_secret"], request.password):
            return Caller(store.get(ACCOUNTS, sid=key["account_sid"]), with_token=False)
    account = store.find(ACCOUNTS, sid=request.username)
    if account and hmac.compare_digest(account["auth_token"], request.password):
        return Caller(account, with_token=True)
    raise Refusal(401, 20003, "Authenticate")


def account_asked_for(
    store: Store, caller: Caller, operation: Operation, in_path: dict[str, str], request: Request
) -> Row:
    """Return the account that the request acts on.

    On api.twilio.com a parent's token reaches its subaccounts, and no API key reaches another account than
    its own. Everywhere else credentials act on their own account alone. Standard API keys manage neither
    accounts nor keys.
    """
    if operation.host != _API:
        _require_active(caller.account)
        return caller.account
    manages_accounts = operation.path.startswith(("/2010-04-01/Accounts.", "/2010-04-01/Accounts/{Sid}"))
    if (manages_accounts or "/Keys" in operation.path) and not caller.with_token:
        raise Refusal(401, 20003, "Authenticate: a standard API key may not manage accounts and keys")
    if manages_accounts:
        return caller.account
    sid = in_path["AccountSid"]
    if sid != caller.account["sid"]:
        account = store.find(ACCOUNTS, sid=sid, owner_account_sid=caller.account["sid"])
        if account is None:
            raise not_found(request.path)
        if not caller.with_token:
            raise Refusal(401, 20003, "Authenticate: an API key does not reach other accounts")
        _require_active(caller.account)
    else:
        account = caller.account
    _require_active(account)
    return account


def _require_active(account: Row) -> None:
    if account["status"] != "active":
        raise Refusal(401, 20005, f"Account {account['sid']} is not active")
