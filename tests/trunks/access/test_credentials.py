"""Digest credentials: sealed, never shown, cleared when they would go elsewhere."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder

from callsphere.lib.crypto import SecretUnreadable
from callsphere.lib.errors import VersionConflict
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.models import DigestCredential, Trunk

SECRET = "canary-7f3a91-secret"


@pytest.fixture
def credential(in_acme: Tenant, alice: Person, trunk: Trunk) -> DigestCredential:
    return services.add_credential(
        tenant=in_acme,
        actor=alice.actor,
        trunk=trunk,
        direction="outbound",
        username="acme",
        secret=SECRET,
        realm="sip.example.com",
    )


def test_the_secret_is_sealed_and_can_be_used(credential: DigestCredential) -> None:
    stored = DigestCredential.objects.get()
    assert SECRET not in str.__str__(stored.secret)
    assert reveal(stored, "secret") == SECRET
    assert stored.secret_set_at is not None


def test_a_sealed_secret_opens_in_its_own_row_only(
    in_acme: Tenant, alice: Person, trunk: Trunk, credential: DigestCredential
) -> None:
    other = services.add_credential(
        tenant=in_acme, actor=alice.actor, trunk=trunk, direction="outbound", username="b", secret="other"
    )
    other.secret = credential.secret
    with pytest.raises(SecretUnreadable):
        reveal(other, "secret")


def test_no_event_tells_the_secret(in_acme: Tenant, alice: Person, credential: DigestCredential) -> None:
    services.update_credential(
        tenant=in_acme, actor=alice.actor, credential=credential, expected_version=1, secret=SECRET + "2"
    )
    events = list(AuditEvent.objects.values("verb", "changes", "object_label"))
    assert SECRET not in json.dumps(events, cls=DjangoJSONEncoder)
    assert AuditEvent.objects.get(verb="credential.updated").changes == {"secret": ["[hidden]", "[hidden]"]}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"username": ""}, "username", "This field cannot be blank."),
        (
            {"username": "a\nb"},
            "username",
            "Remove line breaks, control characters and invisible characters.",
        ),
        (
            {"realm": "a\x00"},
            "realm",
            "Remove line breaks, control characters and invisible characters.",
        ),
        ({"secret": ""}, "secret", "Enter the password that your carrier gave you."),
        ({"secret": "x" * 129}, "secret", "Use at most 128 characters."),
        (
            {"secret": "a\r\nb"},
            "secret",
            "Remove line breaks, control characters and invisible characters.",
        ),
        ({"direction": "both"}, "direction", "Value 'both' is not a valid choice."),
        (
            {"username": "acme", "realm": "sip.example.com"},
            "username",
            "This trunk has a credential with the same user name and realm.",
        ),
    ],
)
def test_wrong_fields_are_named(
    in_acme: Tenant,
    alice: Person,
    trunk: Trunk,
    credential: DigestCredential,
    fields: dict[str, str],
    field: str,
    message: str,
) -> None:
    values = {"direction": "outbound", "username": "new", "secret": "s", **fields}
    with pytest.raises(ValidationError) as caught:
        services.add_credential(tenant=in_acme, actor=alice.actor, trunk=trunk, **values)
    assert caught.value.message_dict == {field: [message]}


@pytest.mark.parametrize("change", [{"realm": "other.example.com"}, {"direction": "inbound"}])
def test_another_realm_or_direction_clears_the_secret(
    in_acme: Tenant, alice: Person, credential: DigestCredential, change: dict[str, str]
) -> None:
    changed = services.update_credential(
        tenant=in_acme, actor=alice.actor, credential=credential, expected_version=1, **change
    )
    assert (changed.secret, changed.secret_set_at) == (None, None)
    assert AuditEvent.objects.get(verb="credential.updated").changes["secret"] == ["[hidden]", None]


def test_another_realm_with_a_new_secret_keeps_that(
    in_acme: Tenant, alice: Person, credential: DigestCredential
) -> None:
    services.update_credential(
        tenant=in_acme,
        actor=alice.actor,
        credential=credential,
        expected_version=1,
        realm="other.example.com",
        secret="fresh",
    )
    assert reveal(DigestCredential.objects.get(), "secret") == "fresh"


def test_another_user_name_keeps_the_secret(
    in_acme: Tenant, alice: Person, credential: DigestCredential
) -> None:
    services.update_credential(
        tenant=in_acme, actor=alice.actor, credential=credential, expected_version=1, username="acme2"
    )
    assert reveal(DigestCredential.objects.get(), "secret") == SECRET


def test_a_conflict_shows_no_secret(in_acme: Tenant, alice: Person, credential: DigestCredential) -> None:
    services.update_credential(
        tenant=in_acme, actor=alice.actor, credential=credential, expected_version=1, username="b"
    )
    with pytest.raises(VersionConflict) as caught:
        services.update_credential(
            tenant=in_acme,
            actor=alice.actor,
            credential=credential,
            expected_version=1,
            username="c",
            secret="mine",
        )
    assert (caught.value.yours, caught.value.theirs) == ({"username": "c"}, {"username": "b"})


def test_deleting(in_acme: Tenant, alice: Person, credential: DigestCredential) -> None:
    services.delete_credential(tenant=in_acme, actor=alice.actor, credential=credential, expected_version=1)
    assert DigestCredential.objects.count() == 0
    assert AuditEvent.objects.get(verb="credential.deleted").changes["secret"] == ["[hidden]", None]
