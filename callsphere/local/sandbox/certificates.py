"""A certificate authority for the sandbox, made at first start, and the certificates it signs."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callsphere.local.paths import make_folder, write_private

_CA_LIFETIME = timedelta(days=3650)
_LIFETIME = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=60)
PrivateKey = ec.EllipticCurvePrivateKey


def server_contexts(folder: Path, now: datetime) -> dict[str, ssl.SSLContext]:
    """Return TLS contexts by certificate name, "valid" and "expired"; files are made in `folder`."""
    make_folder(folder, 0o755)
    ca, ca_key = _authority(folder, now)
    valid = _certificate(ca, ca_key, folder / "valid.pem", now, now - timedelta(hours=1), now + _LIFETIME)
    expired_on = now - timedelta(days=3)
    expired = _certificate(ca, ca_key, folder / "expired.pem", now, expired_on - _LIFETIME, expired_on)
    return {"valid": _context(valid), "expired": _context(expired)}


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, PrivateKey]:
    certificate_file, key_file = folder / "ca.pem", folder / "ca-key.pem"
    if certificate_file.is_file() and key_file.is_file():
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if certificate.not_valid_after_utc - now > _RENEW_BEFORE and isinstance(key, PrivateKey):
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("CallSphere sandbox authority")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for stale in ("valid.pem", "expired.pem"):
        (folder / stale).unlink(missing_ok=True)
    return certificate, key


def _certificate(
    ca: x509.Certificate, ca_key: PrivateKey, path: Path, now: datetime, begins: datetime, ends: datetime
) -> Path:
    """Return a file with a certificate for loopback and its key; an old one serves while it fits."""
    if path.is_file():
        there = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        if (there < now) == (ends < now) and (ends < now or there - now > _RENEW_BEFORE):
            return path
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("localhost"))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM).decode() + _pem(key))
    return path


def _context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def today() -> datetime:
    """Return now, with its zone."""
    return datetime.now(UTC)
