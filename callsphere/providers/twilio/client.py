"""Twilio's SDK, opened for one account."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from twilio.rest import Client

from callsphere.providers.twilio.account import DOUBLE_PREFIX, TwilioAccount
from callsphere.providers.twilio.gate import gate_of
from callsphere.providers.twilio.transport import Transport

# The SDK reads credentials, region and edge from the environment unless it is given another one.
_NO_ENVIRONMENT = {"TWILIO_REGION": "", "TWILIO_EDGE": ""}


def parent_account() -> TwilioAccount | None:
    """Return the account that this installation's settings name, or None when there is none."""
    if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
        return None
    return TwilioAccount.with_token(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)


def is_double() -> bool:
    """Whether Twilio's double answers instead of Twilio, for pages to say so."""
    return bool(settings.TWILIO_BASE_URL)


def open_client(account: TwilioAccount) -> Client:
    """Return the SDK's client for an account.

    Raises ImproperlyConfigured for an account of the double without the double's address.
    """
    return Client(
        account.key_sid,
        account.key_secret,
        account_sid=account.account_sid,
        http_client=open_transport(account),
        environment=_NO_ENVIRONMENT,
    )


def open_transport(account: TwilioAccount) -> Transport:
    """Return what requests of an account are sent with, for what the SDK has no word for.

    Raises as `open_client` does.
    """
    if account.account_sid.startswith(DOUBLE_PREFIX) and not settings.TWILIO_BASE_URL:
        raise ImproperlyConfigured("This Twilio account is the double's, and TWILIO_BASE_URL is not set")
    return Transport(
        base_url=settings.TWILIO_BASE_URL,
        timeout=settings.TWILIO_TIMEOUT,
        gate=gate_of(account.account_sid, settings.TWILIO_REQUESTS_AT_ONCE),
    )
