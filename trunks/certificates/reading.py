"""Certificates and keys as people paste them: read strictly, with a sentence for everything that is wrong.

Nothing of what was pasted stands in any error: a private key may be in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

LONGEST_PEM = 64 * 1024
LONGEST_KEY = 16 * 1024
MOST_AUTHORITIES = 20
LONGEST_CHAIN = 10
_RSA_BITS = range(2048, 16_384 + 1)
_EC_BITS = 256
_BROKEN_HASHES = ("md5", "sha1")

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s:,.-]+?-----END \1-----")
_HOW_TO_CONVERT = "Convert other files first: openssl x509 -inform der -in FILE"


class CertificateProblem(Exception):
    """What is pasted cannot be used; `str()` says what to change, `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Chain:
    """Certificates that were read, and the same as PEM with nothing else in it."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> str:
        """The certificates as text."""
        encoding = serialization.Encoding.PEM
        return "".join(each.public_bytes(encoding).decode() for each in self.certificates)

    @property
    def first(self) -> x509.Certificate:
        """The one that it is named after."""
        return self.certificates[0]

    @property
    def not_after(self) -> datetime:
        """When the first of them ends, whichever that is."""
        return min(each.not_valid_after_utc for each in self.certificates)

    @property
    def not_before(self) -> datetime:
        """From when on all of them are valid."""
        return max(each.not_valid_before_utc for each in self.certificates)


def read_authorities(text: str, now: datetime) -> Chain:
    """Read what is to be trusted. Raises CertificateProblem."""
    if "PRIVATE KEY" in text.upper():
        raise CertificateProblem(
            "private_key",
            "This holds a private key, and nothing of it was stored. An authority is trusted by its"
            " certificate alone: paste only what stands from BEGIN CERTIFICATE to END CERTIFICATE.",
        )
    found = _read(text, MOST_AUTHORITIES)
    for each in found:
        _check_period(each, now)
        _check_is_authority(each)
        _check_strength(each)
    return Chain(tuple(found))


def read_client_certificate(text: str, now: datetime) -> Chain:
    """Read a certificate of ours and those that lead to its authority. Raises CertificateProblem."""
    if "PRIVATE KEY" in text.upper():
        raise CertificateProblem(
            "private_key",
            "This holds a private key, which belongs into its own field. Paste only what stands from BEGIN"
            " CERTIFICATE to END CERTIFICATE here.",
        )
    found = _read(text, LONGEST_CHAIN)
    if _is_authority(found[0]) and any(not _is_authority(each) for each in found):
        raise CertificateProblem("wrong_order", "Paste your own certificate first, its authorities after it.")
    # One that vouches for itself alone may be a client's: openssl req -x509 marks it as an authority.
    # Whether it is, only the key tells.
    if _is_authority(found[0]) and not (len(found) == 1 and found[0].subject == found[0].issuer):
        raise _authority_as_client(found[0])
    chain = _in_order(found)
    for each in chain:
        _check_period(each, now)
        _check_strength(each)
        _check_signature(each)
    return Chain(tuple(chain))


def read_private_key(text: str, chain: Chain) -> str:
    """Return the key that belongs to a certificate as PEM, not encrypted. Raises CertificateProblem."""
    if not text.strip():
        raise CertificateProblem("required", "Paste the private key that belongs to the certificate.")
    if len(text) > LONGEST_KEY:
        raise CertificateProblem("too_large", f"A private key has at most {LONGEST_KEY // 1024} KB.")
    blocks = [match[0] for match in _BLOCK.finditer(text) if match[1].endswith("PRIVATE KEY")]
    if not blocks:
        raise CertificateProblem(
            "not_pem",
            "This is no private key in PEM form, a text that begins with -----BEGIN PRIVATE KEY-----."
            " Convert other files first: openssl pkey -in FILE, or openssl pkcs12 -nocerts -nodes -in FILE.",
        )
    if len(blocks) > 1:
        raise CertificateProblem("several", "Paste one private key, that of the certificate.")
    key = _load_key(blocks[0])
    if _spki(key.public_key()) != _public_bytes(chain.first):
        if _is_authority(chain.first):
            raise _authority_as_client(chain.first)
        raise CertificateProblem(
            "mismatch",
            "This key does not belong to the certificate. Paste the one that was made with its request.",
        )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _authority_as_client(certificate: x509.Certificate) -> CertificateProblem:
    return CertificateProblem(
        "is_authority",
        f"{name_of(certificate.subject)} is an authority, not a client. If it is the carrier's, add it as"
        " a trusted authority instead.",
    )


def authorities_keys(pem: str) -> set[bytes]:
    """Return the public keys of stored authorities: who is trusted, whatever certificate says so."""
    return {_public_bytes(each) for each in x509.load_pem_x509_certificates(pem.encode())}


def name_of(name: x509.Name) -> str:
    """Return how people call a subject or issuer: the common name, or else the organisation."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return _printable(str(found[0].value))
    return _printable(name.rfc4514_string()) or "without a name"


def full_name(name: x509.Name) -> str:
    """Return all of a subject or issuer, as RFC 4514 writes it."""
    return _printable(name.rfc4514_string()) or "without a name"


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _read(text: str, most: int) -> list[x509.Certificate]:
    if not text.strip():
        raise CertificateProblem(
            "required", "Paste the certificate, from BEGIN CERTIFICATE to END CERTIFICATE."
        )
    if len(text) > LONGEST_PEM:
        raise CertificateProblem("too_large", f"Paste at most {LONGEST_PEM // 1024} KB.")
    blocks = list(_BLOCK.finditer(text))
    if any(block[1].endswith("CERTIFICATE REQUEST") for block in blocks):
        raise CertificateProblem(
            "is_request", "This is a request for a certificate. Paste the certificate that was issued for it."
        )
    if not blocks or any(block[1] != "CERTIFICATE" for block in blocks):
        raise CertificateProblem(
            "not_pem",
            "This is no certificate in PEM form, a text that begins with -----BEGIN CERTIFICATE-----."
            f" {_HOW_TO_CONVERT}",
        )
    if text.count("-----BEGIN ") != len(blocks):
        raise CertificateProblem(
            "cut_off", "A certificate is cut off. Paste all of it, to its END CERTIFICATE."
        )
    if len(blocks) > most:
        raise CertificateProblem("too_many", f"Paste at most {most} certificates.")
    return _once(_load(block[0], number) for number, block in enumerate(blocks, 1))


def _load(block: str, number: int) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(block.encode())
        # Read lazily: what is broken inside shows only now.
        _public_bytes(certificate)
        _is_authority(certificate)
        full_name(certificate.subject), full_name(certificate.issuer)
        _ = certificate.signature_hash_algorithm
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType):
        message = f"Certificate {number} cannot be read: it is damaged. Copy it again."
        raise CertificateProblem("damaged", message) from None
    return certificate


def _once(certificates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    return list({fingerprint(each): each for each in certificates}.values())


def _in_order(found: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the first certificate and those that vouch for it, each for the one before."""
    chain, rest = [found[0]], list(found[1:])
    while rest:
        issuer = next((each for each in rest if each.subject == chain[-1].issuer), None)
        if issuer is None:
            raise CertificateProblem(
                "foreign_chain",
                f"{name_of(rest[0].subject)} does not vouch for {name_of(chain[-1].subject)}. Paste your own"
                " certificate first, then only those that lead from it to its authority.",
            )
        chain.append(issuer)
        rest.remove(issuer)
    return chain


def _load_key(block: str) -> PrivateKeyTypes:
    if "ENCRYPTED" in block:
        raise CertificateProblem(
            "passphrase",
            "This key is protected by a passphrase, which nobody can type in when a line is checked at night."
            " Take it off first: openssl pkey -in KEY.pem -out PLAIN.pem. The key is stored encrypted here.",
        )
    try:
        return serialization.load_pem_private_key(block.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificateProblem(
            "damaged", "This key cannot be read: it is damaged. Copy it again."
        ) from None


def _check_period(certificate: x509.Certificate, now: datetime) -> None:
    ended = certificate.not_valid_after_utc
    if ended <= now:
        raise CertificateProblem(
            "expired",
            f"{name_of(certificate.subject)} expired on {ended:%d %B %Y}. Paste one that is valid today.",
        )


def _check_is_authority(certificate: x509.Certificate) -> None:
    if not _is_authority(certificate):
        raise CertificateProblem(
            "not_an_authority",
            f"{name_of(certificate.subject)} is no authority: it vouches for nobody. Ask the carrier for the"
            f" certificate of its authority, {name_of(certificate.issuer)}.",
        )


def _is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may sign others (RFC 5280 §4.2.1.9 and §4.2.1.3)."""
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid


def _check_strength(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _EC_BITS
    )
    if not strong:
        raise CertificateProblem(
            "weak_key",
            f"The key of {name_of(certificate.subject)} is too weak, or of a kind that is not taken: use RSA"
            " with 2048 bits or more, or an elliptic curve with 256 bits or more.",
        )


def _check_signature(certificate: x509.Certificate) -> None:
    hashed = certificate.signature_hash_algorithm
    is_root = certificate.subject == certificate.issuer  # nobody checks what it says of itself
    if hashed is not None and hashed.name in _BROKEN_HASHES and not is_root:
        raise CertificateProblem(
            "weak_signature",
            f"{name_of(certificate.subject)} is signed with {hashed.name.upper()}, which is broken. Have it"
            " issued again with SHA-256.",
        )


def _public_bytes(certificate: x509.Certificate) -> bytes:
    return _spki(certificate.public_key())


def _spki(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined]  # every kind of key that we take has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:255]
