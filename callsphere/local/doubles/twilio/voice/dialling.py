"""<Dial>: rings its legs, connects the caller with whoever answers first, and says how that ended."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio.voice.agents import NOBODY, AgentState
from callsphere.local.doubles.twilio.voice.documents import Document, Unusable
from callsphere.local.doubles.twilio.voice.legs import Leg, callback_of
from callsphere.local.doubles.twilio.voice.lines import line_of
from callsphere.local.doubles.twilio.voice.live import Broken, Over, Replaced
from callsphere.local.doubles.twilio.voice.recording import record
from callsphere.local.doubles.twilio.voice.stage import Stage

_TIMEOUT_S, _LIMIT_S = 30.0, 14_400.0
_MOST_LEGS = 10


@dataclass
class _Dial:
    """One <Dial> that is carried out."""

    stage: Stage
    element: Element
    document: Document

    def run(self) -> Document | None:
        legs = list(self._legs())
        try:
            last = self._connect(legs)
        except Broken as broken:
            self._give_up(
                legs, "no-answer" if isinstance(broken, Over) and broken.by == "caller" else "canceled"
            )
            # Whoever is dialled hears of the end; so does the action, whose answer nobody needs any more.
            if isinstance(broken, Over) and legs:
                self._ask_action(_told_of(legs), call_status=broken.status or self._ended_status())
            raise
        outcome = last.outcome if last else {"DialCallStatus": "failed", "DialBridged": "false"}
        return self.stage.follow(self.element, self.document, {**outcome, **self._recorded(last)})

    def _legs(self) -> Iterator[Leg]:
        for each in list(self.element)[:_MOST_LEGS]:
            if each.tag in ("Number", "Sip"):
                yield self._leg(each)
        plain = (self.element.text or "").strip()
        if plain:
            number = Element("Number")
            number.text = plain
            yield self._leg(number)

    def _leg(self, element: Element) -> Leg:
        stage, live = self.stage, self.stage.live
        target = (element.text or "").strip()
        caller = self.element.get("callerId") or live.row["from"]
        agents = stage.agents if element.tag == "Sip" and stage.agents.has(target) else None
        row = stage.ledger.open_call(
            live.account, to=target, caller=caller, direction="outbound-dial", parent_call_sid=live.sid
        )
        live.legs.append(row)
        leg = Leg(
            live=live,
            ledger=stage.ledger,
            mailbox=stage.mailbox,
            row=row,
            callback=callback_of(element, lambda url: self.document.address.near(url).url),
            attributes=self._attributes(element),
            line=None if agents else line_of(target, live.lines),
            agents=agents,
        )
        stage.legs[leg.sid] = leg
        return leg

    def _attributes(self, element: Element) -> dict[str, str]:
        found = dict(element.attrib)
        for name in ("amdStatusCallback", "url"):
            if found.get(name):
                found[name] = self.document.address.near(found[name]).url
        return found

    def _connect(self, legs: list[Leg]) -> Leg | None:
        """Return the leg that the outcome is told of."""
        one_by_one = self.element.get("sequential") == "true"
        for group in [[leg] for leg in legs] if one_by_one else [legs]:
            winner = self._ring(group)
            if winner:
                self._talk(winner)
                return winner
        return legs[-1] if legs else None

    def _ring(self, legs: list[Leg]) -> Leg | None:
        """Ring legs until one answers, all are over, or it takes too long."""
        live = self.stage.live
        if self.element.get("answerOnBridge") != "true":
            self.stage.answer()
        for leg in legs:
            leg.begin()
            self._caller_may_leave(leg)
        until = live.now + float(self.element.get("timeout") or _TIMEOUT_S)
        while not all(leg.is_over for leg in legs):
            winner = next((leg for leg in legs if self._is_answered(leg)), None)
            if winner:
                self._give_up([leg for leg in legs if leg is not winner], "canceled")
                return winner
            if live.now >= until:
                self._give_up(legs, "no-answer")
            elif not all(leg.is_over for leg in legs):
                self._wait(legs, min([until, *self._times(legs)]))
        return None

    def _times(self, legs: list[Leg]) -> Iterator[float]:
        """Yield when something happens at a line."""
        for leg in legs:
            if leg.is_open and leg.line and leg.line.outcome != "no-answer":
                yield leg.started_at + leg.line.rings_s

    def _is_answered(self, leg: Leg) -> bool:
        """Have a leg go on, as far as it is time."""
        if not leg.is_open:
            return False
        live = self.stage.live
        if leg.line is None:
            return self._agent_answered(leg, leg.ask_agent())
        if leg.line.outcome == "no-answer" or live.now < leg.started_at + leg.line.rings_s:
            return False
        if leg.line.outcome != "answers":
            leg.end(leg.line.outcome, leg.line.sip_code)
            return False
        return True

    def _agent_answered(self, leg: Leg, state: AgentState | None) -> bool:
        if state is None or state.status == "ringing":
            return False
        if state.status == "ended" and state.ended_by == "timeout":
            leg.end("no-answer", NOBODY)
            return False
        if state.status == "rejected":
            leg.end("busy" if state.status_code in (486, 600) else "failed", state.status_code or 603)
            return False
        return True

    def _talk(self, leg: Leg) -> None:
        """Connect the caller with a leg until one of them ends it."""
        live = self.stage.live
        leg.answer()
        if not self._may_be_connected(leg):
            return
        self.stage.answer()
        live.note("connected", sid=leg.sid)
        self._caller_may_leave(leg)
        limit = live.now + float(self.element.get("timeLimit") or _LIMIT_S)
        talks_s = math.inf if leg.line is None or leg.line.talks_s is None else leg.line.talks_s
        until = min(live.now + talks_s, limit)
        while live.now < until and not leg.is_over:
            self._wait([leg], until)
            self._follow_agent(leg)
        if not leg.is_over and until < limit:
            leg.end("completed", by="callee")
        leg.give_up()

    def _follow_agent(self, leg: Leg) -> None:
        state = leg.ask_agent()
        if state is None:
            return
        if state.referred_to and state.referred_to not in leg.refers_seen:
            leg.refers_seen.add(state.referred_to)
            self._refer(leg, state.referred_to)
        if state.status in ("ended", "rejected"):
            leg.end("completed", 200, by=state.ended_by)
            if state.ended_by == "caller":
                raise Over("caller")

    def _refer(self, leg: Leg, target: str) -> None:
        """A REFER (RFC 3515) asks the address that <Dial> names for it; without one it is refused."""
        url = self.element.get("referUrl")
        self.stage.live.note("refer", to=target, taken=bool(url))
        if url:
            leg.give_up()
            address = self.document.address.near(url, self.element.get("referMethod") or "")
            raise Replaced(url=address.url, method=address.method, fields={"ReferTransferTarget": target})

    def _may_be_connected(self, leg: Leg) -> bool:
        """Whoever is called first hears what the leg's address says, and may hang up or refuse."""
        url = leg.attributes.get("url")
        if not url:
            return True
        method = leg.attributes.get("method", "")
        try:
            document = self.stage.ask_for_leg(leg, self.document.address.near(url, method))
        except Unusable as unusable:
            self.stage.live.note("trouble", why=str(unusable))
            return True
        for verb in document.verbs:
            if verb.tag == "Say":
                self.stage.live.note("leg hears", sid=leg.sid, text=(verb.text or "").strip())
            if verb.tag in ("Hangup", "Reject"):
                leg.end("completed", by="document")
                return False
        return True

    def _wait(self, legs: list[Leg], until: float) -> None:
        """Wait for a moment of the call, or by the clock when somebody outside has a say."""
        live = self.stage.live
        left = max(until - live.now, 0.0)

        def somebody_stopped() -> bool:
            return any(leg.is_stopped and not leg.is_over for leg in legs)

        if any(leg.is_up_to_others for leg in legs):
            live.wait(min(live.pace.poll_s, left), by_the_clock=True, unless=somebody_stopped)
        else:
            live.wait(left, unless=somebody_stopped)
        for leg in legs:
            if leg.is_stopped:
                leg.give_up()

    def _caller_may_leave(self, leg: Leg) -> None:
        if self.stage.live.caller.hangs_up_on and self.stage.live.caller.hangs_up_on == leg.row["status"]:
            raise Over("caller")

    def _give_up(self, legs: list[Leg], status: str) -> None:
        for leg in legs:
            leg.give_up(status)

    def _ended_status(self) -> str:
        return "completed" if self.stage.live.is_answered else "no-answer"

    def _ask_action(self, leg: Leg, *, call_status: str) -> None:
        if self.element.get("action"):
            fields = {**leg.outcome, **self._recorded(leg), "CallStatus": call_status}
            self.stage.tell_action(self.element, self.document, fields)

    def _recorded(self, leg: Leg | None) -> dict[str, str]:
        mode = self.element.get("record") or "do-not-record"
        if leg is None or leg.answered_at is None or mode in ("do-not-record", "false"):
            return {}
        channels = 2 if mode.endswith("dual") else 1
        seconds = leg.lasted_s
        made = record(
            self.stage, self.element, self.document, source="DialVerb", seconds=seconds, channels=channels
        )
        return {"RecordingUrl": made["RecordingUrl"], "RecordingSid": made["RecordingSid"]}


def dial(stage: Stage, element: Element, document: Document) -> Document | None:
    """Carry out one <Dial> and return what its action says, if it has one."""
    return _Dial(stage, element, document).run()


def _told_of(legs: list[Leg]) -> Leg:
    return next((leg for leg in legs if leg.answered_at is not None), legs[-1])
