"""What proves that a call which reaches an agent's runtime is one that we sent there.

OpenAI: whoever knows the project's id can send it a call, so a header of ours names the session, signed.
Media streams: a JSON Web Token (RFC 7519), signed with Ed25519 (RFC 8037), which the tenant's runtime checks
against the keys that we publish: no secret has to be shared.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core import signing

HEADER = "X-Cs-Call"
LIFETIME = timedelta(minutes=2)
"""Longer than a call rings at an agent (`instructions.RINGS_S`)."""
_SALT = "callsphere.calls.session"


class TokenInvalid(Exception):
    """A token that we did not make, or made too long ago."""


@dataclass(frozen=True, slots=True)
class SessionName:
    """Which session of which tenant's a call belongs to."""

    tenant_id: uuid.UUID
    session_id: uuid.UUID


def sign_session(name: SessionName) -> str:
    """Return what goes along with a call to OpenAI, for LIFETIME."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{name.tenant_id.hex}.{name.session_id.hex}")


def read_session(token: str) -> SessionName:
    """Return which session a token names. Raises TokenInvalid."""
    try:
        text = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LIFETIME)
        tenant, session = text.split(".")
        return SessionName(uuid.UUID(tenant), uuid.UUID(session))
    except (signing.BadSignature, ValueError) as error:
        raise TokenInvalid from error


def stream_audience(url: str) -> str:
    """Return who a token for a stream is for: the SHA-256 of the stream's address, as base64url.

    Written out, a long address would not leave a token short enough for Twilio.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(url.encode()).digest()).rstrip(b"=").decode()


def sign_stream(*, url: str, call_id: uuid.UUID, agent_id: uuid.UUID, now: datetime) -> str:
    """Return a token for a media stream: `aud` stands for its address, `sub` is the agent, `jti` the call.

    Its length depends on PUBLIC_URL alone; `checks.LONGEST_PUBLIC_URL` still gives one that Twilio takes.
    """
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": stream_audience(url),
        "sub": str(agent_id),
        "jti": str(call_id),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    secret = settings.SECRET_KEY
    return jwt.encode(claims, _key(secret), algorithm="EdDSA", headers={"kid": _name(secret)})


def published_keys() -> dict[str, Any]:
    """Return the keys that check stream tokens (RFC 7517): of today's secret, and of those before it."""
    secrets = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    return {"keys": [_public(secret) for secret in secrets]}


def _public(secret: str) -> dict[str, str]:
    raw = _key(secret).public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": _name(secret), "x": x}


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=b"callsphere media streams")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))


def _name(secret: str) -> str:
    return hashlib.sha256(_key(secret).public_key().public_bytes_raw()).hexdigest()[:16]
