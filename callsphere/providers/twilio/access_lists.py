"""Who may call in: IP access control lists and credential lists, for SIP domains and elastic trunks alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import find_or_create, make_equal, remove
from callsphere.providers.twilio.lists import EVERYTHING

MOST_NETWORKS = 25
"""Entries that one IP access control list takes."""


@dataclass(frozen=True, slots=True)
class AccessList:
    """An IP access control list (AL…) or a credential list (CL…). `name` is our own id for it."""

    sid: str
    name: str


@dataclass(frozen=True, slots=True)
class SipCredential:
    """A user name with its password, 12 characters or more with a digit and both cases. Never shown."""

    username: str
    password: str = field(repr=False)


def list_ip_lists(account: TwilioAccount) -> list[AccessList]:
    """Return the account's IP access control lists."""
    return _lists(_sip(account).ip_access_control_lists)


def ensure_ip_list(account: TwilioAccount, *, name: str) -> AccessList:
    """Return the IP access control list of that name, made when there is none."""
    return _ensure(_sip(account).ip_access_control_lists, name)


def rename_ip_list(account: TwilioAccount, list_sid: str, name: str) -> None:
    """Give a list our name again. Raises TwilioError."""
    _sip(account).ip_access_control_lists(list_sid).update(friendly_name=name)


def list_networks(account: TwilioAccount, list_sid: str) -> list[IPv4Network]:
    """Return the networks on a list."""
    return [_network(row) for row in _ip_rows(account, list_sid)]


def ensure_networks(account: TwilioAccount, list_sid: str, networks: Iterable[IPv4Network]) -> None:
    """Make a list's networks equal to these. New ones come before old ones go, so that nobody is shut out."""
    rows = _sip(account).ip_access_control_lists(list_sid).ip_addresses
    make_equal(
        {network: network for network in networks},
        {_network(row): row for row in _ip_rows(account, list_sid)},
        add=lambda network: rows.create(
            friendly_name=str(network),
            ip_address=str(network.network_address),
            cidr_prefix_length=network.prefixlen,
        ),
        remove=lambda row: remove(rows(row.sid).delete),
    )


def delete_ip_list(account: TwilioAccount, list_sid: str) -> None:
    """Delete a list that nothing uses; one that is gone already counts as deleted."""
    remove(_sip(account).ip_access_control_lists(list_sid).delete)


def list_credential_lists(account: TwilioAccount) -> list[AccessList]:
    """Return the account's credential lists."""
    return _lists(_sip(account).credential_lists)


def ensure_credential_list(account: TwilioAccount, *, name: str) -> AccessList:
    """Return the credential list of that name, made when there is none."""
    return _ensure(_sip(account).credential_lists, name)


def rename_credential_list(account: TwilioAccount, list_sid: str, name: str) -> None:
    """Give a list our name again. Raises TwilioError."""
    _sip(account).credential_lists(list_sid).update(friendly_name=name)


def list_usernames(account: TwilioAccount, list_sid: str) -> list[str]:
    """Return the user names on a list. Twilio never tells a password."""
    return [row.username for row in _credential_rows(account, list_sid)]


def ensure_credentials(
    account: TwilioAccount,
    list_sid: str,
    credentials: Iterable[SipCredential],
    *,
    passwords_too: bool | Collection[str],
    keep: Collection[str] = (),
) -> None:
    """Make a list's user names equal to these, and leave those in `keep` alone.

    `passwords_too` also writes the passwords of names that are there, all or those in it, since whether they
    still are the same cannot be seen: say so when one was changed.
    """
    rows = _sip(account).credential_lists(list_sid).credentials

    def change(row: Any, credential: SipCredential) -> None:
        if passwords_too is True or (passwords_too and credential.username in passwords_too):
            rows(row.sid).update(password=credential.password)

    make_equal(
        {credential.username: credential for credential in credentials},
        {row.username: row for row in _credential_rows(account, list_sid) if row.username not in keep},
        add=lambda credential: rows.create(username=credential.username, password=credential.password),
        change=change,
        remove=lambda row: remove(rows(row.sid).delete),
    )


def delete_credential_list(account: TwilioAccount, list_sid: str) -> None:
    """Delete a list that nothing uses; one that is gone already counts as deleted."""
    remove(_sip(account).credential_lists(list_sid).delete)


def _sip(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).sip


def _lists(rows: Any) -> list[AccessList]:
    return [AccessList(row.sid, row.friendly_name) for row in rows.list(page_size=EVERYTHING)]


def _ensure(rows: Any, name: str) -> AccessList:
    def create() -> AccessList:
        row = rows.create(friendly_name=name)
        return AccessList(row.sid, row.friendly_name)

    return find_or_create(lambda: next((each for each in _lists(rows) if each.name == name), None), create)


def _ip_rows(account: TwilioAccount, list_sid: str) -> list[Any]:
    return list(_sip(account).ip_access_control_lists(list_sid).ip_addresses.list(page_size=EVERYTHING))


def _network(row: Any) -> IPv4Network:
    return IPv4Network((row.ip_address, row.cidr_prefix_length or 32), strict=False)


def _credential_rows(account: TwilioAccount, list_sid: str) -> list[Any]:
    return list(_sip(account).credential_lists(list_sid).credentials.list(page_size=EVERYTHING))
