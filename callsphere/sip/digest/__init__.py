"""Digest authentication (RFC 7616 and RFC 8760 as RFC 3261 §22 uses them), both sides, without I/O.

The client side answers challenges; every answer is a new request, so the caller gives it a new branch
and the next CSeq number (`callsphere.sip.transaction.next_attempt`) before it goes out:

    authenticator = Authenticator(Credentials("alice", "secret"))
    try:
        request = next_attempt(authenticator.answer(response_401, request))
    except Refusal as refusal:
        ...                                      # refusal.cause is a code of callsphere.sip.causes
    authenticator.learn(response_200, request)   # honours nextnonce
    refresh = authenticator.preemptive(refresh)  # reuses the live nonce with the next nc

The server side is for peers that we play ourselves:

    response.headers.add("WWW-Authenticate", make_challenge("sip.test", nonce, algorithm="SHA-256"))
    verified = verify(request, realm="sip.test", password_of=passwords.get, is_live=nonces.__contains__)
    if verified.verdict is Verdict.ACCEPTED: ...
"""

from __future__ import annotations

from callsphere.sip.digest.algorithms import ALGORITHMS, digest_response
from callsphere.sip.digest.authenticator import Authenticator, Refusal
from callsphere.sip.digest.challenges import Challenge, ChallengeMalformed, parse_challenges
from callsphere.sip.digest.credentials import Credentials, copy_credentials
from callsphere.sip.digest.server import Given, Verdict, Verified, make_challenge, verify

__all__ = [
    "ALGORITHMS",
    "Authenticator",
    "Challenge",
    "ChallengeMalformed",
    "Credentials",
    "Given",
    "Refusal",
    "Verdict",
    "Verified",
    "copy_credentials",
    "digest_response",
    "make_challenge",
    "parse_challenges",
    "verify",
]
