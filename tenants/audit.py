"""The audit log: one event for each change, written by the service that makes it, in its transaction."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import models

from callsphere.lib.crypto import Sealed
from callsphere.lib.errors import ReadOnly
from tenants.enums import ActorKind
from tenants.models import ApiKey, AuditEvent, PlatformEvent, Tenant, TenantOwned, User

HIDDEN = "[hidden]"
_BOUND = (ActorKind.USER, ActorKind.API_KEY)
_SECRET_COLUMNS = ("secret", "password", "token", "wrapped")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the audit log will name them."""

    kind: ActorKind
    label: str
    id: uuid.UUID | None = None
    ip: str | None = None
    request_id: str = ""

    @classmethod
    def user(cls, user: User, *, ip: str | None = None, request_id: str = "") -> "Actor":
        """A member acting through the pages."""
        return cls(ActorKind.USER, user.email, user.pk, ip, request_id)

    @classmethod
    def staff(cls, user: User, *, ip: str | None = None, request_id: str = "") -> "Actor":
        """Support acting through the admin."""
        return cls(ActorKind.STAFF, user.email, user.pk, ip, request_id)

    @classmethod
    def api_key(cls, key: ApiKey, *, ip: str | None = None, request_id: str = "") -> "Actor":
        """A program acting through the API."""
        return cls(ActorKind.API_KEY, key.name, key.pk, ip, request_id)

    @classmethod
    def system(cls, label: str) -> "Actor":
        """CallSphere itself: a worker or a command."""
        return cls(ActorKind.SYSTEM, label)


def record_event(
    *,
    tenant: Tenant,
    actor: Actor,
    verb: str,
    obj: models.Model,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    even_read_only: bool = False,
) -> AuditEvent:
    """Write one event of a tenant. Call it inside the transaction that makes the change.

    `verb` reads `<object>.<done>`, such as `trunk.created`. `changes` maps a field to `[before, after]`.
    Raises ReadOnly for members and programs of a tenant that is read-only, which undoes the change, except
    where `even_read_only` says that it may be made all the same: it takes access away, or sees to payment.
    """
    if tenant.read_only_reason and actor.kind in _BOUND and not even_read_only:
        raise ReadOnly(f"{tenant.name} is read-only. {tenant.read_only_reason}")
    return AuditEvent.objects.create(tenant=tenant, **_columns(actor, verb, obj, changes, reason))


def record_events(
    *, actor: Actor, verb: str, objects: Iterable[TenantOwned], reasons: Mapping[uuid.UUID, str] | None = None
) -> None:
    """Write the same event for many objects, of any tenants the context sees, in one statement.

    `reasons` maps an object's id to the reason that its event tells.
    """
    told = reasons or {}
    AuditEvent.objects.bulk_create(
        AuditEvent(tenant_id=obj.tenant_id, **_columns(actor, verb, obj, None, told.get(obj.pk, "")))
        for obj in objects
    )


def record_platform_event(
    *,
    actor: Actor,
    verb: str,
    obj: models.Model,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> PlatformEvent:
    """Write one event that belongs to no tenant. Call it in the platform's context, with the change."""
    return PlatformEvent.objects.create(**_columns(actor, verb, obj, changes, reason))


def _columns(
    actor: Actor, verb: str, obj: models.Model, changes: Mapping[str, Any] | None, reason: str
) -> dict[str, Any]:
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": actor.label[:254],
        "verb": verb,
        "object_kind": obj._meta.model_name or "",
        "object_id": obj.pk if isinstance(obj.pk, uuid.UUID) else None,
        "object_label": str(obj)[:254],
        "changes": dict(changes or {}),
        "reason": reason[:254],
        "ip": actor.ip,
        "request_id": actor.request_id or structlog.contextvars.get_contextvars().get("request_id", ""),
    }


def snapshot(obj: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """Return the fields' values as JSON can hold them, secrets hidden."""
    return {name: _plain(name, getattr(obj, name)) for name in fields}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return `{field: [before, after]}` for what differs between two snapshots."""
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)
    }


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Sealed) or any(word in name for word in _SECRET_COLUMNS):
        return HIDDEN if value else None
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)
