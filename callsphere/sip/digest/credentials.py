"""What we log in with, and the header that carries it (RFC 3261 §20.7, §20.28)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from callsphere.sip.digest.algorithms import digest_response
from callsphere.sip.digest.challenges import Challenge
from callsphere.sip.digest.fields import quoted
from callsphere.sip.headers import quote
from callsphere.sip.message import Request

CREDENTIAL_HEADERS = ("Authorization", "Proxy-Authorization")

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password; `auth_username` where the log-in name is not the address-of-record's user.

    With `realm` set, only challenges of exactly that realm are answered. Raises ValueError for texts
    that cannot go into a header. Its repr hides the password.
    """

    username: str
    password: str = field(repr=False)
    auth_username: str | None = None
    realm: str | None = None

    def __post_init__(self) -> None:
        for name, text in (("user name", self.login), ("realm", self.realm or "")):
            if _UNFIT.search(text):
                raise ValueError(f"The {name} holds a character that no SIP header may carry: remove it.")
        if re.search(r"[\ud800-\udfff]", self.password):
            raise ValueError("The password holds a character that is not valid text: enter it again.")

    @property
    def login(self) -> str:
        """The user name that goes into the digest."""
        return self.auth_username or self.username


def answer_value(
    credentials: Credentials, challenge: Challenge, request: Request, *, nc: int, cnonce: str
) -> str:
    """The value of Authorization or Proxy-Authorization that answers a supported challenge.

    `uri` is the Request-URI as sent (RFC 3261 §22.4). Realm, nonce and opaque come back letter for letter,
    and are hashed like that. The user name is hashed without the escapes that its quotes need: servers
    look it up, and keep hashes of the name itself.
    """
    algorithm, qop = challenge.algorithm, challenge.qop
    if algorithm is None or qop is None:
        raise ValueError("The challenge is not one that can be answered.")
    count = f"{nc:08x}"
    response = digest_response(
        algorithm=algorithm,
        username=credentials.login,
        realm=challenge.hashed_realm,
        password=credentials.password,
        nonce=challenge.nonce,
        method=request.method,
        uri=request.uri,
        qop=qop or None,
        nc=count,
        cnonce=cnonce,
        body=request.body,
    )
    parts = [
        f"username={quote(credentials.login)}",
        f"realm={quoted(challenge.params['realm'])}",
        f"nonce={quoted(challenge.params['nonce'])}",
        f"uri={quote(request.uri)}",
        f'response="{response}"',
    ]
    if challenge.value("algorithm"):
        parts.append(f"algorithm={challenge.value('algorithm')}")
    if "opaque" in challenge.params:
        parts.append(f"opaque={quoted(challenge.params['opaque'])}")
    if qop:
        # Tokens without quotes in credentials (RFC 7616 §3.4).
        parts += [f"qop={qop}", f"nc={count}"]
    if qop or algorithm.endswith("-sess"):
        # Without qop no cnonce is due, but -sess cannot be checked without it.
        parts.append(f'cnonce="{cnonce}"')
    return "Digest " + ", ".join(parts)


def copy_credentials(source: Request, target: Request) -> None:
    """Give `target` the credentials of `source`: an ACK carries those of its INVITE (RFC 3261 §22.1)."""
    for name in CREDENTIAL_HEADERS:
        target.headers.remove(name)
        for value in source.headers.get_all(name):
            target.headers.add(name, value)
