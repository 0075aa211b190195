"""Digest challenges of a sandbox carrier (RFC 7616 §3.3, RFC 8760), with nonces that prove their own age."""

from __future__ import annotations

import hmac
import os
from itertools import count

from callsphere.local.sandbox.behaviour import Guard
from callsphere.sip.digest import Given, Verdict, make_challenge, verify
from callsphere.sip.message import Request, Response

REALM = "sandbox"
MAX_NONCES = 4096
"""Nonces whose use is counted at once; the oldest are forgotten, not refused."""


class Doorkeeper:
    """Lets requests in that answer a challenge of ours, each answer once."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._secret = os.urandom(16)
        self._serial = count()
        self._used: dict[str, int] = {}

    def refuse(self, request: Request, now: float, to_tag: str) -> Response | None:
        """The challenge that a request gets, 401 for REGISTER and 407 otherwise; None when it may come in."""
        proxy = request.method != "REGISTER"
        verified = verify(
            request,
            realm=REALM,
            password_of=self._guard.passwords.get,
            is_live=lambda nonce: self._is_live(nonce, now),
            proxy=proxy,
        )
        stale = verified.verdict is Verdict.STALE
        if verified.given is not None and verified.verdict is Verdict.ACCEPTED:
            if self._is_new(verified.given):
                return None
            stale = True
        response = request.respond(407 if proxy else 401, to_tag=to_tag)
        for challenge in self._challenges(now, stale=stale):
            response.headers.add("Proxy-Authenticate" if proxy else "WWW-Authenticate", challenge)
        return response

    def _challenges(self, now: float, *, stale: bool) -> list[str]:
        if self._guard.verbatim is not None:
            return [self._guard.verbatim]
        nonce = self._sealed(f"{now:.3f}:{next(self._serial)}")
        return [
            make_challenge(REALM, nonce, algorithm=algorithm, stale=stale)
            for algorithm in self._guard.algorithms
        ]

    def _sealed(self, text: str) -> str:
        return f"{text}:{hmac.digest(self._secret, text.encode('utf-8', 'replace'), 'sha256').hex()[:32]}"

    def _is_live(self, nonce: str, now: float) -> bool:
        """Whether we made this nonce, and not too long ago: nothing is kept of those not used."""
        text = nonce.rpartition(":")[0]
        sealed = self._sealed(text).encode("utf-8", "replace")
        if not hmac.compare_digest(sealed, nonce.encode("utf-8", "replace")):
            return False
        return now - float(text.partition(":")[0]) < self._guard.nonce_s

    def _is_new(self, given: Given) -> bool:
        """Whether these credentials are no replay: their nc is higher than the last (RFC 7616 §3.4)."""
        last = self._used.pop(given.nonce, None)
        number = given.nc or 0
        is_new = last is None or (number > last and not self._guard.one_use)
        self._used[given.nonce] = number if last is None else max(number, last)
        while len(self._used) > MAX_NONCES:
            del self._used[next(iter(self._used))]
        return is_new
