"""Secrets of tenants: sealed by a data key of their own, which a key-encryption key wraps.

A sealed value is bound to table, column, tenant and row: copied elsewhere, it cannot be opened. What
belongs to no tenant and is kept for a short time, such as mails, is sealed with the key-encryption key
itself.
"""

import contextlib
import uuid
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.db import models

from callsphere.lib import crypto
from callsphere.lib.crypto import Sealed
from tenants.models import Tenant, TenantKey, TenantOwned


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, bytes]:
    return crypto.parse_keys(text)


def key_encryption_keys() -> dict[str, bytes]:
    """Return the operator's keys by id, the newest first."""
    return _parsed(settings.KEY_ENCRYPTION_KEYS)


def create_tenant_key(tenant: Tenant) -> TenantKey:
    """Give the tenant a fresh data key; values sealed from now on use it."""
    key = TenantKey(tenant=tenant)
    key.wrapped = wrap(key, crypto.new_key())
    key.save()
    return key


def wrap(key: TenantKey, data_key: bytes) -> Sealed:
    """Seal a data key with the newest key-encryption key."""
    key_id, key_encryption_key = next(iter(key_encryption_keys().items()))
    return crypto.seal(key_id, key_encryption_key, data_key, _place(key, "wrapped"))


def unwrap(key: TenantKey) -> bytes:
    """Open a data key. Raises SecretUnreadable when its key-encryption key is not configured."""
    return crypto.unseal(key_encryption_keys(), key.wrapped, _place(key, "wrapped"))


def seal_for(row: TenantOwned, column: str, plaintext: str) -> Sealed:
    """Seal a value for one column of one row. The row needs its id and tenant, not yet to be saved."""
    key = TenantKey.objects.filter(tenant_id=row.tenant_id).first()
    if key is None:
        key = create_tenant_key(row.tenant)
    return crypto.seal(key.pk.hex, unwrap(key), plaintext.encode(), _place(row, column))


def reveal(row: TenantOwned, column: str) -> str:
    """Open a sealed column, to use the secret now. Raises SecretUnreadable.

    The result must not be logged, stored, shown, or passed to a task.
    """
    token = getattr(row, column)
    key = TenantKey.objects.filter(tenant_id=row.tenant_id, pk=crypto.key_id_of(token)).first()
    if key is None:
        raise crypto.SecretUnreadable("its data key is gone")
    return crypto.unseal({key.pk.hex: unwrap(key)}, token, _place(row, column)).decode()


def reveal_all(rows: Iterable[TenantOwned], column: str) -> dict[uuid.UUID, str]:
    """Open a sealed column of many rows, of any tenants, with one query; by id, unreadable ones left out.

    What `reveal` says of the result holds for each.
    """
    sealed = {row.pk: (row, token) for row in rows if (token := getattr(row, column))}
    key_ids = {crypto.key_id_of(token) for _row, token in sealed.values()}
    keys = {key.pk.hex: key for key in TenantKey.objects.filter(pk__in=key_ids)}
    opened: dict[uuid.UUID, str] = {}
    for pk, (row, token) in sealed.items():
        key = keys.get(crypto.key_id_of(token))
        if key is None or key.tenant_id != row.tenant_id:
            continue
        with contextlib.suppress(crypto.SecretUnreadable):
            secret = crypto.unseal({key.pk.hex: unwrap(key)}, token, _place(row, column))
            opened[pk] = secret.decode()
    return opened


def seal_outside_tenants(row: models.Model, column: str, plaintext: bytes) -> Sealed:
    """Seal a value of a row that belongs to no tenant, with the newest key-encryption key itself."""
    key_id, key = next(iter(key_encryption_keys().items()))
    return crypto.seal(key_id, key, plaintext, _place_outside_tenants(row, column))


def reveal_outside_tenants(row: models.Model, column: str) -> bytes:
    """Open what `seal_outside_tenants` sealed. Raises SecretUnreadable."""
    return crypto.unseal(key_encryption_keys(), getattr(row, column), _place_outside_tenants(row, column))


def _place_outside_tenants(row: models.Model, column: str) -> str:
    return f"{row._meta.db_table}|{column}||{row.pk}"


def _place(row: TenantOwned, column: str) -> str:
    return f"{row._meta.db_table}|{column}|{row.tenant_id}|{row.pk}"
