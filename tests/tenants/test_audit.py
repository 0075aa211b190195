"""The audit log tells what changed, and never a secret."""

from tenants.audit import Actor, differences, snapshot
from tenants.enums import ActorKind
from tenants.models import AuditEvent, Tenant
from tenants.services import change_settings
from tests.conftest import Person
from tests.tenants.test_keys import make_credential


def test_a_change_is_told_with_before_and_after(alice: Person, in_acme: Tenant) -> None:
    change_settings(tenant=in_acme, actor=alice.actor, expected_version=None, name="Acme Smiles")
    event = AuditEvent.objects.get(verb="tenant.updated")
    assert event.changes == {"name": ["Acme Dental", "Acme Smiles"]}
    assert (event.actor_kind, event.actor_label) == (ActorKind.USER, "alice@example.com")


def test_a_change_to_the_same_is_none(alice: Person, in_acme: Tenant) -> None:
    change_settings(tenant=in_acme, actor=alice.actor, expected_version=None, name="Acme Dental")
    assert not AuditEvent.objects.filter(verb="tenant.updated").exists()


def test_no_event_holds_a_secret(alice: Person, in_acme: Tenant) -> None:
    make_credential(alice, secret="correct-horse")
    told = [str(event.changes) + event.object_label for event in AuditEvent.objects.all()]
    assert not any("correct-horse" in text for text in told)


def test_snapshots_hide_secrets(alice: Person, in_acme: Tenant) -> None:
    credential = make_credential(alice)
    assert snapshot(credential, ["username", "secret"]) == {"username": "acme", "secret": "[hidden]"}


def test_differences_name_what_changed_only() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": [2, 3], "c": [None, 4]}


def test_the_system_has_no_id() -> None:
    actor = Actor.system("probe worker")
    assert (actor.kind, actor.id) == (ActorKind.SYSTEM, None)
