"""Secrets of tenants, and changing the keys that seal them."""

import base64

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from pytest_django.fixtures import Settings

from callsphere.lib.crypto import SecretUnreadable, key_id_of
from tenants.audit_lines import lines_of
from tenants.context import tenant_context
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant, TenantKey
from tests.conftest import Person
from trunks.models import DigestCredential, Trunk
from trunks.services import add_credential, create_trunk


def encoded(byte: bytes) -> str:
    return base64.b64encode(byte * 32).decode()


def make_line(person: Person) -> Trunk:
    return create_trunk(tenant=person.tenant, actor=person.actor, name="Line")


def make_credential(
    person: Person, trunk: Trunk | None = None, secret: str = "hunter2 hunter2"
) -> DigestCredential:
    return add_credential(
        tenant=person.tenant,
        actor=person.actor,
        trunk=trunk or make_line(person),
        direction="outbound",
        username="acme",
        secret=secret,
    )


def test_a_secret_is_stored_sealed(alice: Person, in_acme: Tenant) -> None:
    credential = make_credential(alice)
    stored = DigestCredential.objects.get(pk=credential.pk)
    assert "hunter2" not in str.__str__(stored.secret)
    assert reveal(stored, "secret") == "hunter2 hunter2"


def test_a_sealed_value_of_another_row_cannot_be_opened(alice: Person, in_acme: Tenant) -> None:
    first = make_credential(alice)
    second = add_credential(
        tenant=in_acme,
        actor=alice.actor,
        trunk=first.trunk,
        direction="outbound",
        username="other",
        secret="another secret",
    )
    second.secret = first.secret
    with pytest.raises(SecretUnreadable):
        reveal(second, "secret")


def test_plain_text_cannot_be_stored(alice: Person, in_acme: Tenant) -> None:
    credential = make_credential(alice)
    credential.secret = "in clear"
    with pytest.raises(ValidationError, match="sealed values only"):
        credential.save()


def test_another_tenants_key_is_out_of_reach(alice: Person, charlie: Person) -> None:
    with tenant_context(alice.tenant):
        credential = make_credential(alice)
    with tenant_context(charlie.tenant), pytest.raises(SecretUnreadable, match="its data key is gone"):
        reveal(credential, "secret")


def test_rotating_the_key_encryption_key_twice(alice: Person, settings: Settings) -> None:
    with tenant_context(alice.tenant):
        credential = make_credential(alice)
    older = settings.KEY_ENCRYPTION_KEYS
    for name, byte in (("k8", b"8"), ("k9", b"9")):
        settings.KEY_ENCRYPTION_KEYS = f"{name}:{encoded(byte)},{older}"
        call_command("rotate_keys")
        older = f"{name}:{encoded(byte)}"
    settings.KEY_ENCRYPTION_KEYS = f"k9:{encoded(b'9')}"
    with tenant_context(alice.tenant):
        assert [key_id_of(key.wrapped) for key in TenantKey.objects.all()] == ["k9"]
        assert reveal(credential, "secret") == "hunter2 hunter2"


def test_the_tenants_are_told_of_their_keys(alice: Person, settings: Settings) -> None:
    settings.KEY_ENCRYPTION_KEYS = f"k8:{encoded(b'8')},{settings.KEY_ENCRYPTION_KEYS}"
    call_command("rotate_keys")
    call_command("rotate_keys", "--data-keys")
    with tenant_context(alice.tenant):
        events = AuditEvent.objects.filter(object_kind="tenantkey").order_by("created_at", "id")
        lines = lines_of(alice.tenant, events)
    assert [f"{line.actor} {line.before_name}" for line in lines] == [
        "CallSphere (manage.py rotate_keys) put the data key of the organisation under a newer key",
        "CallSphere (manage.py rotate_keys) gave the organisation a fresh data key",
    ]


def test_replacing_the_data_keys(alice: Person, charlie: Person) -> None:
    with tenant_context(alice.tenant):
        credential = make_credential(alice)
        before = str(credential.secret)
    call_command("rotate_keys", "--data-keys")
    with tenant_context(alice.tenant):
        credential.refresh_from_db()
        assert TenantKey.objects.count() == 1
        assert key_id_of(str(credential.secret)) != key_id_of(before)
        assert reveal(credential, "secret") == "hunter2 hunter2"
