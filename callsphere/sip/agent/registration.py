"""Keeping an address-of-record bound to our Contact (RFC 3261 §10)."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace

from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.inside import carries_credentials
from callsphere.sip.agent.redialling import lost_with_its_connection, moved
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import ALLOW
from callsphere.sip.digest import Authenticator, Refusal
from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Address
from callsphere.sip.message import Headers, Request, Response
from callsphere.sip.nat import via_through
from callsphere.sip.transaction import new_branch, next_attempt
from callsphere.sip.uri import SipUri, SipUriError, escape_user, unescape

MAX_RAISES = 2
"""How often a 423 is followed."""

_LONGEST_S = 2**31 - 1
"""More seconds than this are told as this many: some say 2**32 - 1 (RFC 3261 §20.19), and mean for ever."""
_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}


class RegistrationFailed(Exception):
    """A registration that did not come about; `cause` is a code of callsphere.sip.causes.

    `response` is the one that refused it, None when there is none.
    """

    def __init__(self, cause: str, detail: str, response: Response | None = None) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail
        self.response = response


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes REGISTERs those of one binding, kept over restarts: the next CSeq is one higher."""

    call_id: str
    from_tag: str
    contact: str
    cseq: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One REGISTER: when it was sent (monotonic seconds), the status that came, what was wrong with it."""

    sent_at: float
    status: int | None
    cause: str | None


class Registration:
    """One binding. Call-ID, From tag and Contact stay the same for its whole life; CSeq only rises.

    `registrar` becomes the Request-URI, `username` the user of the address-of-record, `expires` is
    the interval asked for, in seconds. With `outbound_proxy` the flow is to that proxy, and a Route
    header says so (RFC 3261 §8.1.2). `identity` goes on with a binding made earlier; an empty Contact
    in it is made now.
    """

    def __init__(
        self,
        agent: UserAgent,
        flow: Flow,
        registrar: SipUri,
        username: str,
        authenticator: Authenticator,
        *,
        expires: int,
        timeout: float,
        outbound_proxy: SipUri | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.expires = expires
        self.attempts: list[Attempt] = []
        self.raised_to: int | None = None
        """The Min-Expires that a 423 made us take."""
        self.bound = False
        """Whether the registrar may hold a binding of ours."""
        self._agent = agent
        self._flow = flow
        self._authenticator = authenticator
        self._timeout = timeout
        self._outbound_proxy = outbound_proxy
        self._uri = str(replace(registrar, user=None, password=None))
        aor = SipUri(registrar.scheme, escape_user(username), None, registrar.host)
        self._aor = f"<{aor}>"
        identity = identity or Identity(os.urandom(12).hex(), os.urandom(6).hex(), "", 0)
        contact = flow.local.contact(escape_user(username), secure=registrar.scheme == "sips")
        self._contact = identity.contact or contact
        self._tag = identity.from_tag
        self._call_id = identity.call_id
        self._cseq = identity.cseq
        self._carried = False

    async def register(self) -> int:
        """Make or refresh the binding; give the seconds it is granted for. Raises RegistrationFailed."""
        raises = 0
        while True:
            response = await self._send(self.expires)
            if 200 <= response.status < 300:
                self.bound = True
                return self._granted(response)
            if response.status != 423:
                raise self._refused(response)
            raises += 1
            minimum = _number(response.headers.get("min-expires"))
            if minimum is None or minimum <= self.expires or raises > MAX_RAISES:
                named = "missing" if minimum is None else f"{minimum} s"
                detail = f"423 to {self.expires} s, Min-Expires is {named}."
                raise self._failed("registration_too_brief", detail)
            self._note_last("registration_too_brief")
            self.expires = self.raised_to = minimum

    @property
    def identity(self) -> Identity:
        """What goes on with this binding another time."""
        return Identity(self._call_id, self._tag, self._contact, self._cseq)

    @property
    def label(self) -> str:
        """The registrar's address, port and transport."""
        return self._flow.label

    async def remove(self, *, timeout: float) -> Response | None:
        """Remove our binding, and only ours; None when there is none. Raises RegistrationFailed."""
        if not self.bound:
            return None
        self._timeout = timeout
        kept = list(self.attempts)
        try:
            response = await self._send(0)
        finally:
            self.attempts = kept  # those are about getting the binding
        self.bound = not 200 <= response.status < 300
        return response

    async def _send(self, expires: int) -> Response:
        """Send a REGISTER and answer what it is challenged with; give any other final response."""
        request = self._authenticator.preemptive(self._build(expires))
        redialled = False
        while True:
            request = await self._on_open_connection(request)
            sent_at = time.monotonic()
            try:
                response = await self._agent.ask(request, self._flow, timeout=self._timeout)
            except asyncio.CancelledError:
                self.bound = True  # for all we know
                raise
            except NoFinalAnswer as silence:
                if lost_with_its_connection(silence, self._flow) and not redialled:
                    redialled = True
                    request = self._next(self._authenticator.again(request))
                    continue
                self.bound = self.bound or _may_have_arrived(request, silence)
                self.attempts.append(Attempt(sent_at, None, silence.cause))
                raise RegistrationFailed(silence.cause, silence.detail) from None
            redialled = False
            self.attempts.append(Attempt(sent_at, response.status, None))
            self._authenticator.learn(response, request)
            self._carried = carries_credentials(request)
            if response.status not in (401, 407):
                return response
            try:
                repeated = self._agent.was_repeated(request)
                request = self._next(self._authenticator.answer(response, request, repeated=repeated))
            except Refusal as refusal:
                raise self._failed(refusal.cause, refusal.detail) from None

    def _next(self, request: Request) -> Request:
        following = next_attempt(request)
        self._cseq = following.cseq.number
        return following

    async def _on_open_connection(self, request: Request) -> Request:
        """The request, on a new connection where the peer has closed ours; the binding stays the same."""
        if self._flow.failure is None:
            return request
        try:
            self._flow = await self._agent.reopen(self._flow, timeout=self._timeout)
        except FlowFailed as failure:
            self.attempts.append(Attempt(time.monotonic(), None, failure.cause))
            raise RegistrationFailed(failure.cause, failure.detail) from None
        return moved(request, self._flow)

    def _build(self, expires: int) -> Request:
        self._cseq += 1
        contact = f"{self._contact};expires={expires}"
        headers = Headers(
            [
                ("Via", str(self._flow.local.via(new_branch()))),
                ("Max-Forwards", "70"),
                ("From", f"{self._aor};tag={self._tag}"),
                ("To", self._aor),
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._cseq} REGISTER"),
                ("Contact", contact),
                ("Expires", str(expires)),
                ("Allow", ALLOW),
                ("User-Agent", self._agent.product),
            ]
        )
        request = Request("REGISTER", self._uri, headers)
        if self._outbound_proxy is not None:
            via_through(request, self._outbound_proxy)
        return request

    def _granted(self, response: Response) -> int:
        """The seconds our binding has, as the 2xx lists it (RFC 3261 §10.2.4)."""
        try:
            contacts = response.contacts
        except SipParseError as error:
            detail = f"The Contact of the answer is not readable. {error.reason}"
            raise self._failed("registration_not_kept", detail) from None
        # Bindings of an earlier instance may look like ours where a registrar rewrites addresses.
        likely = [contact for contact in contacts if self._is_ours(contact, response)]
        ours = max(likely, key=self._is_as_sent, default=None)
        if ours is None:
            others = f"It lists {len(contacts)} others." if contacts else "It lists none."
            raise self._failed("registration_not_kept", f"200 does not list our Contact. {others}")
        named = _number(ours.param("expires"))
        if named is None:
            named = _number(response.headers.get("expires"))
        granted = self.expires if named is None else named
        if granted <= 0:
            raise self._failed("registration_not_kept", "200 lists our Contact with expires 0.")
        return granted

    def _is_as_sent(self, contact: Address) -> bool:
        return f"<{contact.uri}>" == self._contact

    def _is_ours(self, contact: Address, response: Response) -> bool:
        """Whether a Contact is the one we sent, also with the address that a registrar saw us at."""
        if self._is_as_sent(contact):
            return True
        try:
            given, sent = contact.sip_uri, Address.parse(self._contact).sip_uri
        except (SipUriError, SipParseError):
            return False
        places = {_place(sent.host, sent.port, self._flow)}
        via = response.via
        seen = via.received or via.host
        places.add(_place(seen, via.rport or via.port, self._flow))
        places.add(_place(seen, sent.port, self._flow))
        # RFC 3261 §19.1.4: an escaped character is the character.
        same_user = unescape(given.user or "") == unescape(sent.user or "")
        return same_user and _place(given.host, given.port, self._flow) in places

    def _refused(self, response: Response) -> RegistrationFailed:
        said = f"{response.status} {response.reason}".strip()
        if response.status == 403:
            cause = "credentials_rejected" if self._carried else "ip_not_allowed"
        else:
            cause = "registration_rejected"
        return self._failed(cause, f"{said}.", response)

    def _failed(self, cause: str, detail: str, response: Response | None = None) -> RegistrationFailed:
        self._note_last(cause)
        return RegistrationFailed(cause, detail, response)

    def _note_last(self, cause: str) -> None:
        if self.attempts:
            self.attempts[-1] = replace(self.attempts[-1], cause=cause)


def _may_have_arrived(request: Request, silence: NoFinalAnswer) -> bool:
    """Whether a REGISTER that nobody answered may have made a binding: signed, and sent to who listens."""
    return carries_credentials(request) and silence.cause != "connect_refused"


def _place(host: str, port: int | None, flow: Flow) -> tuple[str, int]:
    return host.strip("[]").lower(), port or _DEFAULT_PORT[flow.target.transport]


def _number(text: str | None) -> int | None:
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return min(int(digits), _LONGEST_S)
