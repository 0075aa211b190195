"""Authorities, certificates and keys of tests, as people would paste them; and their addition in one line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.models import ClientCertificate, TrustedAuthority

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Paper:
    """A certificate with its key, as objects and as PEM."""

    certificate: x509.Certificate
    private: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key(self) -> str:
        return self.key_as()

    def key_as(self, passphrase: bytes | None = None, form: str = "PKCS8") -> str:
        encryption: Any = serialization.NoEncryption()
        if passphrase is not None:
            encryption = serialization.BestAvailableEncryption(passphrase)
        chosen = getattr(serialization.PrivateFormat, form)
        return self.private.private_bytes(serialization.Encoding.PEM, chosen, encryption).decode()


def make(
    name: str,
    by: Paper | None = None,
    *,
    is_authority: bool = False,
    ends: dt.timedelta = 90 * DAY,
    private: Any = None,
    signed_with: Any = None,
    extensions: bool = True,
) -> Paper:
    """Return a certificate, signed by another one or by itself."""
    now = dt.datetime.now(dt.UTC)
    private = private or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 400 * DAY)
        .not_valid_after(now + ends)
    )
    if extensions:
        constraints = x509.BasicConstraints(ca=is_authority, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
    signer = by.private if by else private
    hashed = None if isinstance(signer, ed25519.Ed25519PrivateKey) else signed_with or hashes.SHA256()
    return Paper(builder.sign(signer, hashed), private)


def weak_rsa() -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def dsa_key() -> Any:
    return dsa.generate_private_key(key_size=2048)


def add_authority(person: Person, pem: str, name: str = "Carrier CA") -> TrustedAuthority:
    with tenant_context(person.tenant):
        return services.add_authority(tenant=person.tenant, actor=person.actor, name=name, certificates=pem)


def add_client(person: Person, pem: str, key: str, name: str = "Us") -> ClientCertificate:
    with tenant_context(person.tenant):
        return services.add_client_certificate(
            tenant=person.tenant, actor=person.actor, name=name, certificates=pem, private_key=key
        )
