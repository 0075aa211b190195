"""System checks: settings that contradict each other, or that would hurt in production."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from callsphere.lib import crypto
from callsphere.providers.openai.account import is_double
from callsphere.providers.twilio.account import DOUBLE_PREFIX

LONGEST_PUBLIC_URL = 64
"""Characters: the token of a media stream names it, and Twilio takes 500 (`calls.tokens.sign_stream`)."""


def register_all() -> None:
    """Register every check; called once when the apps are ready."""
    checks.register(check_key_encryption_keys)
    checks.register(check_debug_is_local)
    checks.register(check_public_url)
    checks.register(check_twilio)
    checks.register(check_openai)
    checks.register(check_openai_is_real, deploy=True)
    checks.register(check_sandbox_is_local, deploy=True)
    checks.register(check_twilio_is_real, deploy=True)
    checks.register(check_source_addresses, deploy=True)
    checks.register(check_payments)
    checks.register(check_payments_are_real, deploy=True)


def check_key_encryption_keys(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Stored secrets need a readable key-encryption key."""
    try:
        crypto.parse_keys(settings.KEY_ENCRYPTION_KEYS)
    except ValueError as error:
        return [checks.Error(f"KEY_ENCRYPTION_KEYS: {error}", id="callsphere.E001")]
    return []


def check_debug_is_local(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """DEBUG shows settings and source to whoever causes an error."""
    if settings.DEBUG and settings.SECURE:
        return [checks.Error("DEBUG is on while PUBLIC_URL is https: turn DEBUG off", id="callsphere.E002")]
    return []


def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A longer address leaves no token for media streams that Twilio takes."""
    if len(settings.PUBLIC_URL) > LONGEST_PUBLIC_URL:
        words = (
            f"PUBLIC_URL is longer than {LONGEST_PUBLIC_URL} characters: no call could reach a media stream"
        )
        return [checks.Error(words, hint="Give the service a shorter name.", id="callsphere.E006")]
    return []


def check_twilio(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Account, token and double belong together."""
    account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    found: list[checks.CheckMessage] = []
    if bool(account) != bool(token):
        there, missing = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")[:: 1 if account else -1]
        found.append(checks.Error(f"{there} is set, so {missing} is needed too", id="callsphere.E003"))
    if account and account.startswith(DOUBLE_PREFIX) != bool(settings.TWILIO_BASE_URL):
        found.append(
            checks.Error(
                "TWILIO_ACCOUNT_SID and TWILIO_BASE_URL contradict each other: the double has an account of"
                " its own, and a real account belongs to Twilio alone",
                hint="Set TWILIO_BASE_URL to nothing beside a real account.",
                id="callsphere.E004",
            )
        )
    return found


def check_twilio_is_real(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Numbers of the double ring nowhere."""
    if settings.SECURE and settings.TWILIO_BASE_URL:
        return [
            checks.Warning(
                "TWILIO_BASE_URL is set on a public service: numbers come from a double and ring nowhere",
                hint="Unset it, and set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
                id="callsphere.W003",
            )
        ]
    return []


def check_openai(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Without project and secret no call would reach an agent, and none that came could be believed."""
    names = ("OPENAI_API_KEY", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if 0 < len(missing) < len(names):
        (there, *_) = (name for name in names if name not in missing)
        return [
            checks.Error(f"{there} is set, so {' and '.join(missing)} must be, too", id="callsphere.E005")
        ]
    return []


def check_openai_is_real(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Nobody understands what callers say to the double."""
    if settings.SECURE and is_double():
        return [
            checks.Warning(
                "OPENAI_BASE_URL leads to a double on a public service: its models follow a script",
                hint="Unset it, and set OPENAI_API_KEY, OPENAI_PROJECT_ID and OPENAI_WEBHOOK_SECRET.",
                id="callsphere.W003",
            )
        ]
    return []


def check_sandbox_is_local(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Sandbox carriers live on loopback, which a public service must not reach for tenants."""
    if settings.SECURE and (settings.SANDBOX or settings.NETGUARD_ALLOW):
        return [
            checks.Warning(
                "SANDBOX or NETGUARD_ALLOW is set on a public service: tenants could reach those networks",
                hint="Unset both, unless you run CallSphere for yourself alone.",
                id="callsphere.W001",
            )
        ]
    return []


def check_source_addresses(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Customers paste our addresses into their carrier's allowlist."""
    if settings.SECURE and not settings.SIP_SOURCE_ADDRESSES:
        return [
            checks.Warning(
                "SIP_SOURCE_ADDRESSES is empty: trunk pages cannot say which addresses a carrier must allow",
                id="callsphere.W002",
            )
        ]
    return []


def check_payments(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Without the webhook's secret nothing that Stripe says could be believed, and purchases would hang."""
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET:
        return [
            checks.Error(
                "STRIPE_SECRET_KEY is set, so STRIPE_WEBHOOK_SECRET is needed too", id="callsphere.E003"
            )
        ]
    return []


def check_payments_are_real(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """The stand-in lets everybody have every plan."""
    if settings.SECURE and settings.STRIPE_BASE_URL:
        return [
            checks.Warning(
                "STRIPE_BASE_URL is set on a public service: plans would be given away",
                hint="Unset it, and set STRIPE_SECRET_KEY to a key of your account.",
                id="callsphere.W003",
            )
        ]
    return []
