"""Tokens that people and programs hold: made once, kept only as hashes.

They carry 256 random bits, so a plain SHA-256 cannot be guessed back (a slow hash is for passwords).
"""

import hashlib
import re
import secrets

API_KEY = "cs_live"
AFFILIATE_KEY = "cs_aff"


def key_format(kind: str) -> re.Pattern[str]:
    """Return what keys of a kind look like; the first group is the public id."""
    return re.compile(rf"{kind}_([0-9a-z]{{12}})_[0-9A-Za-z_-]{{43}}")


API_KEY_FORMAT = key_format(API_KEY)
AFFILIATE_KEY_FORMAT = key_format(AFFILIATE_KEY)


def new_key(kind: str) -> tuple[str, str]:
    """Return a fresh key and its public id: `<kind>_<12 characters>_<43 characters>`."""
    public_id = "".join(secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(12))
    return f"{kind}_{public_id}_{secrets.token_urlsafe(32)}", public_id


def new_token() -> str:
    """Return a fresh token for a link."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode()).digest()
