"""A person's second factor: one-time codes of an authenticator app, and recovery codes for when it is gone.

It belongs to a person and not to a tenant: each change is told to their own log and to their tenants' logs.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from math import ceil

import structlog
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from callsphere.lib.errors import Refused
from tenants.audit import Actor
from tenants.models import User
from tenants.second_factor import find_device, find_recovery_device
from tenants.services.users import account_change, record_account_event

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 random bits: a plain hash of them cannot be guessed back
_GROUP = 4
_DIGITS = 6
_WRONG_AT_FIRST = "This code does not fit. Check that your phone's clock is right, and use the newest one."
_WRONG = "This code does not fit. Use the newest one of your app, or a recovery code that was not used yet."
log = structlog.get_logger(__name__)


def add_second_factor(*, user: User, actor: Actor, key: str, code: str) -> tuple[TOTPDevice, list[str]]:
    """Bind an authenticator that holds `key` (hexadecimal), which `code` proves. Returns recovery codes too.

    The codes cannot be had again. Raises ValidationError for a wrong code, Refused when there is one already.
    """
    with account_change():
        User.objects.select_for_update().get(pk=user.pk)
        if find_device(user) is not None:
            raise Refused("Two-step sign-in is on already.")
        device = TOTPDevice.objects.create(user=user, key=key, name="Authenticator app", confirmed=True)
        if not device.verify_token(_plain(code)):
            raise ValidationError({"code": _WRONG_AT_FIRST})
        codes = _replace_codes(user)
        record_account_event(user=user, actor=actor, done="second_factor_added")
    return device, codes


def prove_second_factor(*, user: User, actor: Actor, code: str) -> Device:
    """Check a one-time or recovery code; return the device it belongs to, for django-otp's `login`.

    A recovery code is used up by it. Raises ValidationError for a wrong code, and after wrong ones until the
    waiting time, which doubles with each, is over.
    """
    text = _plain(code)
    is_recovery = not (text.isdigit() and len(text) == _DIGITS)
    device: Device | None = find_recovery_device(user) if is_recovery else find_device(user)
    if device is None:
        raise ValidationError({"code": _WRONG})
    with account_change():
        locked = type(device).objects.select_for_update().get(pk=device.pk)
        allowed, details = locked.verify_is_allowed()
        held = not allowed and details is not None
        ok = not held and locked.verify_token(_fingerprint(text) if is_recovery else text)
        if ok and is_recovery:
            record_account_event(user=user, actor=actor, done="recovery_code_used")
    if held:
        raise ValidationError({"code": _wait_message(details.get("locked_until"))})
    if not ok:
        log.warning("second_factor.wrong_code", user_id=str(user.pk), recovery=is_recovery)
        raise ValidationError({"code": _WRONG})
    log.info("second_factor.proved", user_id=str(user.pk), recovery=is_recovery)
    return locked


def replace_recovery_codes(*, user: User, actor: Actor, code: str) -> list[str]:
    """Make ten fresh recovery codes and end the old ones. Needs a current code; raises ValidationError."""
    prove_second_factor(user=user, actor=actor, code=code)
    with account_change():
        codes = _replace_codes(user)
        record_account_event(user=user, actor=actor, done="recovery_codes_replaced")
    return codes


def remove_second_factor(*, user: User, actor: Actor, code: str) -> None:
    """Go back to the password alone. Needs a current code; raises ValidationError."""
    prove_second_factor(user=user, actor=actor, code=code)
    with account_change():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        record_account_event(user=user, actor=actor, done="second_factor_removed")


def reset_second_factor(*, user: User, actor: Actor, reason: str) -> None:
    """Let a person who lost app and codes back in with the password alone, as support does on request.

    The person, and every tenant of theirs, reads the reason.
    """
    with account_change():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        record_account_event(user=user, actor=actor, done="second_factor_reset", reason=reason)


def _replace_codes(user: User) -> list[str]:
    device, _created = StaticDevice.objects.get_or_create(user=user, defaults={"name": "Recovery codes"})
    device.token_set.all().delete()
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_fingerprint(_plain(code))) for code in codes
    )
    return codes


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _plain(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())


def _fingerprint(code: str) -> str:
    """Return what is kept of a recovery code: as much of its SHA-256 as the library's column holds."""
    return base64.b32encode(hashlib.sha256(code.encode()).digest()).decode().lower()[:16]


def _wait_message(until: datetime | None) -> str:
    seconds = max(1, ceil((until - timezone.now()).total_seconds())) if until else 1
    return f"Too many wrong codes. Wait {seconds} s, then try once more."
