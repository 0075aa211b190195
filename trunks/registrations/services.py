"""Registrations of trunks: what people want. The workers make it so (`trunks.bindings.registrar`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from callsphere.lib.errors import Refused
from callsphere.sip.uri import SipUriError, escape_user, parse_gateway_uri
from tenants.audit import Actor, record_event, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_version,
    field_error,
    insert,
    locked,
    one_line,
    remove,
    save_edit,
)
from trunks.access.services.credentials import add_credential, update_credential
from trunks.bindings.services import (
    farewell_of,
    forget_binding,
    leave_farewell,
    locked_status,
    new_identity,
    register_now_if_wanted,
    stop_registering,
    wake_registrar,
)
from trunks.editing import lock_trunk_of
from trunks.enums import CredentialDirection
from trunks.enums import RegistrationState as State
from trunks.gateways.services import check_address
from trunks.models import DigestCredential, Registration, RegistrationStatus, Trunk
from trunks.requests import AskedTooOften, check_rate

REQUESTS_PER_MINUTE = 3
LONGEST_USER = 128
"""Characters of a user as it stands in the Contact, where "é" takes six: a status holds no longer one."""
_FIELDS = ("registrar", "username", "credential_id", "expires_s", "is_paused")
_EDITABLE = ("registrar", "username", "credential", "expires_s")
_REQUESTED = "registration.requested"


class RegisteredTooOften(AskedTooOften):
    """The trunk registered on request too often; `retry_after_s` says in how many seconds it works again."""

    code = "registered_too_often"
    words = f"A trunk registers {REQUESTS_PER_MINUTE} times a minute on request: carriers block who insists."


def add_registration(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    registrar: str,
    username: str,
    credential: DigestCredential | None = None,
    secret: str | None = None,
    account: Mapping[str, Any] | None = None,
    expires_s: int = 3600,
) -> Registration:
    """Have a trunk register, as soon as this is stored.

    `secret` enters the credential's password anew, which a registrar that it was not entered for needs.
    `account` (username, secret, realm) is stored as a credential instead, in place of that of the same user
    name and realm. Raises ValidationError by field, and Refused.
    """
    registration = Registration(tenant=tenant, expires_s=expires_s)
    changes = {"registrar": registrar, "username": username, "credential": credential}
    with transaction.atomic():
        registration.trunk = lock_trunk_of(tenant, trunk.pk)
        if Registration.objects.filter(tenant=tenant, trunk=trunk).exists():
            raise Refused("This trunk registers already. Edit its registration.", code="registration_exists")
        wrong = _apply(registration, changes)
        _sign_in(registration, secret, account, wrong, tenant=tenant, actor=actor)
        verb = "registration.added"
        insert(registration, tenant=tenant, actor=actor, verb=verb, fields=_FIELDS, wrong=wrong)
        is_on = registration.trunk.is_enabled
        RegistrationStatus.objects.create(
            tenant=tenant,
            registration=registration,
            state=State.REGISTERING if is_on else State.PAUSED,
            next_attempt_at=timezone.now() if is_on else None,
            **new_identity(),
        )
        wake_registrar()
    return registration


def update_registration(
    *,
    tenant: Tenant,
    actor: Actor,
    registration: Registration,
    expected_version: int | None,
    secret: str | None = None,
    account: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Registration:
    """Change registrar, username, credential or expires_s; registers anew at once.

    Another registrar or user is another binding: the old one is taken away. `secret` and `account` as in
    `add_registration`. Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, _EDITABLE)
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, registration.trunk_id)
        row = locked(Registration, tenant, registration.pk)
        row.trunk = trunk
        check_version(row, expected_version, _shown(changes))
        before = snapshot(row, _FIELDS)
        place = row.registrar, row.username
        status = locked_status(row)
        old = farewell_of(row, status)
        wrong = _apply(row, changes)
        _sign_in(row, secret, account, wrong, tenant=tenant, actor=actor)
        status.refresh_from_db()  # a password that was entered has made it due
        if save_edit(row, before, tenant=tenant, actor=actor, verb="registration.updated", wrong=wrong):
            if (row.registrar, row.username) != place:
                if old is not None:
                    old.save()
                forget_binding(row, status)
            register_now_if_wanted(row, status)
    return row


def pause_registration(*, tenant: Tenant, actor: Actor, registration: Registration) -> Registration:
    """Take the binding away and register no more until resumed. Raises Refused when it is gone."""
    with transaction.atomic():
        lock_trunk_of(tenant, registration.trunk_id)
        row = locked(Registration, tenant, registration.pk)
        before = snapshot(row, _FIELDS)
        row.is_paused = True
        if save_edit(row, before, tenant=tenant, actor=actor, verb="registration.paused"):
            stop_registering(locked_status(row), row)
    return row


def resume_registration(*, tenant: Tenant, actor: Actor, registration: Registration) -> Registration:
    """Register again, at once. Raises Refused when it is gone."""
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, registration.trunk_id)
        row = locked(Registration, tenant, registration.pk)
        row.trunk = trunk
        before = snapshot(row, _FIELDS)
        row.is_paused = False
        if save_edit(row, before, tenant=tenant, actor=actor, verb="registration.resumed"):
            register_now_if_wanted(row, locked_status(row))
    return row


def register_now(*, tenant: Tenant, actor: Actor, registration: Registration, reason: str = "") -> None:
    """Register at once, also where an edit was waited for. `reason` is what support gives.

    Raises RegisteredTooOften, and Refused while paused or switched off.
    """
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, registration.trunk_id)
        row = locked(Registration, tenant, registration.pk)
        row.trunk = trunk
        if row.is_paused:
            raise Refused("This registration is paused. Resume it first.", code="registration_paused")
        if not trunk.is_enabled:
            raise Refused("This trunk is disabled. Enable it first.", code="trunk_disabled")
        check_rate(tenant, row, _REQUESTED, REQUESTS_PER_MINUTE, RegisteredTooOften)
        register_now_if_wanted(row, locked_status(row))
        record_event(tenant=tenant, actor=actor, verb=_REQUESTED, obj=row, reason=reason)


def delete_registration(
    *, tenant: Tenant, actor: Actor, registration: Registration, expected_version: int | None = None
) -> None:
    """Register no more, and take the binding away. Raises VersionConflict, and Refused when it is gone."""
    with transaction.atomic():
        lock_trunk_of(tenant, registration.trunk_id)
        row = locked(Registration, tenant, registration.pk)
        check_version(row, expected_version, {})
        leave_farewell(row)
        remove(row, tenant=tenant, actor=actor, verb="registration.deleted", fields=_FIELDS)
        wake_registrar()


def _apply(registration: Registration, changes: dict[str, Any]) -> FieldErrors:
    wrong = FieldErrors()
    for name, value in changes.items():
        with wrong.gathered():
            if name == "registrar":
                _set_registrar(registration, value)
            elif name == "username":
                registration.username = _user(value)
            elif name == "credential":
                registration.credential = _checked(registration, value)
            else:
                setattr(registration, name, value)
    return wrong


def _set_registrar(registration: Registration, text: str) -> None:
    try:
        uri = parse_gateway_uri(text.strip(" "))
    except SipUriError as error:
        raise field_error("registrar", str(error), "uri_invalid") from None
    check_address(uri, field="registrar")
    registration.registrar = str(uri)
    registration.host, registration.transport = uri.host, uri.transport


def _user(text: str) -> str:
    name = one_line("username", text)
    if " " in name:
        raise field_error(
            "username", "A user holds no spaces: enter a number as +14155550100, without any.", "invalid"
        )
    if len(escape_user(name)) > LONGEST_USER:
        raise field_error(
            "username",
            f"This user is too long: {LONGEST_USER} characters at most, as it is written in SIP.",
            "max_length",
        )
    return name


def _checked(registration: Registration, credential: DigestCredential | None) -> DigestCredential | None:
    if credential is None:
        return None
    belongs = (credential.tenant_id, credential.trunk_id) == (registration.tenant_id, registration.trunk_id)
    if not belongs or credential.direction != CredentialDirection.OUTBOUND:
        raise field_error(
            "credential", "Choose one of this trunk's credentials for calls of ours.", "invalid_choice"
        )
    return credential


def _sign_in(
    registration: Registration,
    secret: str | None,
    account: Mapping[str, Any] | None,
    wrong: FieldErrors,
    *,
    tenant: Tenant,
    actor: Actor,
) -> None:
    """Store what was entered for this registrar, and see to it that no other password is sent there."""
    if account is not None:
        with wrong.gathered("account."):
            _store_account(registration, account, tenant=tenant, actor=actor)
    elif not wrong.by_field:
        with wrong.gathered():
            _bind_password(registration, secret, tenant=tenant, actor=actor)


def _store_account(
    registration: Registration, account: Mapping[str, Any], *, tenant: Tenant, actor: Actor
) -> None:
    trunk, outbound = registration.trunk, CredentialDirection.OUTBOUND
    place = {"username": account["username"].strip(" "), "realm": account.get("realm", "").strip(" ")}
    entered = {"secret": account["secret"], "also_for": registration.host}
    rows = DigestCredential.objects.filter(tenant=tenant, trunk=trunk, direction=outbound, **place)
    known = rows.first()
    if known is None:
        registration.credential = add_credential(
            tenant=tenant, actor=actor, trunk=trunk, direction=outbound, **place, **entered
        )
    else:
        registration.credential = update_credential(
            tenant=tenant, actor=actor, credential=known, expected_version=None, **entered
        )


def _bind_password(registration: Registration, secret: str | None, *, tenant: Tenant, actor: Actor) -> None:
    """See to it that the password may go to this registrar: it was entered for it, or is entered now."""
    credential = registration.credential
    if credential is None:
        if secret:
            raise field_error("credential", "Choose the user name that this password belongs to.", "required")
        return
    if secret:
        registration.credential = update_credential(
            tenant=tenant,
            actor=actor,
            credential=credential,
            expected_version=None,
            secret=secret,
            also_for=registration.host,
        )
    elif credential.secret is not None and registration.host not in credential.bound_hosts:
        raise field_error(
            "secret",
            f"Passwords are kept only for the addresses they were entered for, and that of"
            f" “{credential.username}” was not entered for {registration.host}. Enter it again.",
            "enter_again",
        )


def _shown(changes: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in changes.items() if name != "credential"}
    if "credential" in changes:
        chosen = changes["credential"]
        shown["credential_id"] = None if chosen is None else str(chosen.pk)
    return shown
