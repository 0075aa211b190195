"""The state that two user agents share in a call (RFC 3261 §12), one side of it."""

from __future__ import annotations

from collections.abc import Iterable

from callsphere.sip.dialog.routing import Path, RouteSet, RoutingError
from callsphere.sip.dialog.state import ASK_AGAIN, TARGET_REFRESH, DialogState, Effect, effect_of
from callsphere.sip.digest import copy_credentials
from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import MAX_CSEQ, Address, CSeq, Via
from callsphere.sip.message import Headers, Message, Request, Response
from callsphere.sip.sdp import MediaSession, SdpError, parse_sdp, sdp_body
from callsphere.sip.session_timer import MIN_SE, SessionTimer
from callsphere.sip.uri import SipUri

MAX_ACKS = 4
"""ACKs kept for repeated 2xx; older INVITEs are long past their 32 seconds."""

_WITH_CONTACT = TARGET_REFRESH | {"SUBSCRIBE", "NOTIFY", "REFER"}
_WITH_ALLOW = TARGET_REFRESH


class Dialog:
    """One dialog. Make it with `from_response` (we called) or `from_request` (we were called).

    `media` and `timer` hold the session's offer/answer state and its session timer; both may stay
    None. `problem` is set while nothing can be sent to the peer as it asked (`contact_unusable`):
    the target then falls back to where the INVITE went, so that the call can at least be hung up.
    """

    def __init__(
        self,
        *,
        call_id: str,
        local: Address,
        remote: Address,
        local_contact: str,
        local_cseq: int,
        remote_cseq: int | None,
        fallback_target: str,
        is_caller: bool,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.local_contact = local_contact
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.path = Path(fallback_target)
        self.is_caller = is_caller
        """Whether we made the Call-ID, which decides who waits longer after a 491."""
        self.state = DialogState.EARLY
        self.media: MediaSession | None = None
        self.timer: SessionTimer | None = None
        self.min_se = MIN_SE
        """The shortest session interval that the peer's requests may ask for, in seconds."""
        self.peer_allows: frozenset[str] | None = None
        """Methods in the peer's latest Allow header, None while it never sent one."""
        self.peer_supports: frozenset[str] = frozenset()
        self._headers = tuple(headers)
        self._offer: int | None = None
        self._acks: dict[int, Request] = {}
        self._invite: int | None = None
        self._peer_invite: int | None = None

    @classmethod
    def from_response(cls, invite: Request, response: Response) -> Dialog:
        """The dialog that a response with a To tag (or a tagless 2xx) makes for the caller (§12.1.2).

        User-Agent and Allow of the INVITE go on standing in requests inside the dialog.
        """
        kept = [pair for pair in invite.headers.items() if pair[0].lower() in ("user-agent", "allow")]
        dialog = cls(
            call_id=invite.call_id,
            local=_party(invite.from_, invite.from_.tag),
            remote=_party(invite.to, response.to.tag),
            local_contact=invite.headers.get("contact") or "",
            local_cseq=invite.cseq.number,
            remote_cseq=None,
            fallback_target=invite.uri,
            is_caller=True,
            headers=kept,
        )
        dialog._invite = invite.cseq.number
        dialog.receive_response(response)
        return dialog

    @classmethod
    def from_request(
        cls, invite: Request, *, local_tag: str, local_contact: str, headers: Iterable[tuple[str, str]] = ()
    ) -> Dialog:
        """The dialog of a call that we answer (RFC 3261 §12.1.1): route set in order, nothing reversed."""
        dialog = cls(
            call_id=invite.call_id,
            local=_party(invite.to, local_tag),
            remote=_party(invite.from_, invite.from_.tag),
            local_contact=local_contact,
            local_cseq=0,
            remote_cseq=invite.cseq.number,
            fallback_target=invite.from_.uri,
            is_caller=False,
            headers=headers,
        )
        dialog._peer_invite = invite.cseq.number
        dialog.path.learn(invite, reverse=False)
        dialog._note_abilities(invite)
        return dialog

    @property
    def id(self) -> tuple[str, str, str]:
        """Call-ID, local tag, remote tag (RFC 3261 §12); "" for an RFC 2543 peer without a tag."""
        return self.call_id, self.local.tag or "", self.remote.tag or ""

    @property
    def remote_target(self) -> str:
        """The URI that requests are addressed to (RFC 3261 §12)."""
        return self.path.target

    @property
    def route_set(self) -> RouteSet:
        """The Route values of our requests, first hop first (RFC 3261 §12)."""
        return self.path.routes

    @property
    def problem(self) -> RoutingError | None:
        """Why nothing can be sent to the peer as it asked; None when all is well."""
        return self.path.problem

    @property
    def next_hop(self) -> SipUri:
        """Where the next request has to be sent: resolve and check this; raise RoutingError."""
        return self.path.next_hop

    @property
    def may_invite(self) -> bool:
        """Whether a re-INVITE may go out: none is under way in either direction (RFC 3261 §14.1)."""
        return self.state is DialogState.CONFIRMED and self._invite is None and self._peer_invite is None

    @property
    def invite_pending(self) -> bool:
        """Whether an INVITE of ours waits for its final response."""
        return self._invite is not None

    def matches(self, message: Message) -> bool:
        """Whether a message belongs here; a request's From is the peer's (RFC 3261 §12.2.2)."""
        ours, theirs = message.to_tag, message.from_tag
        if isinstance(message, Response):
            ours, theirs = theirs, ours
        return self.id == (message.call_id, ours or "", theirs or "")

    def request(
        self,
        method: str,
        *,
        via: Via,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> Request:
        """A request inside the dialog with the next CSeq number, for the wire as it is (§12.2.1.1).

        `via` names the flow it goes out on (`callsphere.sip.nat`). Raises RoutingError when routes
        or target cannot be followed, and SipParseError when no CSeq number is left.
        """
        if method in ("ACK", "CANCEL"):
            raise ValueError(
                f"{method} takes the number of its INVITE: use ack(), or the transaction's cancel()."
            )
        self.local_cseq = self._next_cseq()
        if method == "INVITE":
            self._invite = self.local_cseq
        request = self._build(method, self.local_cseq, via)
        for name, value in headers:
            request.headers.add(name, value)
        if body and method in TARGET_REFRESH and self.media is not None and self.media.offer_pending:
            self._offer = self.local_cseq
        _set_body(request, body, content_type)
        return request

    def retry(self, request: Request, *, via: Via) -> Request:
        """The same request once more, with the next CSeq number and another branch (RFC 3261 §8.1.3.5).

        For one that was refused and has got credentials or other headers meanwhile.
        """
        again = Request(request.method, request.uri, request.headers.copy(), request.body)
        self.local_cseq = self._next_cseq()
        if request.method == "INVITE":
            self._invite = self.local_cseq
        if request.cseq.number == self._offer:
            self._offer = self.local_cseq
        again.headers.set("Via", via)
        if "contact" in again.headers:
            again.headers.set("Contact", self.local_contact)
        again.headers.set("CSeq", CSeq(self.local_cseq, request.method))
        return again

    def ack(self, invite: Request, *, via: Via, body: bytes = b"") -> Request:
        """The ACK for a 2xx to `invite` (RFC 3261 §13.2.2.4), remembered for `ack_again`.

        It is no transaction of its own: number and credentials are the INVITE's (§22.1). `body` is
        the answer when the 2xx brought the offer.
        """
        ack = self._build("ACK", invite.cseq.number, via)
        copy_credentials(invite, ack)
        _set_body(ack, body, "application/sdp")
        self._acks[invite.cseq.number] = ack
        while len(self._acks) > MAX_ACKS:
            del self._acks[next(iter(self._acks))]
        return ack

    def ack_again(self, response: Response) -> Request | None:
        """The ACK to send again for a repeated 2xx, None when that INVITE was not acknowledged yet."""
        return self._acks.get(response.cseq.number) if response.cseq.method == "INVITE" else None

    def receive_response(self, response: Response) -> Effect:
        """Take a response to a request of ours into account (RFC 3261 §12.2.1.2, §13.2.2.4).

        The answer to an offer that `request` sent goes into `media` here, and a refusal withdraws the
        offer. Only the first INVITE's answer is the caller's business, since `media` is set after it.
        """
        method = response.cseq.method
        ours = method == "INVITE" and response.cseq.number == self._invite
        if ours and response.is_final:
            self._invite = None
        self._note_abilities(response)
        if self.state is DialogState.EARLY and ours and response.status < 300:
            self._form(response)
        elif response.status // 100 == 2 and method in TARGET_REFRESH:
            self.path.refresh(response)
        if response.is_final and response.cseq.number == self._offer and response.status not in ASK_AGAIN:
            self._close_offer(response)
        effect = effect_of(method, response.status)
        if effect is Effect.ENDED:
            self.terminate()
        return effect

    def no_answer(self, request: Request) -> None:
        """No final response came to `request`: nothing waits for it any more, its offer is withdrawn."""
        if request.cseq.number == self._invite:
            self._invite = None
        if request.cseq.number == self._offer:
            self._offer = None
            if self.media is not None:
                self.media.withdraw_offer()

    def receive_request(self, request: Request) -> int | None:
        """Check a request of the peer's and take its numbers; the status to refuse it with, or None.

        481 after the end, 500 for a number lower than the last (RFC 3261 §12.2.2) and for an INVITE
        while the first is not answered, 491 for one that meets an INVITE of ours (§14.2). The function
        `receive_request` of this package makes the whole answer.
        """
        if self.state is DialogState.TERMINATED:
            return 481
        number = request.cseq.number
        if request.method in ("ACK", "CANCEL"):
            return None
        if self.remote_cseq is not None and number < self.remote_cseq:
            return 500
        self.remote_cseq = number
        if request.method == "INVITE" and self.state is DialogState.EARLY and not self.is_caller:
            return 500  # the first one has no final response yet (RFC 3261 §14.2)
        if request.method == "INVITE" and self._invite is not None:
            return 491
        return None

    def accept_request(self, request: Request) -> None:
        """A request of the peer's gets a 2xx: take its Contact as target (RFC 3261 §12.2.2), end on BYE."""
        self._note_abilities(request)
        if request.method == "INVITE":
            self._peer_invite = request.cseq.number
        if request.method in TARGET_REFRESH:
            self.path.refresh(request)
        if request.method == "BYE":
            self.state = DialogState.TERMINATED

    def receive_ack(self, ack: Request) -> bool:
        """Take the peer's ACK; whether it is the one that was waited for."""
        expected = self._peer_invite is not None and ack.cseq.number == self._peer_invite
        if expected:
            self._peer_invite = None
        return expected

    def terminate(self) -> None:
        """The dialog is over: hung up, or its INVITE was refused."""
        self.state = DialogState.TERMINATED
        self._invite = None

    def respond(self, request: Request, status: int, reason: str | None = None) -> Response:
        """A response inside the dialog, with Contact and Record-Route where they belong (§12.1.1)."""
        response = request.respond(status, reason, to_tag=self.local.tag)
        if request.method == "INVITE" and 200 <= status < 300 and self.state is DialogState.EARLY:
            self.state = DialogState.CONFIRMED
        if request.method in TARGET_REFRESH and 100 < status < 300:
            for route in request.headers.get_all("record-route"):
                response.headers.add("Record-Route", route)
            response.headers.add("Contact", self.local_contact)
        for name, value in self._headers:
            if name.lower() != "allow" or (request.method in TARGET_REFRESH and status < 300):
                response.headers.add("Server" if name.lower() == "user-agent" else name, value)
        return response

    def _form(self, response: Response) -> None:
        """Early state from a provisional response, or confirmed with the route set of the 2xx (§13.2.2.4)."""
        if response.is_final:
            self.state = DialogState.CONFIRMED
        elif response.to.tag is None or self.path.learned:
            return
        self.path.learn(response, reverse=True)
        if response.is_final:
            self.path.require_target()

    def _close_offer(self, response: Response) -> None:
        """An INVITE or UPDATE with our offer got its final answer: agreed, or the session stays as it was."""
        self._offer = None
        if self.media is None or not self.media.offer_pending:
            return
        if response.status >= 300:
            self.media.withdraw_offer()
            return
        body = sdp_body(response)
        try:
            self.media.receive_answer(None if body is None else parse_sdp(body))
        except SdpError:
            self.media.receive_answer(None)

    def _note_abilities(self, message: Message) -> None:
        if "allow" in message.headers:
            self.peer_allows = frozenset(name.upper() for name in message.headers.get_list("allow"))
        if "supported" in message.headers:
            self.peer_supports = frozenset(tag.lower() for tag in message.headers.get_list("supported"))

    def _next_cseq(self) -> int:
        if self.local_cseq >= MAX_CSEQ:
            raise SipParseError("The CSeq numbers of this dialog are used up.")
        return self.local_cseq + 1

    def _build(self, method: str, number: int, via: Via) -> Request:
        uri, routes = self.path.request_line()
        headers = Headers([("Via", str(via)), ("Max-Forwards", "70")])
        for route in routes:
            headers.add("Route", route)
        headers.add("From", self.local)
        headers.add("To", self.remote)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", CSeq(number, method))
        if method in _WITH_CONTACT:
            headers.add("Contact", self.local_contact)
        for name, value in self._headers:
            if name.lower() != "allow" or method in _WITH_ALLOW:
                headers.add(name, value)
        return Request(method, uri, headers)


def _party(address: Address, tag: str | None) -> Address:
    """Name, URI and tag of one side; other parameters belong to the message they came in."""
    return Address(address.display, address.uri, () if tag is None else (("tag", tag),))


def _set_body(message: Message, body: bytes, content_type: str) -> None:
    if body:
        message.headers.set("Content-Type", content_type)
        message.body = body
