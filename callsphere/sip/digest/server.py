"""The server's half of digest, for carriers that we play ourselves (RFC 7616 §3.3, §3.4.6)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from callsphere.sip.digest.algorithms import canonical, digest_response
from callsphere.sip.digest.challenges import ChallengeMalformed
from callsphere.sip.digest.fields import plain, read_schemes, unq
from callsphere.sip.headers import quote
from callsphere.sip.message import Request

_NC = re.compile(r"[0-9A-Fa-f]{8}")


class Verdict(Enum):
    """What a server makes of a request's credentials."""

    ABSENT = "absent"
    """No credentials for this realm: challenge."""
    MALFORMED = "malformed"
    """Credentials that cannot be read, or whose `uri` is not the Request-URI."""
    STALE = "stale"
    """A nonce that is not alive: challenge with stale=true, without a look at the password."""
    REJECTED = "rejected"
    """An unknown user or a wrong password."""
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Given:
    """What an Authorization header says, without quotes; `nc` as a number, None without qop.

    `hashed_realm` and `hashed_nonce` are realm and nonce as they go into the hash.
    """

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    qop: str | None = None
    nc: int | None = None
    cnonce: str = ""
    hashed_realm: str = field(default="", compare=False)
    hashed_nonce: str = field(default="", compare=False)

    @classmethod
    def parse(cls, value: str) -> Given:
        """Read an Authorization or Proxy-Authorization value; raise ChallengeMalformed, and nothing else."""
        schemes = read_schemes(value)
        if len(schemes) != 1 or schemes[0].name.lower() != "digest" or schemes[0].broken is not None:
            raise ChallengeMalformed("The credentials are no readable digest.")
        texts = schemes[0].params
        params = {name: plain(text) for name, text in texts.items()}
        missing = {"username", "realm", "nonce", "uri", "response"} - params.keys()
        if missing:
            raise ChallengeMalformed(f"The credentials lack {', '.join(sorted(missing))}.")
        algorithm = canonical(params.get("algorithm"))
        if algorithm is None:
            raise ChallengeMalformed("The credentials name an unknown algorithm.")
        qop, nc = params.get("qop"), params.get("nc", "")
        if qop is not None and (qop not in ("auth", "auth-int") or not _NC.fullmatch(nc)):
            raise ChallengeMalformed("The credentials have a qop without its eight-digit nc.")
        known = {name: params[name] for name in ("username", "realm", "nonce", "uri", "response")}
        count = None if qop is None else int(nc, 16)
        return cls(
            **known,
            algorithm=algorithm,
            qop=qop,
            nc=count,
            cnonce=params.get("cnonce", ""),
            hashed_realm=unq(texts["realm"]),
            hashed_nonce=unq(texts["nonce"]),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """A verdict, and the credentials it is about (None when absent or unreadable)."""

    verdict: Verdict
    given: Given | None = None


def make_challenge(
    realm: str,
    nonce: str,
    *,
    algorithm: str | None = None,
    qop: Sequence[str] = ("auth",),
    opaque: str | None = None,
    stale: bool = False,
) -> str:
    """The value of WWW-Authenticate or Proxy-Authenticate; an empty `qop` makes the RFC 2069 form."""
    parts = [f"realm={quote(realm)}", f"nonce={quote(nonce)}"]
    if opaque is not None:
        parts.append(f"opaque={quote(opaque)}")
    if stale:
        parts.append("stale=true")
    if algorithm is not None:
        parts.append(f"algorithm={algorithm}")
    if qop:
        parts.append(f'qop="{",".join(qop)}"')
    return "Digest " + ", ".join(parts)


def verify(
    request: Request,
    *,
    realm: str,
    password_of: Callable[[str], str | None],
    is_live: Callable[[str], bool],
    proxy: bool = False,
) -> Verified:
    """Judge the credentials that a request carries for a realm.

    `password_of` gives a user's password or None, `is_live` says whether a nonce may be used. Whether
    an nc was seen before is for the caller to judge.
    """
    unreadable = False
    for value in request.headers.get_all("Proxy-Authorization" if proxy else "Authorization"):
        try:
            given = Given.parse(value)
        except ChallengeMalformed:
            unreadable = True
            continue
        if given.realm == realm:
            return Verified(_judge(request, given, password_of, is_live), given)
    return Verified(Verdict.MALFORMED if unreadable else Verdict.ABSENT)


def _judge(
    request: Request, given: Given, password_of: Callable[[str], str | None], is_live: Callable[[str], bool]
) -> Verdict:
    if given.uri != request.uri:
        return Verdict.MALFORMED
    if not is_live(given.nonce):
        return Verdict.STALE
    password = password_of(given.username)
    if password is None:
        return Verdict.REJECTED
    expected = digest_response(
        algorithm=given.algorithm,
        username=given.username,
        realm=given.hashed_realm,
        password=password,
        nonce=given.hashed_nonce,
        method=request.method,
        uri=given.uri,
        qop=given.qop,
        nc="" if given.nc is None else f"{given.nc:08x}",
        cnonce=given.cnonce,
        body=request.body,
    )
    same = hmac.compare_digest(expected.encode(), given.response.lower().encode("utf-8", "replace"))
    return Verdict.ACCEPTED if same else Verdict.REJECTED
