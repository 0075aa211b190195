"""Answering challenges as a client (RFC 3261 §22.2 and §22.3)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callsphere.sip.digest.algorithms import ALGORITHMS
from callsphere.sip.digest.challenges import (
    CHALLENGE_HEADERS,
    Challenge,
    ChallengeMalformed,
    parse_challenges,
)
from callsphere.sip.digest.credentials import CREDENTIAL_HEADERS, Credentials, answer_value
from callsphere.sip.digest.fields import plain, read_params
from callsphere.sip.message import Request, Response

MAX_ANSWERS = 4
"""Answers for one request: two proxies and the far end on the path, and one stale nonce among them."""
MAX_SPACES = 8
"""Protection spaces remembered; a peer that names more is not one we could please."""
MAX_REMEMBERED = 64
"""Answers remembered, so that a refusal is known to be about one of them; nonces remembered with their nc."""

SpaceKey = tuple[bool, str]
"""A protection space (RFC 3261 §22.1): whether a proxy's, and its realm."""


class Refusal(Exception):
    """A challenge that is not answered; `cause` is a code of callsphere.sip.causes, `detail` what we saw."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


@dataclass(slots=True)
class _Space:
    """A live nonce. The cnonce stays as long as the nonce does, so that -sess has one meaning only."""

    challenge: Challenge
    cnonce: str


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One answer sent: on a nonce made for it or on a reused one, and what its exchange had seen by then."""

    space: SpaceKey
    fresh: bool
    stale_retries: int = 0
    answers: int = 0


class Authenticator:
    """Answers 401 and 407 with one set of credentials, and keeps the nonces that are still good.

    One for each trunk and flow. It never sends Basic, and never answers twice what was refused on a
    fresh nonce. `make_cnonce` gives the client nonces.
    """

    def __init__(
        self, credentials: Credentials | None, *, make_cnonce: Callable[[], str] | None = None
    ) -> None:
        self._credentials = credentials
        self._make_cnonce = make_cnonce or _random_cnonce
        self._spaces: dict[SpaceKey, _Space] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._counts: dict[str, int] = {}
        self.challenged = False
        """Whether a challenge was ever seen: a 403 without one is about addresses, not passwords."""

    def answer(self, response: Response, request: Request, *, repeated: bool = False) -> Request:
        """A copy of the refused request with credentials for every realm that this 401 or 407 asks about.

        `repeated` says that the request went out more than once: where the answer to its first copy got
        lost, the second one is refused for a nonce or count that is used up, and some peers (Kamailio)
        do not call that stale. So it is tried once more.

        Branch and CSeq are still those of the refused one. Raises Refusal with one of the causes
        credentials_missing, credentials_rejected, realm_mismatch, digest_unsupported,
        challenge_malformed and challenge_loop.
        """
        self.challenged = True
        if self._credentials is None:
            raise Refusal("credentials_missing", f"{response.status} asks for credentials.")
        carried = self._carried(request)
        try:
            chosen = _choose(self._acceptable(response, rejectable=bool(carried)))
        except Refusal as refusal:
            if refusal.cause == "credentials_rejected":
                self._drop(carried)
            raise
        answers = 1 + max((attempt.answers for attempt in carried.values()), default=0)
        if answers > MAX_ANSWERS:
            raise Refusal("challenge_loop", f"{response.status} again after {MAX_ANSWERS} answers.")
        attempts = {
            key: _Attempt(key, False, attempt.stale_retries, answers) for key, attempt in carried.items()
        }
        for key, challenge in chosen.items():
            retries = self._judge(challenge, carried.get(key), repeated=repeated)
            self._enter(key, challenge)
            attempts[key] = _Attempt(key, True, retries, answers)
        return self._sign(request, list(attempts.values()))

    def preemptive(self, request: Request) -> Request:
        """A copy with credentials on every live nonce, each with its next nc; without one, a plain copy."""
        return self._sign(request, [_Attempt(key, fresh=False) for key in self._spaces])

    def continued(self, request: Request, earlier: Request) -> Request:
        """A copy with credentials, on the same nonces with their next nc, for what `earlier` was asked.

        For requests of one call (RFC 3261 §22.2, §22.3): peers that ask every time need not.
        """
        return self._sign(request, [_Attempt(key, fresh=False) for key in self._carried(earlier)])

    def forget(self, request: Request) -> Request:
        """A copy without credentials; the nonces of those it had are not used again."""
        self._drop(self._carried(request))
        return self._sign(request, [])

    def again(self, request: Request) -> Request:
        """A copy for the same exchange once more, with the next nc: nothing of it was judged yet."""
        return self._sign(request, list(self._carried(request).values()))

    def learn(self, response: Response, request: Request) -> None:
        """Take over the nonce that a final answer announces for the next request (RFC 7616 §3.5)."""
        for header, proxy in (("Authentication-Info", False), ("Proxy-Authentication-Info", True)):
            announced = response.headers.get(header)
            if announced is None:
                continue
            nonce = read_params(announced).get("nextnonce")
            keys = [key for key in self._carried(request) if key[0] == proxy and key in self._spaces]
            if nonce is not None and plain(nonce) and len(keys) == 1:
                self._enter(keys[0], self._spaces[keys[0]].challenge.with_nonce(nonce))

    def _acceptable(self, response: Response, *, rejectable: bool) -> list[Challenge]:
        """The challenges that could be answered, or the Refusal that fits."""
        if not any(name in response.headers for name, _ in CHALLENGE_HEADERS):
            if rejectable:
                raise Refusal("credentials_rejected", f"{response.status} without a new challenge.")
            raise Refusal("challenge_malformed", f"{response.status} comes without a challenge.")
        try:
            challenges = parse_challenges(response)
        except ChallengeMalformed as error:
            raise Refusal("challenge_malformed", error.reason) from error
        pinned = self._credentials.realm if self._credentials is not None else None
        in_realm = [challenge for challenge in challenges if not pinned or challenge.realm == pinned]
        if challenges and not in_realm:
            raise Refusal("realm_mismatch", f'The realm is "{challenges[0].realm}".')
        supported = [challenge for challenge in in_realm if challenge.is_supported]
        if not supported:
            raise Refusal("digest_unsupported", _offered(in_realm))
        return supported

    def _judge(self, challenge: Challenge, attempt: _Attempt | None, *, repeated: bool) -> int:
        """How many stale retries the next answer in this space has behind it; raise Refusal for none more."""
        if attempt is None:
            return 0
        if not attempt.fresh:
            # Nobody promised that the nonce could be used again; some peers refuse that without saying stale.
            return attempt.stale_retries
        if not challenge.stale and (not repeated or attempt.stale_retries):
            self._drop([attempt.space])
            raise Refusal("credentials_rejected", f'Refused on a fresh nonce of realm "{challenge.realm}".')
        if attempt.stale_retries:
            raise Refusal(
                "challenge_loop", f'A fresh nonce of realm "{challenge.realm}" is called stale again.'
            )
        return 1

    def _enter(self, key: SpaceKey, challenge: Challenge) -> None:
        space = self._spaces.pop(key, None)
        if space is None or (space.challenge.nonce, space.challenge.algorithm) != (
            challenge.nonce,
            challenge.algorithm,
        ):
            space = _Space(challenge, self._make_cnonce())
        space.challenge = challenge
        self._spaces[key] = space
        _keep_latest(self._spaces, MAX_SPACES)

    def _sign(self, request: Request, attempts: list[_Attempt]) -> Request:
        signed = Request(request.method, request.uri, request.headers.copy(), request.body)
        for name in CREDENTIAL_HEADERS:
            signed.headers.remove(name)
        for attempt in attempts:
            space = self._spaces.get(attempt.space)
            if space is None or self._credentials is None:
                continue
            nc = self._count(space.challenge.nonce)
            value = answer_value(self._credentials, space.challenge, signed, nc=nc, cnonce=space.cnonce)
            signed.headers.add(CREDENTIAL_HEADERS[attempt.space[0]], value)
            self._remember(value, attempt)
        return signed

    def _count(self, nonce: str) -> int:
        """The next nc of a nonce (RFC 7616 §3.4), also where it serves two realms or comes back."""
        count = self._counts.pop(nonce, 0) + 1
        self._counts[nonce] = count
        _keep_latest(self._counts, MAX_REMEMBERED)
        return count

    def _remember(self, value: str, attempt: _Attempt) -> None:
        self._attempts.pop(value, None)
        self._attempts[value] = attempt
        _keep_latest(self._attempts, MAX_REMEMBERED)

    def _carried(self, request: Request) -> dict[SpaceKey, _Attempt]:
        """What of our own answers a request carries."""
        values = [value for name in CREDENTIAL_HEADERS for value in request.headers.get_all(name)]
        found = (self._attempts.get(value) for value in values)
        return {attempt.space: attempt for attempt in found if attempt is not None}

    def _drop(self, keys: list[SpaceKey] | dict[SpaceKey, _Attempt]) -> None:
        for key in keys:
            self._spaces.pop(key, None)


def _choose(challenges: list[Challenge]) -> dict[SpaceKey, Challenge]:
    """The strongest challenge of each protection space, the first of equals (RFC 8760 §2.4)."""
    chosen: dict[SpaceKey, Challenge] = {}
    for challenge in sorted(challenges, key=lambda each: ALGORITHMS.index(each.algorithm or "MD5")):
        chosen.setdefault((challenge.proxy, challenge.realm), challenge)
    return dict(list(chosen.items())[:MAX_SPACES])


def _offered(challenges: list[Challenge]) -> str:
    if not challenges:
        return "No digest challenge is offered."
    offers = sorted(
        {f"{each.value('algorithm') or 'MD5'} with qop {each.value('qop') or 'none'}" for each in challenges}
    )
    return f"Offered: {'; '.join(offers)}."


def _keep_latest(memory: dict[Any, Any], limit: int) -> None:
    while len(memory) > limit:
        del memory[next(iter(memory))]


def _random_cnonce() -> str:
    return os.urandom(16).hex()
