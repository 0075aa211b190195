"""The database's idea of who is asking: role and tenant, set for one transaction.

Three contexts exist. `tenant_context` sees one tenant's rows, `user_context` a person's own memberships,
`platform_context` every tenant's rows (support and sweepers). Each opens one transaction, sets the
database role and the row-level-security variables inside it, and the django-scopes scope with them, so
that all three open and close together. Outside any of them the application sees no tenant's rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django_scopes import scope, scopes_disabled

if TYPE_CHECKING:
    from tenants.models import Tenant

NIL = uuid.UUID(int=0)
PLATFORM_ROLE = "callsphere_platform"
log = structlog.get_logger(__name__)


class ContextError(Exception):
    """A context was opened inside another tenant's, another role's, or a foreign transaction."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the database was told."""

    role: str  # a database role, or "none" for the login itself
    tenant: uuid.UUID = NIL
    user: uuid.UUID = NIL


_NOBODY = Access(role="none")
_APPLY = (
    "SELECT set_config('role', %s, true), set_config('app.tenant', %s, true),"
    " set_config('app.user', %s, true)"
)
_current: ContextVar[Access] = ContextVar("tenant_access", default=_NOBODY)


@contextmanager
def tenant_context(tenant: Tenant, *, user_id: uuid.UUID = NIL) -> Iterator[None]:
    """See and write this tenant's rows, in one transaction.

    `user_id` lets the same transaction read that person's memberships elsewhere (for the tenant switcher).
    """
    current = _current.get()
    if current.tenant == tenant.pk and user_id == NIL:
        user_id = current.user
    with (
        _access(Access("none", tenant.pk, user_id)),
        scope(tenant=tenant),
        structlog.contextvars.bound_contextvars(tenant_id=str(tenant.pk)),
    ):
        yield


def run_in_tenant(tenant_id: uuid.UUID, statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Run one statement as a tenant, in a transaction of its own, and return its rows.

    It takes one round trip: context and statement are sent together, the database runs what is sent together
    as one transaction, and the connection is not looked at before. One that turns out to be lost is replaced
    and the statement sent again: it must change nothing when it is run twice. Call it outside any context.
    """
    if _current.get() != _NOBODY or _in_foreign_transaction():
        raise ContextError("already inside a context or a transaction: run the statement there")
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs leave it out
    try:
        return _run_in_tenant(tenant_id, statement, values)
    except (InterfaceError, OperationalError):
        if not _is_lost():
            raise
        connection.close()
        return _run_in_tenant(tenant_id, statement, values)


def _run_in_tenant(tenant_id: uuid.UUID, statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_APPLY}; {statement}", [*_values(Access("none", tenant_id)), *values])
        cursor.nextset()
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.in_atomic_block:  # a test case's transaction goes on
        _apply(_NOBODY)
    return rows


def _is_lost() -> bool:
    """The connection was there, and is no longer. In a test case's transaction it cannot be replaced."""
    return connection.connection is not None and not connection.in_atomic_block and not connection.is_usable()


@contextmanager
def user_context(user_id: uuid.UUID) -> Iterator[None]:
    """See a person's own memberships and the tenants they lead to. Nothing else, and nothing to write."""
    with _access(Access("none", NIL, user_id)), scopes_disabled():
        yield


@contextmanager
def platform_context(reason: str) -> Iterator[None]:
    """See every tenant's rows, for the reason given: support's admin and the sweepers that find due work."""
    with _access(Access(PLATFORM_ROLE)), scopes_disabled():
        log.debug("platform_context", reason=reason)
        yield


@contextmanager
def _access(wanted: Access) -> Iterator[None]:
    current = _current.get()
    if current not in (_NOBODY, wanted):
        raise ContextError(f"already inside {current}; leave it before entering {wanted}")
    if current == _NOBODY and _in_foreign_transaction():
        raise ContextError("a transaction is already open: enter the context first")
    ends_with_commit = not connection.in_atomic_block
    token = _current.set(wanted)
    try:
        with transaction.atomic():
            _apply(wanted)
            yield
            # What was set ends with the transaction. A savepoint that is released keeps it (a test case's
            # transaction goes on); one that is rolled back restores what was before by itself.
            if not (ends_with_commit or connection.needs_rollback):
                _apply(current)
    finally:
        _current.reset(token)


def _in_foreign_transaction() -> bool:
    """A transaction we did not open; a TestCase's own outer one does not count."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _apply(access: Access) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_APPLY, _values(access))


def _values(access: Access) -> list[str]:
    return [access.role, str(access.tenant), str(access.user)]
