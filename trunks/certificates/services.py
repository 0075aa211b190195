"""Authorities that gateways trust, and certificates that they show. Keys go in and are never shown again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from callsphere.lib.errors import Refused
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.tls import TlsFailure
from callsphere.sip.transport.trusts import usable_trust
from tenants.audit import Actor, snapshot
from tenants.keys import reveal_all, seal_for
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    name_fields_worked_out,
    one_line,
    remove,
    save_edit,
)
from trunks.access.services.secrets import clear_passwords, outbound_passwords
from trunks.certificates.expiry import end_expiry, tell_expiry
from trunks.certificates.reading import (
    CertificateProblem,
    Chain,
    authorities_keys,
    fingerprint,
    full_name,
    read_authorities,
    read_client_certificate,
    read_private_key,
)
from trunks.certificates.tls_choices import use_at_once
from trunks.enums import ClearedBecause
from trunks.models import ClientCertificate, Expiring, Gateway, Trunk, TrustedAuthority

CERTIFICATES_PER_TENANT = 50
_FIELDS = ("name", "subject", "fingerprint", "not_after")
_SECRET_FIELDS = (*_FIELDS, "secret")
_GATEWAYS_NAMED = 5
_READ = ("subject", "issuer", "fingerprint", "certificate_count", "not_before", "not_after", "secret")
name_fields_worked_out({"certificates": _READ, "private_key": ("certificates", *_READ)})
name_fields_of_constraints({"trusted_authority_name_once": "name", "client_certificate_name_once": "name"})

E = TypeVar("E", bound=Expiring)


def add_authority(*, tenant: Tenant, actor: Actor, name: str, certificates: str) -> TrustedAuthority:
    """Add authorities to trust, as PEM. Raises ValidationError by field, and LimitReached."""
    row = TrustedAuthority(tenant=tenant)
    wrong = _apply_name(row, {"name": name})
    with _as_field("certificates", wrong):
        _describe(row, read_authorities(certificates, timezone.now()))
    with transaction.atomic():
        _insert(row, wrong, tenant=tenant, actor=actor, verb="trusted_authority.added", fields=_FIELDS)
    return row


def update_authority(
    *,
    tenant: Tenant,
    actor: Actor,
    authority: TrustedAuthority,
    expected_version: int | None,
    clear_secrets: bool = False,
    **changes: Any,
) -> tuple[TrustedAuthority, list[str]]:
    """Change name, or replace the certificates; return it as stored with warnings for the person.

    New certificates are used at once wherever the authority is chosen. If a key is among them that was not
    trusted before, the passwords that these trunks would send are cleared, which needs `clear_secrets`.
    Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, ("name", "certificates"))
    with transaction.atomic():
        row = locked(TrustedAuthority, tenant, authority.pk)
        check_version(row, expected_version, _without_texts(changes))
        before, old = snapshot(row, _FIELDS), row.certificates
        wrong = _apply_name(row, changes)
        if "certificates" in changes:
            with _as_field("certificates", wrong):
                _describe(row, read_authorities(changes["certificates"], timezone.now()))
        users = _lock_users(row) if row.certificates != old else []
        warnings: list[str] = []
        if users and not authorities_keys(row.certificates) <= authorities_keys(old):
            with wrong.gathered():
                warnings = _clear_of(users, tenant=tenant, actor=actor, confirmed=clear_secrets)
        verb = "trusted_authority.updated"
        save_edit(row, before, tenant=tenant, actor=actor, verb=verb, wrong=wrong)
        if row.certificates != old:
            _replaced(row, users)
    return row, warnings


def delete_authority(
    *, tenant: Tenant, actor: Actor, authority: TrustedAuthority, expected_version: int | None = None
) -> None:
    """Delete an authority. Raises VersionConflict, and Refused while a gateway uses it or when it is gone."""
    _delete(TrustedAuthority, authority, expected_version, tenant=tenant, actor=actor, fields=_FIELDS)


def add_client_certificate(
    *, tenant: Tenant, actor: Actor, name: str, certificates: str, private_key: str
) -> ClientCertificate:
    """Add a certificate to show, with its key, both as PEM.

    Raises ValidationError by field, and LimitReached.
    """
    row = ClientCertificate(tenant=tenant)
    wrong = _apply_name(row, {"name": name})
    _set_certificate(row, certificates, private_key, wrong)
    with transaction.atomic():
        verb = "client_certificate.added"
        _insert(row, wrong, tenant=tenant, actor=actor, verb=verb, fields=_SECRET_FIELDS)
    return row


def update_client_certificate(
    *,
    tenant: Tenant,
    actor: Actor,
    certificate: ClientCertificate,
    expected_version: int | None,
    certificates: str | None = None,
    private_key: str | None = None,
    **changes: Any,
) -> ClientCertificate:
    """Change name, or replace the certificate; return it as stored.

    A certificate without a key must belong to the stored one. It is used at once wherever it is chosen.
    Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, ("name",))
    with transaction.atomic():
        row = locked(ClientCertificate, tenant, certificate.pk)
        check_version(row, expected_version, _without_texts(changes))
        before = snapshot(row, _SECRET_FIELDS)
        wrong = _apply_name(row, changes)
        if certificates is not None or private_key is not None:
            chain = row.certificates if certificates is None else certificates
            # A stored key that cannot be opened is none: it is asked for.
            key = reveal_all([row], "secret").get(row.pk, "") if private_key is None else private_key
            _set_certificate(row, chain, key, wrong)
        verb, is_new = "client_certificate.updated", private_key is not None
        save_edit(row, before, tenant=tenant, actor=actor, verb=verb, wrong=wrong, new_secret=is_new)
        if certificates is not None or is_new:
            _replaced(row, _lock_users(row))
    return row


def delete_client_certificate(
    *, tenant: Tenant, actor: Actor, certificate: ClientCertificate, expected_version: int | None = None
) -> None:
    """Delete a certificate with its key. Raises VersionConflict, and Refused while a gateway uses it."""
    _delete(
        ClientCertificate, certificate, expected_version, tenant=tenant, actor=actor, fields=_SECRET_FIELDS
    )


def users_of(row: Expiring) -> list[Gateway]:
    """Return the gateways that use an authority or a certificate, with their trunks."""
    return list(row.gateways.select_related("trunk").order_by("trunk__name", "uri"))  # type: ignore[attr-defined]  # both kinds have it


def _without_texts(changes: dict[str, Any]) -> dict[str, Any]:
    """Return what may be shown of an edit that is refused: a private key may stand in the texts."""
    return {name: value for name, value in changes.items() if name != "certificates"}


def _apply_name(row: Expiring, changes: dict[str, Any]) -> FieldErrors:
    wrong = FieldErrors()
    if "name" in changes:
        with wrong.gathered():
            row.name = one_line("name", changes["name"])
    return wrong


@contextmanager
def _as_field(field: str, wrong: FieldErrors) -> Iterator[None]:
    """Note what is wrong with a text that was pasted, and keep nothing of the text."""
    with wrong.gathered():
        try:
            yield
        except CertificateProblem as problem:
            raise field_error(field, str(problem), problem.code) from None


def _describe(row: Expiring, chain: Chain) -> None:
    row.certificates, row.certificate_count = chain.pem, len(chain.certificates)
    row.subject, row.issuer = full_name(chain.first.subject), full_name(chain.first.issuer)
    row.fingerprint = fingerprint(chain.first)
    row.not_before, row.not_after = chain.not_before, chain.not_after


def _set_certificate(row: ClientCertificate, text: str, key_text: str, wrong: FieldErrors) -> None:
    chain = key = None
    with _as_field("certificates", wrong):
        chain = read_client_certificate(text, timezone.now())
    if chain is None:
        return
    with _as_field("private_key", wrong):
        key = read_private_key(key_text, chain)
        _try_out(chain, key)
    if key is None:
        return
    _describe(row, chain)
    row.secret = seal_for(row, "secret", key)


def _try_out(chain: Chain, key: str) -> None:
    """See that OpenSSL takes what was read: it refuses some that are well-formed."""
    try:
        # Its own certificate stands in for the authorities, so that the system's need not be read.
        usable_trust(None, TlsProfile("", authorities=chain.pem, chain=chain.pem, private_key=key))
    except TlsFailure as failure:
        raise CertificateProblem("unusable", failure.detail) from None


def _insert(
    row: E, wrong: FieldErrors, *, tenant: Tenant, actor: Actor, verb: str, fields: tuple[str, ...]
) -> None:
    lock_tenant(tenant)
    check_room(
        type(row)._default_manager.filter(tenant=tenant),
        CERTIFICATES_PER_TENANT,
        f"There is room for {CERTIFICATES_PER_TENANT}. Delete one that no gateway uses.",
    )
    insert(row, tenant=tenant, actor=actor, verb=verb, fields=fields, wrong=wrong)
    tell_expiry([row], timezone.now())


def _lock_users(row: Expiring) -> list[Gateway]:
    """Lock the trunks of the gateways that use it, after itself, and return these gateways."""
    trunk_ids = {each.trunk_id for each in users_of(row)}
    list(Trunk.objects.select_for_update(no_key=True).filter(pk__in=trunk_ids).order_by("pk").values("pk"))
    return users_of(row)


def _clear_of(users: list[Gateway], *, tenant: Tenant, actor: Actor, confirmed: bool) -> list[str]:
    trunks = {each.trunk_id: each.trunk for each in users}
    lost = [password for trunk in trunks.values() for password in outbound_passwords(trunk)]
    because = ClearedBecause.TRUST
    return clear_passwords(lost, because, tenant=tenant, actor=actor, confirmed=confirmed)


def _replaced(row: Expiring, users: list[Gateway]) -> None:
    end_expiry(row, f"Replaced by one that is valid until {row.not_after:%d %B %Y}.")
    if row.expiry_told:
        row.expiry_told = ""
        type(row)._default_manager.filter(pk=row.pk).update(expiry_told="")
    tell_expiry([row], timezone.now())
    use_at_once(users)


def _delete(
    model: type[E],
    given: Expiring,
    expected_version: int | None,
    *,
    tenant: Tenant,
    actor: Actor,
    fields: tuple[str, ...],
) -> None:
    with transaction.atomic():
        row = locked(model, tenant, given.pk)
        check_version(row, expected_version, {})
        users = users_of(row)
        if users:
            raise Refused(_in_use(row, users), code="in_use")
        end_expiry(row, "It was deleted.")
        verb = f"{str(model._meta.verbose_name).replace(' ', '_')}.deleted"
        remove(row, tenant=tenant, actor=actor, verb=verb, fields=fields)


def _in_use(row: Expiring, users: list[Gateway]) -> str:
    named = ", ".join(f"{each.uri} ({each.trunk})" for each in users[:_GATEWAYS_NAMED])
    more = len(users) - _GATEWAYS_NAMED
    others = f" and {more} more" if more > 0 else ""
    return f"“{row.name}” is used by {named}{others}. Choose another there first, or none."
