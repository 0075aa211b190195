"""Calls as another process needs to know them, to end what somebody who died has placed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Literal

from callsphere.sip.message import Headers, Request, Response
from callsphere.sip.resolver import Target

CallState = Literal["placed", "ringing", "answered", "ended"]


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call of ours and how far it has come. Texts are header values as they went over the wire.

    `via` is that of the latest INVITE, branch and all, and `cseq` its number; `remote` has the peer's
    tag as soon as it is known. `contact` is ours, `remote_target` the peer's Contact header value, and
    `record_route` its Record-Route values in their order.
    """

    state: CallState
    target: Target
    call_id: str
    request_uri: str
    via: str
    local: str
    remote: str
    contact: str
    cseq: int
    remote_target: str = ""
    record_route: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, state: CallState, target: Target, invite: Request, response: Response | None = None
    ) -> PlacedCall:
        """What an INVITE, and the latest response to it, say of a call."""
        said = invite if response is None else response
        return cls(
            state=state,
            target=target,
            call_id=invite.call_id,
            request_uri=invite.uri,
            via=str(invite.via),
            local=str(invite.from_),
            remote=str(said.to),
            contact=invite.headers.get("contact") or "",
            cseq=invite.cseq.number,
            remote_target="" if response is None else response.headers.get("contact") or "",
            record_route=() if response is None else tuple(response.headers.get_list("record-route")),
        )

    def invite(self) -> Request:
        """As much of the INVITE as its CANCEL has to repeat (RFC 3261 §9.1)."""
        headers = Headers(
            [
                ("Via", self.via),
                ("Max-Forwards", "70"),
                ("From", self.local),
                ("To", self.remote.partition(";tag=")[0]),
                ("Call-ID", self.call_id),
                ("CSeq", f"{self.cseq} INVITE"),
            ]
        )
        if self.contact:
            headers.add("Contact", self.contact)
        return Request("INVITE", self.request_uri, headers)

    def answer(self) -> Response:
        """As much of the 2xx as requests inside the call follow from (RFC 3261 §12.1.2)."""
        headers = Headers(
            [
                ("Via", self.via),
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{self.cseq} INVITE"),
            ]
        )
        for route in self.record_route:
            headers.add("Record-Route", route)
        if self.remote_target:
            headers.add("Contact", self.remote_target)
        return Response(200, "OK", headers)


OnCall = Callable[[PlacedCall], Awaitable[None]]
"""Hears of every change in order, and at once. What it gives is done when the change is kept.

An INVITE leaves only when its "placed" is kept; nobody waits for the other changes.
"""


class _Kept:
    """Something that is done already."""

    def __await__(self) -> Generator[None]:
        yield from ()


def keep_nothing(_call: PlacedCall) -> Awaitable[None]:
    """An OnCall for those who end their calls themselves."""
    return _Kept()
