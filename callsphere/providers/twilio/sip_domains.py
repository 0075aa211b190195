"""Calls in from the customer's carrier or PBX: SIP domains (…sip.twilio.com) and who may call them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.idempotent import (
    asked_by_post,
    ensure_assigned,
    find_or_create,
    remove,
    sids_of,
    to_change,
    to_create,
)
from callsphere.providers.twilio.lists import EVERYTHING


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """What a SIP domain is to be. `domain_name` ends with `.sip.twilio.com` and is unique in all of Twilio.

    Addresses are asked by POST; empty for nothing. `secure` takes only TLS with SRTP. With `byoc_trunk_sid`
    that trunk's addresses are asked instead.
    """

    domain_name: str
    name: str
    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback_url: str = ""
    secure: bool = False
    byoc_trunk_sid: str = ""


@dataclass(frozen=True, slots=True)
class SipDomain:
    """A SIP domain as Twilio has it."""

    sid: str
    settings: DomainSettings

    @property
    def name(self) -> str:
        """Our own id for it, or what somebody called it."""
        return self.settings.name


@dataclass(frozen=True, slots=True)
class DomainLists:
    """The lists that a domain asks: with both kinds, callers must satisfy both."""

    ip_lists: frozenset[str] = frozenset()
    credential_lists: frozenset[str] = frozenset()


def list_sip_domains(account: TwilioAccount) -> list[SipDomain]:
    """Return the account's SIP domains."""
    return [_domain(row) for row in _domains(account).list(page_size=EVERYTHING)]


def find_sip_domain(account: TwilioAccount, domain_name: str) -> SipDomain | None:
    """Return the account's domain of that name, or None."""
    name = domain_name.lower()
    return next((each for each in list_sip_domains(account) if each.settings.domain_name == name), None)


def ensure_sip_domain(account: TwilioAccount, settings: DomainSettings) -> SipDomain:
    """Return the domain of that domain name, made or changed to be as the settings say.

    Raises TwilioError: `domain_taken` when another account has the name.
    """
    fields = _fields(settings)
    there = find_or_create(
        lambda: find_sip_domain(account, settings.domain_name),
        lambda: _domain(_domains(account).create(domain_name=settings.domain_name, **to_create(fields))),
    )
    return change_sip_domain(account, there, settings)


def change_sip_domain(account: TwilioAccount, there: SipDomain, settings: DomainSettings) -> SipDomain:
    """Return a domain that is there, changed to be as the settings say. Raises TwilioError."""
    if there.settings == settings:
        return there
    changes = to_change(_fields(settings), _fields(there.settings))
    if settings.domain_name != there.settings.domain_name:
        changes["domain_name"] = settings.domain_name
    return _domain(_domains(account)(there.sid).update(**changes))


def read_domain_lists(account: TwilioAccount, domain_sid: str) -> DomainLists:
    """Return which lists a domain asks for calls."""
    calls = _domains(account)(domain_sid).auth.calls
    return DomainLists(
        sids_of(calls.ip_access_control_list_mappings), sids_of(calls.credential_list_mappings)
    )


def ensure_domain_lists(
    account: TwilioAccount,
    domain_sid: str,
    *,
    ip_list_sids: Collection[str] = (),
    credential_list_sids: Collection[str] = (),
) -> None:
    """Have a domain ask exactly these lists for calls. Without any, Twilio refuses every call to it."""
    calls = _domains(account)(domain_sid).auth.calls
    ensure_assigned(calls.ip_access_control_list_mappings, "ip_access_control_list_sid", ip_list_sids)
    ensure_assigned(calls.credential_list_mappings, "credential_list_sid", credential_list_sids)


def delete_sip_domain(account: TwilioAccount, domain_sid: str) -> None:
    """Delete a domain with its mappings; one that is gone already counts as deleted."""
    remove(_domains(account)(domain_sid).delete)


def _domains(account: TwilioAccount) -> Any:
    return open_client(account).api.v2010.accounts(account.account_sid).sip.domains


def _domain(row: Any) -> SipDomain:
    settings = DomainSettings(
        domain_name=row.domain_name,
        name=row.friendly_name or "",
        voice_url=asked_by_post(row.voice_url, row.voice_method),
        voice_fallback_url=asked_by_post(row.voice_fallback_url, row.voice_fallback_method),
        status_callback_url=asked_by_post(row.voice_status_callback_url, row.voice_status_callback_method),
        secure=bool(row.secure),
        byoc_trunk_sid=row.byoc_trunk_sid or "",
    )
    return SipDomain(row.sid, settings)


def _fields(settings: DomainSettings) -> dict[str, object]:
    return {
        "friendly_name": settings.name,
        "voice_url": settings.voice_url,
        "voice_method": "POST",
        "voice_fallback_url": settings.voice_fallback_url,
        "voice_fallback_method": "POST",
        "voice_status_callback_url": settings.status_callback_url,
        "voice_status_callback_method": "POST",
        "secure": settings.secure,
        "byoc_trunk_sid": settings.byoc_trunk_sid,
    }
