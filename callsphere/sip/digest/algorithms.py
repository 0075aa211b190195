"""The digest computation (RFC 7616 §3.4, RFC 8760 §2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha_256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha_512_256(data: bytes) -> str:
    return hashlib.new("sha512_256", data).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {
    **({"SHA-512-256": _sha_512_256} if "sha512_256" in hashlib.algorithms_available else {}),
    "SHA-256": _sha_256,
    "MD5": _md5,
}

ALGORITHMS: tuple[str, ...] = tuple(name + suffix for name in _HASHES for suffix in ("", "-sess"))
"""What we can compute, strongest first; the plain form before -sess, which fewer peers get right."""


def canonical(algorithm: str | None) -> str | None:
    """The name in ALGORITHMS, whatever its case; MD5 when absent (RFC 7616 §3.3), None when unknown."""
    name = "MD5" if algorithm is None else algorithm.upper().replace("-SESS", "-sess")
    return name if name in ALGORITHMS else None


def digest_response(
    *,
    algorithm: str,
    username: str,
    realm: str,
    password: str,
    nonce: str,
    method: str,
    uri: str,
    qop: str | None = None,
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
) -> str:
    """The `response` value in hexadecimal digits (RFC 7616 §3.4.1; the RFC 2069 form without qop).

    `algorithm` is one of ALGORITHMS, `qop` "auth", "auth-int" or None, `nc` eight hexadecimal digits.
    All texts are without quotes and escapes. Raises KeyError for another algorithm.
    """
    name, sess, _ = algorithm.partition("-sess")
    hashed = _HASHES[name]

    def digest(*parts: str) -> str:
        # Bytes that were no UTF-8 on the wire go into the hash as they came.
        return hashed(":".join(parts).encode("utf-8", "surrogateescape"))

    ha1 = digest(username, realm, password)
    if sess:
        ha1 = digest(ha1, nonce, cnonce)
    ha2 = digest(method, uri, hashed(body)) if qop == "auth-int" else digest(method, uri)
    return digest(ha1, nonce, nc, cnonce, qop, ha2) if qop else digest(ha1, nonce, ha2)
