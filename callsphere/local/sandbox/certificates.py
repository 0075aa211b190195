"""A certificate authority for the sandbox, made at first start, and the certificates it signs."""

import ipaddress
import ssl
import warnings
from dataclasses import dataclass
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
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ODD_VERSIONS = "DEFAULT:@SECLEVEL=0"
PrivateKey = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Kind:
    """A certificate to make: when it begins and ends, counted from now, and for which host.

    One that is there already serves while it begins and ends at such times, counted from then.
    """

    name: str
    begins: timedelta
    ends: timedelta
    begins_after: timedelta = -10 * _LIFETIME
    ends_after: timedelta = -10 * _LIFETIME
    host: str = "localhost"
    self_signed: bool = False

    def fits(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether a certificate still plays this part."""
        begins, ends = certificate.not_valid_before_utc - now, certificate.not_valid_after_utc - now
        return self.begins_after < begins <= self.begins and self.ends_after < ends <= self.ends


_KINDS = (
    Kind("valid", -_HOUR, _LIFETIME, ends_after=_RENEW_BEFORE),
    Kind("expired", -_LIFETIME, -3 * _DAY),
    Kind("early", 7 * _DAY, _LIFETIME, begins_after=2 * _DAY),
    Kind("late", -_HOUR, 7 * _DAY, ends_after=2 * _DAY),
    Kind("other", -_HOUR, _LIFETIME, ends_after=_RENEW_BEFORE, host="sip.example.com"),
    Kind("stranger", -_HOUR, _LIFETIME, ends_after=_RENEW_BEFORE, self_signed=True),
)


def server_contexts(folder: Path, now: datetime) -> dict[str, ssl.SSLContext]:
    """Return TLS contexts by name: one for each kind of certificate, and odd ones with a valid certificate.

    "old" speaks TLS 1.1 at most, "asking" wants a certificate of the caller. Files are made in `folder`.
    """
    make_folder(folder, 0o755)
    ca, ca_key = _authority(folder, now)
    files = {kind.name: _certificate(ca, ca_key, folder / f"{kind.name}.pem", now, kind) for kind in _KINDS}
    old, asking = _context(files["valid"]), _context(files["valid"])
    old.set_ciphers(_ODD_VERSIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is outdated is the point
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(folder / "ca.pem")
    return {name: _context(path) for name, path in files.items()} | {"old": old, "asking": asking}


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
    for kind in _KINDS:
        (folder / f"{kind.name}.pem").unlink(missing_ok=True)
    return certificate, key


def _certificate(ca: x509.Certificate, ca_key: PrivateKey, path: Path, now: datetime, kind: Kind) -> Path:
    """Return a file with a certificate and its key; an old one serves while it fits."""
    if path.is_file() and kind.fits(x509.load_pem_x509_certificate(path.read_bytes()), now):
        return path
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(kind.host)]
    if kind.host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    name, signer = _name(kind.host), key if kind.self_signed else ca_key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if kind.self_signed else ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + kind.begins)
        .not_valid_after(now + kind.ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
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
