"""Adding, choosing, replacing and deleting certificates: rules, audit, passwords, and what is never kept."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from callsphere.lib.errors import Refused, VersionConflict
from tenants.context import tenant_context
from tenants.keys import reveal
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.certificates.papers import Paper, add_authority, add_client, make
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.models import ClientCertificate, DigestCredential, Gateway, Trunk, TrustedAuthority

pytestmark = pytest.mark.django_db

ROOT = make("Carrier root", is_authority=True)
OTHER = make("Other root", is_authority=True)
CLIENT = make("us.example.com", ROOT)
URI = "sip:sip.example.com;transport=tls"


def doing(person: Person, service: Any, **values: Any) -> Any:
    with tenant_context(person.tenant):
        return service(tenant=person.tenant, actor=person.actor, **values)


def codes(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str | None]]:
    return {name: [each.code for each in errors] for name, errors in error.value.error_dict.items()}


def gateway_of(trunk: Trunk) -> Gateway:
    with tenant_context(trunk.tenant):
        return trunk.gateways.get()


@pytest.fixture
def line(alice: Person) -> Gateway:
    """A gateway over TLS, with a password on its trunk."""
    trunk = make_trunk(alice, "Line", URI)
    doing(alice, services.add_credential, trunk=trunk, direction="outbound", username="acme", secret="hush")
    return gateway_of(trunk)


def has_password(person: Person) -> bool:
    with tenant_context(person.tenant):
        return DigestCredential.objects.get().secret is not None


def choose(person: Person, gateway: Gateway, **chosen: Any) -> Any:
    return doing(person, services.update_gateway, gateway=gateway, expected_version=None, **chosen)


def renewed(paper: Paper) -> Paper:
    return make("Carrier root", is_authority=True, private=paper.private)


# Adding


def test_authority_is_described(alice: Person) -> None:
    row = add_authority(alice, f"noise\n{ROOT.pem}")
    assert (row.certificates, row.subject, row.issuer) == (ROOT.pem, "CN=Carrier root", "CN=Carrier root")
    assert (row.certificate_count, row.not_after) == (1, ROOT.certificate.not_valid_after_utc)
    assert len(row.fingerprint) == 64


def test_key_is_sealed_and_never_told(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    row = add_client(alice, CLIENT.pem, CLIENT.key)
    with tenant_context(alice.tenant):
        stored = ClientCertificate.objects.get(pk=row.pk)
        assert reveal(stored, "secret") == CLIENT.key
        event = AuditEvent.objects.get(verb="client_certificate.added")
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(c)::text FROM trunks_clientcertificate AS c")
            raw = cursor.fetchone()[0]
    assert event.changes["secret"] == [None, "[hidden]"]
    body = CLIENT.key.splitlines()[1]
    told = [raw, str(event.changes), caplog.text, repr(stored.secret), str(stored.__dict__)]
    assert [body in text for text in told] == [False] * len(told)


def test_everything_that_is_wrong_is_told_at_once(alice: Person) -> None:
    with pytest.raises(ValidationError) as found:
        add_client(alice, CLIENT.pem, OTHER.key, name="")
    assert codes(found) == {"name": ["blank"], "private_key": ["mismatch"]}
    with pytest.raises(ValidationError) as found:
        add_authority(alice, ROOT.key)
    assert codes(found) == {"certificates": ["private_key"]}
    assert ROOT.key.splitlines()[1] not in str(found.value)


def test_names_are_taken_once_whatever_their_case(alice: Person) -> None:
    add_authority(alice, ROOT.pem, "Carrier")
    with pytest.raises(ValidationError) as found:
        add_authority(alice, OTHER.pem, "carrier")
    assert list(found.value.error_dict) == ["name"]


# Choosing


def test_another_tenants_certificates_are_as_unknown_as_none(
    alice: Person, charlie: Person, line: Gateway
) -> None:
    theirs, shown = add_authority(charlie, ROOT.pem), add_client(charlie, CLIENT.pem, CLIENT.key)
    told = []
    for ids in ((theirs.pk, shown.pk), (line.pk, line.pk)):
        with pytest.raises(ValidationError) as found:
            choose(alice, line, trusted_authority_id=ids[0], client_certificate_id=ids[1])
        told.append(found.value.message_dict)
    assert told[0] == told[1]
    assert set(told[0]) == {"trusted_authority_id", "client_certificate_id"}


def test_only_gateways_over_tls_use_certificates(alice: Person) -> None:
    trunk = make_trunk(alice, "Plain", "sip:sip.example.com")
    ca = add_authority(alice, ROOT.pem)
    with pytest.raises(ValidationError) as found:
        choose(alice, gateway_of(trunk), trusted_authority_id=ca.pk)
    assert codes(found) == {"trusted_authority_id": ["needs_tls"]}
    with pytest.raises(ValidationError):
        doing(alice, services.add_gateway, trunk=trunk, uri="sip:b.test", client_certificate_id=ca.pk)


def test_gateway_that_leaves_tls_has_to_leave_its_certificates(alice: Person) -> None:
    shown = add_client(alice, CLIENT.pem, CLIENT.key)
    gateway = gateway_of(make_trunk(alice, "Line", URI))
    choose(alice, gateway, client_certificate_id=shown.pk)
    with pytest.raises(ValidationError) as found:
        choose(alice, gateway, uri="sip:sip.example.com;transport=tcp")
    assert codes(found) == {"client_certificate_id": ["needs_tls"]}
    choose(alice, gateway, uri="sip:sip.example.com;transport=tcp", client_certificate_id=None)
    assert gateway_of(gateway.trunk).transport == "tcp"


# Passwords


def test_trust_in_somebody_new_clears_passwords_once_confirmed(alice: Person, line: Gateway) -> None:
    ca = add_authority(alice, ROOT.pem)
    with pytest.raises(ValidationError) as found:
        choose(alice, line, trusted_authority_id=ca.pk)
    assert codes(found) == {"clear_secrets": ["confirm_clear_secrets"]}
    _row, warnings = choose(alice, line, trusted_authority_id=ca.pk, clear_secrets=True)
    assert warnings == [
        "The password of “acme” was cleared, because a gateway trusts another authority now. Enter it again."
    ]
    assert not has_password(alice)


def test_what_trusts_nobody_new_keeps_passwords(alice: Person, line: Gateway) -> None:
    both = add_authority(alice, ROOT.pem + OTHER.pem, "Both")
    fewer = add_authority(alice, renewed(ROOT).pem, "Fewer")
    shown = add_client(alice, CLIENT.pem, CLIENT.key)
    choose(alice, line, trusted_authority_id=both.pk, clear_secrets=True)
    with tenant_context(alice.tenant):
        credential = DigestCredential.objects.get()
    doing(
        alice, services.update_credential, credential=credential, expected_version=None, secret="hush again"
    )
    choose(alice, line, trusted_authority_id=fewer.pk)
    choose(alice, line, client_certificate_id=shown.pk)
    assert has_password(alice)
    choose(alice, line, trusted_authority_id=None, clear_secrets=True)
    assert not has_password(alice)


def test_replaced_authority_clears_passwords_where_it_brings_a_new_key(alice: Person, line: Gateway) -> None:
    ca = add_authority(alice, ROOT.pem)
    choose(alice, line, trusted_authority_id=ca.pk, clear_secrets=True)
    with tenant_context(alice.tenant):
        credential = DigestCredential.objects.get()
    doing(
        alice, services.update_credential, credential=credential, expected_version=None, secret="hush again"
    )
    replace = {"service": services.update_authority, "authority": ca, "expected_version": None}
    row, warnings = doing(alice, certificates=renewed(ROOT).pem, **replace)
    assert (has_password(alice), warnings, row.version) == (True, [], 2)
    with pytest.raises(ValidationError) as found:
        doing(alice, certificates=OTHER.pem, **replace)
    assert codes(found) == {"clear_secrets": ["confirm_clear_secrets"]}
    doing(alice, certificates=OTHER.pem, clear_secrets=True, **replace)
    assert not has_password(alice)


def test_added_gateway_with_an_authority_of_its_own_clears_passwords(alice: Person, line: Gateway) -> None:
    ca = add_authority(alice, ROOT.pem)
    add = {
        "service": services.add_gateway,
        "trunk": line.trunk,
        "uri": "sip:sip.example.com:5071;transport=tls",
    }
    with pytest.raises(ValidationError) as found:
        doing(alice, trusted_authority_id=ca.pk, **add)
    assert codes(found) == {"clear_secrets": ["confirm_clear_secrets"]}
    doing(alice, trusted_authority_id=ca.pk, clear_secrets=True, **add)
    assert not has_password(alice)


# Replacing


def test_certificate_alone_must_belong_to_the_stored_key(alice: Person) -> None:
    row = add_client(alice, CLIENT.pem, CLIENT.key)
    update = {"service": services.update_client_certificate, "certificate": row, "expected_version": None}
    again = make("us.example.com", ROOT, private=CLIENT.private)
    assert doing(alice, certificates=again.pem, **update).certificates == again.pem
    other = make("us.example.com", ROOT)
    with pytest.raises(ValidationError) as found:
        doing(alice, certificates=other.pem, **update)
    assert codes(found) == {"private_key": ["mismatch"]}
    stored = doing(alice, certificates=other.pem, private_key=other.key, **update)
    with tenant_context(alice.tenant):
        assert reveal(stored, "secret") == other.key


def test_key_that_cannot_be_opened_is_asked_for(alice: Person) -> None:
    certificate = add_client(alice, CLIENT.pem, CLIENT.key)
    with tenant_context(alice.tenant):
        row = ClientCertificate.objects.get()
        other = "A" if row.secret[-8] != "A" else "B"
        row.secret = type(row.secret)(f"{row.secret[:-8]}{other}{row.secret[-7:]}")
        row.save(update_fields=["secret"])
    given: dict[str, Any] = {"certificate": certificate, "expected_version": None}
    with pytest.raises(ValidationError) as error:
        doing(alice, services.update_client_certificate, certificates=CLIENT.pem, **given)
    assert codes(error) == {"private_key": ["required"]}


def test_refused_edit_shows_none_of_the_texts(alice: Person) -> None:
    row = add_client(alice, CLIENT.pem, CLIENT.key)
    with pytest.raises(VersionConflict) as found:
        doing(
            alice,
            services.update_client_certificate,
            certificate=row,
            expected_version=7,
            name="New",
            certificates=CLIENT.key,
            private_key=CLIENT.key,
        )
    assert found.value.yours == {"name": "New"}


# Deleting


def test_what_is_in_use_is_not_deleted(alice: Person, line: Gateway) -> None:
    ca = add_authority(alice, ROOT.pem)
    shown = add_client(alice, CLIENT.pem, CLIENT.key)
    choose(alice, line, trusted_authority_id=ca.pk, client_certificate_id=shown.pk, clear_secrets=True)
    delete = (
        (services.delete_authority, "authority", ca),
        (services.delete_client_certificate, "certificate", shown),
    )
    for service, name, row in delete:
        with pytest.raises(Refused, match=r"is used by sip:sip.example.com;transport=tls \(Line\)") as found:
            doing(alice, service, **{name: row})
        assert found.value.code == "in_use"
    choose(alice, line, trusted_authority_id=None, client_certificate_id=None)
    for service, name, row in delete:
        doing(alice, service, **{name: row})
    with tenant_context(alice.tenant):
        assert (TrustedAuthority.objects.count(), ClientCertificate.objects.count()) == (0, 0)
