"""Digest credentials of a trunk. Passwords go in and are never shown again."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants.audit import Actor, snapshot
from tenants.keys import seal_for
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    locked,
    one_line,
    remove,
    save_edit,
)
from trunks.access.services.secrets import clear, hosts_of
from trunks.bindings.services import credentials_changed
from trunks.editing import lock_trunk_of
from trunks.enums import ClearedBecause, CredentialDirection
from trunks.models import DigestCredential, Trunk
from trunks.provider_side import trunk_edited

CREDENTIALS_PER_TRUNK = 20
LONGEST_SECRET = 128
_EDITABLE = ("direction", "username", "realm")
_FIELDS = (*_EDITABLE, "secret")


def add_credential(
    *,
    tenant: Tenant,
    actor: Actor,
    trunk: Trunk,
    direction: str,
    username: str,
    secret: str,
    realm: str = "",
    also_for: str = "",
) -> DigestCredential:
    """Add a user name and password.

    A password that we send is kept for the hosts alone that the trunk's gateways and registrar have now, and
    for `also_for`. Raises ValidationError by field, and LimitReached.
    """
    credential = DigestCredential(tenant=tenant, direction=direction)
    wrong = FieldErrors()
    _apply(credential, {"username": username, "realm": realm}, wrong)
    with transaction.atomic():
        credential.trunk = lock_trunk_of(tenant, trunk.pk)
        with wrong.gathered():
            _set_secret(credential, secret, also_for)
        check_room(
            DigestCredential.objects.filter(tenant=tenant, trunk=trunk),
            CREDENTIALS_PER_TRUNK,
            f"A trunk has room for {CREDENTIALS_PER_TRUNK} credentials. Delete one that is not used.",
        )
        insert(credential, tenant=tenant, actor=actor, verb="credential.added", fields=_FIELDS, wrong=wrong)
        trunk_edited(credential.trunk)
    return credential


def update_credential(
    *,
    tenant: Tenant,
    actor: Actor,
    credential: DigestCredential,
    expected_version: int | None,
    secret: str | None = None,
    also_for: str = "",
    **changes: Any,
) -> DigestCredential:
    """Change direction, username, realm, or (given one) the secret; return the credential as stored.

    Another realm or direction clears the stored secret unless a new one comes along: it was meant for
    somebody else. A new one is kept for the hosts that gateways and registrar have now, and `also_for`.
    Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, _EDITABLE)
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, credential.trunk_id)
        row = locked(DigestCredential, tenant, credential.pk)
        check_version(row, expected_version, {**changes, "secret": secret} if secret else changes)
        before = snapshot(row, _FIELDS)
        wrong = FieldErrors()
        _apply(row, changes, wrong)
        if secret is not None:
            with wrong.gathered():
                _set_secret(row, secret, also_for)
        elif row.secret is not None and row.direction != before["direction"]:
            clear(row, ClearedBecause.DIRECTION)
        elif row.secret is not None and row.realm != before["realm"]:
            clear(row, ClearedBecause.REALM)
        save_edit(
            row,
            before,
            tenant=tenant,
            actor=actor,
            verb="credential.updated",
            wrong=wrong,
            new_secret=secret is not None,
        )
        if secret is not None or changes:
            credentials_changed(row)
            trunk_edited(trunk)
    return row


def delete_credential(
    *, tenant: Tenant, actor: Actor, credential: DigestCredential, expected_version: int | None = None
) -> None:
    """Delete a credential. Raises VersionConflict, and Refused when it is gone."""
    with transaction.atomic():
        trunk = lock_trunk_of(tenant, credential.trunk_id)
        row = locked(DigestCredential, tenant, credential.pk)
        check_version(row, expected_version, {})
        remove(row, tenant=tenant, actor=actor, verb="credential.deleted", fields=_FIELDS)
        trunk_edited(trunk)


def _apply(credential: DigestCredential, changes: dict[str, Any], wrong: FieldErrors) -> None:
    for name, value in changes.items():
        with wrong.gathered():
            setattr(credential, name, value if name == "direction" else one_line(name, value))


def _check_secret(secret: str) -> None:
    if not secret:
        raise field_error("secret", "Enter the password that your carrier gave you.", "required")
    if len(secret) > LONGEST_SECRET:
        raise field_error("secret", f"Use at most {LONGEST_SECRET} characters.", "max_length")
    if not secret.isprintable():
        raise field_error(
            "secret", "Remove line breaks, control characters and invisible characters.", "control"
        )


def _set_secret(credential: DigestCredential, secret: str, also_for: str) -> None:
    _check_secret(secret)
    credential.secret = seal_for(credential, "secret", secret)
    credential.secret_set_at = timezone.now()
    credential.cleared_because = ""
    is_sent = credential.direction == CredentialDirection.OUTBOUND
    hosts = {*hosts_of(credential.trunk), *([also_for] if also_for else ())} if is_sent else set()
    credential.bound_hosts = sorted(hosts)
