"""What carrying out TwiML needs: the call, who is asked what is next, and where everything is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio.voice import documents
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.local.doubles.twilio.voice.documents import Address, Document, Unusable
from callsphere.local.doubles.twilio.voice.ledger import Ledger
from callsphere.local.doubles.twilio.voice.live import LiveCall, Over
from callsphere.local.doubles.twilio.voice.telling import Callback, Mailbox

if TYPE_CHECKING:
    from callsphere.local.doubles.twilio.voice.legs import Leg


@dataclass
class Stage:
    """One call that is played. `status` is told of the call itself."""

    live: LiveCall
    ledger: Ledger
    mailbox: Mailbox
    agents: AgentSide
    voice: Address
    fallback: Address
    status: Callback | None
    legs: dict[str, Leg] = field(default_factory=dict)

    @property
    def moment(self) -> float:
        """What time it is in the call, in seconds since 1970."""
        return self.live.began_at + self.live.now

    def fields(self, **more: str) -> dict[str, str]:
        """Return what goes along with whatever is asked or told of the call."""
        return {**self.live.fields, "CallStatus": str(self.live.row["status"]), **more}

    def answer(self) -> None:
        """Answer the call, unless it is."""
        if self.live.is_answered:
            return
        self.live.answered_at = self.live.now
        self.go_on("in-progress", "answered")

    def go_on(self, status: str, event: str, **more: str) -> None:
        """Have the call be in another state and tell it."""
        self.ledger.set_status(self.live.row, status, self.moment)
        self.live.note("call", status=status)
        self.mailbox.tell(self.status, event, self.fields(**more), self.moment)

    def ask(self, address: Address, **fields: str) -> Document:
        """Ask what is next; a caller hears that something is wrong when nobody says it."""
        self.live.note("asked", url=address.url)
        try:
            return documents.ask_with_fallback(
                self.live.account, address, self.fallback, self.fields(**fields)
            )
        except Unusable as unusable:
            self.fail(unusable)
            raise Over("document", code=unusable.code) from None

    def fail(self, unusable: Unusable) -> None:
        """Have the caller hear that something is wrong."""
        self.answer()
        self.live.note("trouble", why=str(unusable), code=unusable.code)
        self.live.note("say", text=documents.APPLICATION_ERROR)

    def follow(self, element: Element, document: Document, fields: dict[str, str]) -> Document | None:
        """Ask the action of a verb what is next; None when it has none and the document goes on."""
        action = element.get("action")
        if not action:
            return None
        return self.ask(document.address.near(action, element.get("method") or ""), **fields)

    def tell_action(self, element: Element, document: Document, fields: dict[str, str]) -> None:
        """Ask the action of a verb although the call is over: its answer is nobody's business."""
        address = document.address.near(element.get("action") or "", element.get("method") or "")
        self.live.note("asked", url=address.url)
        try:
            documents.ask(self.live.account, address, self.fields(**fields))
        except Unusable as unusable:
            self.live.note("trouble", why=str(unusable), code=unusable.code)

    def ask_for_leg(self, leg: Leg, address: Address) -> Document:
        """Ask what whoever answered a leg hears before they are connected. Raises Unusable."""
        fields = self.fields(CallSid=leg.sid, ParentCallSid=self.live.sid, To=leg.target, Called=leg.target)
        return documents.ask(self.live.account, address, fields | {"Direction": "outbound-dial"})
