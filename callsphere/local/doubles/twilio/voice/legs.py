"""One leg of a dialled call: how it stands, and who is told of it."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio.messages import Row
from callsphere.local.doubles.twilio.voice.agents import (
    NOBODY,
    UNKNOWN,
    AgentSide,
    AgentState,
    NotThere,
    headers_in,
)
from callsphere.local.doubles.twilio.voice.ledger import API_VERSION, Ledger
from callsphere.local.doubles.twilio.voice.lines import Line
from callsphere.local.doubles.twilio.voice.live import LiveCall, whole_seconds
from callsphere.local.doubles.twilio.voice.telling import Callback, Mailbox

CANCELED_CODE = 487
"""Request Terminated (RFC 3261 §21.4.25): the leg was given up before anybody answered."""

ATTESTATION = "B"
"""The customer is known to Twilio, the right to the number shown is not."""


@dataclass
class Leg:
    """A number or SIP address that a call dials.

    `line` is who is there, unless OpenAI's side is (`agent_call`). Times are the parent call's.
    """

    live: LiveCall
    ledger: Ledger
    mailbox: Mailbox
    row: Row
    callback: Callback | None
    attributes: dict[str, str]
    line: Line | None = None
    agents: AgentSide | None = None
    agent_call: str = ""
    started_at: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    code: int = 0
    ended_by: str = ""
    is_stopped: bool = False
    """Whether somebody asked the API to end it."""
    refers_seen: set[str] = field(default_factory=set)
    sip_call_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def sid(self) -> str:
        return str(self.row["sid"])

    @property
    def target(self) -> str:
        return str(self.row["to"])

    @property
    def is_sip(self) -> bool:
        return self.target.startswith("sip")

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def is_open(self) -> bool:
        """Whether it rings still."""
        return self.answered_at is None and self.ended_at is None

    @property
    def is_up_to_others(self) -> bool:
        """Whether what comes next is somebody else's doing, outside."""
        if self.is_over:
            return False
        return self.line is None or (self.answered_at is not None and self.line.talks_s is None)

    @property
    def lasted_s(self) -> int:
        """Seconds from the answer to the end, those begun counting as whole."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return whole_seconds(self.ended_at - self.answered_at)

    def begin(self) -> None:
        """Call it."""
        self.started_at = self.live.now
        self._tell("initiated", "initiated")
        if self.agents is not None:
            try:
                script = self.live.caller.script
                self.agent_call = self.agents.invite(self.target, self._invite_headers(), script)
            except OSError as error:
                self.live.note("trouble", why=str(error))
                self.end("failed", UNKNOWN if isinstance(error, NotThere) else NOBODY)
                return
        self._go_on("ringing")
        self._tell("ringing", "ringing", **self._attested())

    def answer(self) -> None:
        """Somebody picks up."""
        self.answered_at = self.live.now
        detected: dict[str, str] = {}
        mode = self.attributes.get("machineDetection")
        if mode and self.line is not None:
            self.row["answered_by"] = answered_by = self.line.answered_by(mode)
            detected = {"AnsweredBy": answered_by}
        self._go_on("in-progress")
        self._tell("answered", "in-progress", **self._attested())
        url = self.attributes.get("amdStatusCallback")
        if detected and url:
            fields = {**self._fields("in-progress"), **detected, "MachineDetectionDuration": "2500"}
            self.mailbox.post(url, self.attributes.get("amdStatusCallbackMethod", ""), fields)

    def end(self, status: str, code: int = 0, *, by: str = "") -> None:
        """Have it be over: completed, busy, no-answer, failed or canceled."""
        if self.is_over:
            return
        self.ended_at, self.code, self.ended_by = self.live.now, code or 200, by
        self.ledger.end_call(
            self.row,
            status,
            self._moment,
            lasted_s=self.lasted_s,
            priced_after_s=self.live.pace.priced_after_s,
        )
        self.live.note("leg", sid=self.sid, to=self._shown, status=status, code=self.code, by=by)
        fields = {
            "CallDuration": str(self.lasted_s),
            "Duration": str(math.ceil(self.lasted_s / 60)),
            "SipResponseCode": str(self.code),
        }
        self._tell("completed", status, **fields)

    def give_up(self, status: str = "canceled") -> None:
        """Stop calling it, or hang up on it."""
        if self.is_over:
            return
        if self.agents is not None and self.agent_call:
            try:
                self.agents.hang_up(self.agent_call)
            except OSError as error:
                self.live.note("trouble", why=str(error))
        if self.answered_at is None:
            self.end(status, CANCELED_CODE)
        else:
            self.end("completed", by="caller")

    def ask_agent(self) -> AgentState | None:
        """Return how OpenAI's side stands; a leg whose side is gone has failed."""
        if self.agents is None or self.is_over:
            return None
        try:
            return self.agents.state(self.agent_call)
        except OSError as error:
            self.live.note("trouble", why=str(error))
            self.end("failed" if self.answered_at is None else "completed", NOBODY)
            return None

    @property
    def outcome(self) -> dict[str, str]:
        """What the action of <Dial> is told."""
        found = {
            "DialCallStatus": str(self.row["status"]),
            "DialCallSid": self.sid,
            "DialBridged": "true" if self.answered_at is not None else "false",
        }
        if self.answered_at is not None:
            found["DialCallDuration"] = str(self.lasted_s)
        if self.is_sip:
            found |= {"DialSipCallId": self.sip_call_id, "DialSipResponseCode": str(self.code)}
        return found

    @property
    def _moment(self) -> float:
        return self.live.began_at + self.live.now

    @property
    def _shown(self) -> str:
        """Headers may hold tokens: they are not for whoever watches."""
        return self.target.partition("?")[0]

    def _attested(self) -> dict[str, str]:
        return {} if self.is_sip or self.attributes.get("byoc") else {"StirStatus": ATTESTATION}

    def _go_on(self, status: str) -> None:
        self.ledger.set_status(self.row, status, self._moment)
        self.live.note("leg", sid=self.sid, to=self._shown, status=status)

    def _tell(self, event: str, status: str, **more: str) -> None:
        self.mailbox.tell(self.callback, event, self._fields(status) | more, self._moment)

    def _fields(self, status: str) -> dict[str, str]:
        fields = {
            "AccountSid": str(self.row["account_sid"]),
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "ParentCallSid": self.live.sid,
            "CallStatus": status,
            "Direction": "outbound-dial",
            "To": self.target,
            "Called": self.target,
            "From": str(self.row["from"]),
            "Caller": str(self.row["from"]),
        }
        return fields | ({"SipCallId": self.sip_call_id} if self.is_sip else {})

    def _invite_headers(self) -> list[tuple[str, str]]:
        account, caller = str(self.row["account_sid"]), self.row["from"]
        plain = self._shown.partition(";")[0]
        dialled = self.live.row["to"].removeprefix("sip:").partition("@")[0]
        return [
            ("From", f"<sip:{caller}@pstn.twilio.com>;tag={secrets.token_hex(8)}"),
            ("To", f"<{plain}>"),
            ("Call-ID", self.sip_call_id),
            ("Diversion", f"<sip:{dialled}@twilio.com>;reason=unconditional"),
            ("X-Twilio-AccountSid", account),
            ("X-Twilio-CallSid", self.sid),
            *headers_in(self.target),
        ]


def callback_of(element: Element, address_of: Any) -> Callback | None:
    """Return who is told of a leg that an element names; `address_of` completes relative addresses."""
    url = element.get("statusCallback")
    if not url:
        return None
    events = (element.get("statusCallbackEvent") or "completed").split()
    return Callback.of(address_of(url), element.get("statusCallbackMethod") or "POST", events)
