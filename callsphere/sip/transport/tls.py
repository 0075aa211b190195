"""TLS towards peers: trust, identity (RFC 5922) and the handshake, over bytes that others carry.

`TlsClient` takes what came from the connection and gives what is to go out, so that every way a
handshake can fail is seen and named in one place.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from typing import Any

from callsphere.sip.transport.profile import TlsProfile

_CERTIFICATE_REQUEST = 13  # RFC 5246 §7.4.4
_HANDSHAKE, _ALERT = 22, 21  # RFC 5246 §6.2.1
_WATCHED_BYTES = 64 * 1024

# OpenSSL's X509_V_ERR_* numbers; every other verification error is a chain that leads to no known root.
_BY_VERIFY_CODE = {
    9: "tls_not_yet_valid",
    10: "tls_expired",
    62: "tls_name_mismatch",
    64: "tls_name_mismatch",
}
_NO_COMMON_GROUND = (
    *("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "WRONG_VERSION_NUMBER"),
    *("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY", "KEY_TOO_SMALL", "VERSION_TOO_LOW"),
    *("LEGACY_SIGALG", "UNSAFE_LEGACY_RENEGOTIATION", "WRONG_SIGNATURE_TYPE", "WRONG_CIPHER_RETURNED"),
)
_REFUSES_OUR_LACK = (
    "BAD_CERTIFICATE",
    "HANDSHAKE_FAILURE",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "CERTIFICATE_UNKNOWN",
)
# What a server says of a certificate that it was shown and does not take (RFC 8446 §6.2).
_REFUSES_OURS = (
    *_REFUSES_OUR_LACK,
    *("CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "UNSUPPORTED_CERTIFICATE", "DECRYPT_ERROR"),
)


class TlsFailure(Exception):
    """A handshake that failed; `cause` is a code of `callsphere.sip.causes`."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


class TlsTrust:
    """The system's roots, and those of `ca_file` besides, or a profile's own authorities alone.

    TLS 1.2 or newer. Raises OSError or ssl.SSLError when `ca_file` or the profile cannot be read.
    """

    def __init__(self, ca_file: str | None = None, profile: TlsProfile | None = None) -> None:
        self._profile = profile
        self._verifying = self._context(profile)
        if ca_file is not None and not (profile and profile.authorities):
            self._verifying.load_verify_locations(cafile=ca_file)
        self._trusting: ssl.SSLContext | None = None

    @staticmethod
    def _context(profile: TlsProfile | None) -> ssl.SSLContext:
        own = profile.authorities if profile is not None else ""
        context = ssl.create_default_context(cadata=own or None)
        if own:
            # An authority that was entered is trusted as it is, also where another one vouches for it.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False  # RFC 5922 has its own rules: see `check_identity`
        if profile is not None:
            profile.load_into(context)
        return context

    def client(self, server_name: str, *, verify: bool = True) -> TlsClient:
        """A handshake to come with the peer of this name or address."""
        presents = self._profile is not None and self._profile.presents
        context = self._verifying if verify else self._unverified()
        return TlsClient(context, server_name, verify=verify, presents=presents)

    def _unverified(self) -> ssl.SSLContext:
        if self._trusting is None:
            self._trusting = self._context(self._profile)
            self._trusting.verify_mode = ssl.CERT_NONE
        return self._trusting


class TlsClient:
    """Our side of one TLS connection; `presents` when we have a certificate of our own to show."""

    def __init__(
        self, context: ssl.SSLContext, server_name: str, *, verify: bool, presents: bool = False
    ) -> None:
        self._server_name = server_name
        self._verify = verify
        self._presents = presents
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._seen = bytearray()
        self.established = False

    def start(self) -> None:
        """Begin the handshake; raise TlsFailure."""
        self._advance()

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        return self._outgoing.read()

    def write(self, data: bytes) -> None:
        """Encrypt data for the peer; raise TlsFailure."""
        try:
            self._ssl.write(data)
        except ssl.SSLError as error:
            raise self._failure(error) from None

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the connection and give the plain text in them; raise TlsFailure."""
        if not self.established:
            self._watch(data)
        self._incoming.write(data)
        if not self.established:
            self._advance()
        return self._read() if self.established else b""

    @property
    def version(self) -> str | None:
        """ "TLSv1.2" or "TLSv1.3" once that is settled."""
        return self._ssl.version()

    @property
    def certificate(self) -> dict[str, Any]:
        """The verified certificate of the peer, as `ssl.SSLSocket.getpeercert` gives it."""
        return dict(self._ssl.getpeercert() or {})

    def _advance(self) -> None:
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            raise self._failure(error) from None
        self.established = True
        if self._verify:
            check_identity(self.certificate, self._server_name)

    def _read(self) -> bytes:
        pieces = []
        try:
            while piece := self._ssl.read(65536):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            pass  # close_notify: the end of the connection itself follows
        except ssl.SSLError as error:
            raise self._failure(error) from None
        return b"".join(pieces)

    def _watch(self, data: bytes) -> None:
        """Keep the handshake's bytes, and refuse what is no TLS by its first ones."""
        if len(self._seen) < _WATCHED_BYTES:
            self._seen += data
        if self._seen[0] not in (_HANDSHAKE, _ALERT) or bytes(self._seen[1:2]) not in (b"", b"\x03"):
            raise TlsFailure("tls_not_spoken", "The port answered with something that is not TLS.")

    def _failure(self, error: ssl.SSLError) -> TlsFailure:
        if isinstance(error, ssl.SSLCertVerificationError):
            cause = _BY_VERIFY_CODE.get(error.verify_code, "tls_untrusted")
            return TlsFailure(cause, f"The certificate was refused: {error.verify_message}.")
        reason = (error.reason or "UNKNOWN").upper()
        said = reason.replace("_", " ").lower()
        if (about_us := self._about_our_certificate(reason, said)) is not None:
            return about_us
        if "UNRECOGNIZED_NAME" in reason:
            return TlsFailure("tls_name_mismatch", f"The peer does not know the name {self._server_name}.")
        if any(word in reason for word in _NO_COMMON_GROUND):
            return TlsFailure("tls_version", f"No common TLS version or cipher ({said}).")
        return TlsFailure("connection_closed", f"The peer ended the TLS connection ({said}).")

    def _about_our_certificate(self, reason: str, said: str) -> TlsFailure | None:
        """What an alert says of the certificate that we showed or lack; None when it is of something else."""
        asked = self.established or certificate_requested(bytes(self._seen))
        if self._presents and asked and "ALERT" in reason and any(word in reason for word in _REFUSES_OURS):
            return TlsFailure(
                "tls_client_cert_rejected", f"The peer refused the certificate we showed ({said})."
            )
        refused = asked and "ALERT" in reason and any(word in reason for word in _REFUSES_OUR_LACK)
        if "CERTIFICATE_REQUIRED" in reason or refused:
            return TlsFailure("tls_client_cert_required", "The peer asked for a certificate of ours.")
        return None


def certificate_requested(flight: bytes) -> bool:
    """Whether a server's first bytes of TLS 1.2 ask for a client certificate (RFC 5246 §7.4.4).

    TLS 1.3 encrypts the request, but names its lack in an alert of its own (RFC 8446 §6.2).
    """
    messages = bytearray()
    at = 0
    while at + 5 <= len(flight) and flight[at] == _HANDSHAKE:
        length = int.from_bytes(flight[at + 3 : at + 5], "big")
        messages += flight[at + 5 : at + 5 + length]
        at += 5 + length
    at = 0
    while at + 4 <= len(messages):
        if messages[at] == _CERTIFICATE_REQUEST:
            return True
        at += 4 + int.from_bytes(messages[at + 1 : at + 4], "big")
    return False


def check_identity(certificate: dict[str, Any], server_name: str) -> None:
    """Raise TlsFailure unless the certificate is for this domain or literal address (RFC 5922 §7).

    SIP URI names count first and DNS names where there are none; the common name never does.
    """
    names: list[tuple[str, str]] = list(certificate.get("subjectAltName", ()))
    if _is_address(server_name):
        found = [value for kind, value in names if kind == "IP Address"]
        matched = any(_same_address(value, server_name) for value in found)
    else:
        found = _sip_domains(value for kind, value in names if kind == "URI")
        found = found or [value for kind, value in names if kind == "DNS"]
        matched = any(_same_domain(value, server_name) for value in found)
    if not matched:
        shown = ", ".join(found[:3]) or "no name of that kind"
        raise TlsFailure("tls_name_mismatch", f"The certificate is for {shown}, not for {server_name}.")


def _sip_domains(uris: Iterable[str]) -> list[str]:
    """Hosts of SIP URIs without a user part, which would name a person (RFC 5922 §7.1)."""
    domains = []
    for uri in uris:
        scheme, _, rest = uri.partition(":")
        if scheme.lower() == "sip" and "@" not in rest:
            domains.append(rest.partition(";")[0].partition(":")[0])
    return domains


def _same_domain(pattern: str, name: str) -> bool:
    """Whether a certificate's name is this one.

    RFC 5922 §7.2 wants no wildcards, but large carriers serve their customers' hosts with one in the
    leftmost label and the phones that call there accept it (RFC 6125 §6.4.3), so it counts here too.
    """
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*."):
        first, _, rest = name.partition(".")
        return bool(first) and "." in rest and rest == pattern[2:]
    return pattern == name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _same_address(value: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(value.strip()) == ipaddress.ip_address(address)
    except ValueError:
        return False
