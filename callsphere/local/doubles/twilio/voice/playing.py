"""One call from its first ring to the callback that it is over."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from callsphere.local.doubles.twilio.voice import documents, verbs
from callsphere.local.doubles.twilio.voice.documents import Address, Document, Unusable
from callsphere.local.doubles.twilio.voice.lines import Line
from callsphere.local.doubles.twilio.voice.live import Over, Replaced, whole_seconds
from callsphere.local.doubles.twilio.voice.stage import Stage

_NORMAL, _GIVEN_UP = 200, 487
_DETECTION_S = 2.5
_NOBODY = Address()


@dataclass(frozen=True, slots=True)
class Placed:
    """How a call is placed: who is there, what is done when they answer, and how long they are rung.

    `detects` is Enable or DetectMessageEnd when it is to be found out whether a machine answered: before
    anything else, or meanwhile when `told` is an address. Without `twiml` the call's address is asked.
    """

    line: Line
    twiml: str = ""
    timeout_s: float = 60.0
    detects: str = ""
    told: Address = _NOBODY
    limit_s: float | None = None


def play_incoming(stage: Stage) -> None:
    """Have a call come in: it rings, the number's address says what to do, and that is done."""
    _play(stage, lambda: _receive(stage))


def play_outgoing(stage: Stage, placed: Placed) -> None:
    """Place a call: a line is rung, and when somebody answers they go through what is to be done."""
    _play(stage, lambda: _place(stage, placed))


def _play(stage: Stage, begin: Callable[[], Document]) -> None:
    over = Over("document")
    next_document = begin
    while True:
        try:
            verbs.perform(stage, next_document())
            break
        except Replaced as replaced:
            next_document = _replacement(stage, replaced)
        except Over as ended:
            over = ended
            break
        except ValueError as error:  # an attribute that is no number, as Twilio would say too
            stage.fail(Unusable(documents.NOT_AS_THE_SCHEMA, str(error)))
            break
    _end(stage, over)


def _replacement(stage: Stage, replaced: Replaced) -> Callable[[], Document]:
    stage.live.note("redirected")
    address = stage.voice.near(replaced.url, replaced.method)
    return lambda: _read_or_ask(stage, replaced.twiml, address, **replaced.fields)


def _read_or_ask(stage: Stage, twiml: str, address: Address, **fields: str) -> Document:
    if not twiml:
        return stage.ask(address, **fields)
    try:
        return documents.read(twiml, address)
    except Unusable as unusable:
        stage.fail(unusable)
        raise Over("document", code=unusable.code) from None


def _receive(stage: Stage) -> Document:
    stage.go_on("ringing", "ringing")
    return stage.ask(stage.voice)


def _place(stage: Stage, placed: Placed) -> Document:
    live, line = stage.live, placed.line
    live.wait(0)  # it may have been cancelled while it was queued
    stage.mailbox.tell(stage.status, "initiated", stage.fields(CallStatus="initiated"), stage.moment)
    stage.go_on("ringing", "ringing")
    if line.outcome == "no-answer" or line.rings_s > placed.timeout_s:
        live.wait(placed.timeout_s)
        raise Over("callee", "no-answer", _GIVEN_UP)
    live.wait(line.rings_s)
    if line.outcome != "answers":
        raise Over("callee", line.outcome, line.sip_code)
    stage.answer()
    if placed.limit_s is not None:
        live.ends_at = live.now + placed.limit_s
    fields = _detect(stage, placed) if placed.detects else {}
    if line.talks_s is not None:
        live.ends_at = min(live.ends_at, live.now + line.talks_s)
    return _read_or_ask(stage, placed.twiml, stage.voice, **fields)


def _detect(stage: Stage, placed: Placed) -> dict[str, str]:
    """Find out whether a machine answered; told apart from the call when an address wants to know."""
    answered_by = placed.line.answered_by(placed.detects)
    found = {"AnsweredBy": answered_by, "MachineDetectionDuration": str(int(_DETECTION_S * 1000))}
    stage.live.row["answered_by"] = answered_by
    stage.live.note("detected", answered_by=answered_by)
    if placed.told.url:
        stage.mailbox.post(placed.told.url, placed.told.method, stage.fields(**found))
        return {}
    stage.live.wait(_DETECTION_S)
    stage.live.fields["AnsweredBy"] = answered_by
    return found


def _end(stage: Stage, over: Over) -> None:
    live = stage.live
    live.close()
    status = over.status or ("completed" if live.is_answered else "no-answer")
    lasted = 0 if live.answered_at is None else whole_seconds(live.now - live.answered_at)
    code = over.code if 400 <= over.code < 700 else _NORMAL if live.is_answered else _GIVEN_UP
    stage.ledger.end_call(
        live.row, status, stage.moment, lasted_s=lasted, priced_after_s=live.pace.priced_after_s
    )
    live.note("call", status=status, by=over.by, seconds=lasted)
    fields = stage.fields(
        CallDuration=str(lasted), Duration=str(math.ceil(lasted / 60)), SipResponseCode=str(code)
    )
    stage.mailbox.tell(stage.status, "completed", fields, stage.moment)
