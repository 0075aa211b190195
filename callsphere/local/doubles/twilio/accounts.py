"""Accounts and their API keys."""

from __future__ import annotations

import secrets

from callsphere.local.doubles.twilio.messages import Answer, Row, invalid, not_found
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, now, shown
from callsphere.local.doubles.twilio.store import ACCOUNTS, KEYS, Store, new_sid

_MOST_SUBACCOUNTS = 1000


def make_account(store: Store, *, name: str, owner: str = "", sid: str = "", token: str = "") -> Row:
    """Keep a new account; one without an owner is a parent, and owns itself."""
    sid = sid or new_sid("AC")
    return store.add(
        ACCOUNTS,
        {
            "sid": sid,
            "account_sid": sid,
            "auth_token": token or secrets.token_hex(16),
            "friendly_name": name,
            "owner_account_sid": owner or sid,
            "status": "active",
            "type": "Full",
        },
    )


def answer_accounts(deed: Deed) -> Answer:
    """Accounts are asked for by their owner: itself and those below it."""
    operation, own = deed.operation, deed.account["sid"]
    if "Sid" in deed.ids:
        row = deed.store.find(ACCOUNTS, sid=deed.ids["Sid"], owner_account_sid=own)
        if row is None and deed.ids["Sid"] == own:
            row = deed.account
        if row is None:
            raise not_found(deed.request.path)
        if operation.method == "POST":
            _change(deed, row)
        return Answer(200, shown(deed, Rules(), row))
    if operation.method == "POST":
        return Answer(operation.status, shown(deed, Rules(), _create(deed)))
    query = {"FriendlyName": "friendly_name", "Status": "status"}
    wanted = {
        field: deed.request.query[name][0] for name, field in query.items() if name in deed.request.query
    }
    rows = deed.store.all(ACCOUNTS, owner_account_sid=own, **wanted)
    return Answer(200, page(operation, deed.request, [shown(deed, Rules(), row) for row in rows]))


def _create(deed: Deed) -> Row:
    own = deed.account
    if own["owner_account_sid"] != own["sid"]:
        raise invalid(21101, "Subaccounts cannot contain subaccounts")
    if len(list(deed.store.all(ACCOUNTS, owner_account_sid=own["sid"]))) > _MOST_SUBACCOUNTS:
        raise invalid(21480, "Reached maximum number of subaccounts")
    row = make_account(deed.store, name=deed.sent.get("FriendlyName") or "SubAccount", owner=own["sid"])
    row["date_created"] = row["date_updated"] = now(deed.operation)
    return row


def _change(deed: Deed, row: Row) -> None:
    status = deed.sent.get("Status")
    if status and row["sid"] == deed.account["sid"]:
        raise invalid(21477, "Unable to update Status for parent accounts")
    if row["status"] == "closed" and status and status != "closed":
        raise invalid(21479, "Unable to update Status for subaccount, subaccount has been closed.")
    if "FriendlyName" in deed.sent:
        row["friendly_name"] = deed.sent["FriendlyName"]
    if status:
        row["status"] = status
    if status == "closed":
        deed.store.remove("api/IncomingPhoneNumbers", account_sid=row["sid"])
    row["date_updated"] = now(deed.operation)


def _show_new_secret(deed: Deed, row: Row) -> None:
    if deed.operation.method == "POST" and "Sid" not in deed.ids:
        row["secret"] = row["_secret"]


def _make_secret(deed: Deed, row: Row) -> None:
    row["_secret"] = secrets.token_urlsafe(24)


RULES = {KEYS: Rules(creating=_make_secret, shown=_show_new_secret)}
