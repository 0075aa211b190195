"""Authenticated encryption of single values: AES-256-GCM, bound to the place the value belongs to."""

import base64
import binascii
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = "v1"


class SecretUnreadable(Exception):
    """The value cannot be decrypted: wrong key, another row's value, or damaged."""


class Sealed(str):
    """An encrypted value. Printing it by accident shows nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<sealed>"


def new_key() -> bytes:
    """Return a fresh AES-256 key."""
    return os.urandom(KEY_BYTES)


def seal(key_id: str, key: bytes, plaintext: bytes, place: str) -> Sealed:
    """Encrypt `plaintext` for `place` (the associated data), as `v1.<key id>.<nonce>.<ciphertext>`."""
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext, place.encode())
    return Sealed(f"{_FORMAT}.{key_id}.{_encode(nonce)}.{_encode(ciphertext)}")


def unseal(keys: Mapping[str, bytes], token: str, place: str) -> bytes:
    """Decrypt what `seal` made for the same place.

    Raises SecretUnreadable; never returns the token or a part of it.
    """
    try:
        version, key_id, nonce, ciphertext = token.split(".")
        if version != _FORMAT:
            raise SecretUnreadable("unknown format")
        return AESGCM(keys[key_id]).decrypt(_decode(nonce), _decode(ciphertext), place.encode())
    except KeyError:
        raise SecretUnreadable("its key is not configured") from None
    except (ValueError, binascii.Error, InvalidTag):
        raise SecretUnreadable("damaged, or another row's value") from None


def encrypt(key: bytes, plaintext: bytes, place: str) -> bytes:
    """Encrypt what is too large for `seal`, for a place: nonce, then ciphertext. The key is to be sealed."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, place.encode())


def decrypt(key: bytes, data: bytes, place: str) -> bytes:
    """Decrypt what `encrypt` made for the same place. Raises SecretUnreadable."""
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode())
    except (ValueError, InvalidTag):
        raise SecretUnreadable("damaged, or another row's value") from None


def key_id_of(token: str) -> str:
    """Return the id of the key that sealed the token."""
    return token.split(".")[1]


def parse_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64,id:base64`, newest first. Raises ValueError with a sentence."""
    keys: dict[str, bytes] = {}
    for item in text.split(","):
        key_id, separator, encoded = item.strip().partition(":")
        if not separator or not key_id.isalnum():
            raise ValueError("write id:base64-of-32-bytes, the newest first, separated by commas")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"key {key_id} is not base64") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {key_id} has {len(key)} bytes instead of {KEY_BYTES}")
        keys[key_id] = key
    return keys


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
