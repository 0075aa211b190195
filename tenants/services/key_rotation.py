"""Changing the keys that seal tenants' secrets."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models, transaction

from callsphere.lib.crypto import key_id_of
from tenants.audit import Actor, record_event
from tenants.context import platform_context
from tenants.fields import EncryptedTextField
from tenants.keys import (
    create_tenant_key,
    key_encryption_keys,
    reveal,
    reveal_outside_tenants,
    seal_for,
    seal_outside_tenants,
    unwrap,
    wrap,
)
from tenants.models import OutgoingMail, Tenant, TenantKey, TenantOwned


def rewrap_data_keys(actor: Actor) -> int:
    """Wrap every data key that an older key-encryption key wraps with the newest. Returns how many.

    Once this is done, the older keys may be taken out of KEY_ENCRYPTION_KEYS (backups still need them).
    """
    newest = next(iter(key_encryption_keys()))
    count = 0
    with platform_context("rotate keys"):
        keys = TenantKey.objects.select_for_update(of=("self",)).select_related("tenant")
        for key in keys.order_by("pk"):
            if key_id_of(key.wrapped) != newest:
                key.wrapped = wrap(key, unwrap(key))
                key.save(update_fields=["wrapped"])
                record_event(tenant=key.tenant, actor=actor, verb="tenantkey.rewrapped", obj=key)
                count += 1
    return count


def reseal_mails() -> int:
    """Seal mails that wait or were given up with the newest key-encryption key. Returns how many."""
    newest = next(iter(key_encryption_keys()))
    count = 0
    with platform_context("rotate keys"):
        for mail in OutgoingMail.objects.select_for_update().exclude(content="").order_by("pk"):
            if key_id_of(mail.content) != newest:
                mail.content = seal_outside_tenants(mail, "content", reveal_outside_tenants(mail, "content"))
                mail.save(update_fields=["content"])
                count += 1
    return count


def replace_data_keys(actor: Actor) -> int:
    """Give every tenant a fresh data key and seal its secrets with it. Returns how many values were sealed.

    One transaction a tenant: interrupted, it can be run again.
    """
    with platform_context("rotate keys"):
        tenants = list(Tenant.objects.order_by("pk"))
    return sum(_replace_for(tenant, actor) for tenant in tenants)


def _replace_for(tenant: Tenant, actor: Actor) -> int:
    count = 0
    with platform_context("rotate keys"), transaction.atomic():
        key = create_tenant_key(tenant)
        for model, column in sealed_columns():
            rows = model.objects.select_for_update().filter(tenant=tenant).exclude(**{column: None})
            # what stands beside a secret may be large, such as sounds
            for row in rows.exclude(**{column: ""}).only("tenant", column).order_by("pk"):
                setattr(row, column, seal_for(row, column, reveal(row, column)))
                row.save(update_fields=[column])
                count += 1
        TenantKey.objects.filter(tenant=tenant).exclude(pk=key.pk).delete()
        record_event(tenant=tenant, actor=actor, verb="tenantkey.replaced", obj=key)
    return count


def sealed_columns() -> Iterator[tuple[type[TenantOwned], str]]:
    """Return every model and column that holds secrets under a tenant's data key."""
    for model in apps.get_models():
        if issubclass(model, TenantOwned) and model is not TenantKey:
            for field in model._meta.get_fields():
                if isinstance(field, models.Field) and isinstance(field, EncryptedTextField):
                    yield model, field.name
