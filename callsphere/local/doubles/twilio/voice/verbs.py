"""Carrying out documents, verb by verb.

A document runs until it ends, hangs up, or an action or <Redirect> gives another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element

from callsphere.local.doubles.twilio.voice.dialling import dial
from callsphere.local.doubles.twilio.voice.documents import NOT_AS_THE_SCHEMA, Document, Unusable
from callsphere.local.doubles.twilio.voice.live import Over
from callsphere.local.doubles.twilio.voice.recording import record, tell_absent
from callsphere.local.doubles.twilio.voice.stage import Stage
from callsphere.local.doubles.twilio.voice.streaming import connect_stream

_MOST_DOCUMENTS = 100
_LETTERS_A_SECOND = 15
_PLAYED_S = 3.0
_REJECTED = {"busy": ("busy", 486), "rejected": ("failed", 603)}


def perform(stage: Stage, document: Document) -> None:
    """Carry out a document and those that follow. Raises Broken when something breaks into it."""
    following: Document | None = document
    for _ in range(_MOST_DOCUMENTS):
        if following is None:
            return
        following = _perform(stage, following)
    stage.fail(Unusable(NOT_AS_THE_SCHEMA, "The documents lead to each other without end"))


def _perform(stage: Stage, document: Document) -> Document | None:
    for element in document.verbs:
        verb = VERBS.get(element.tag)
        if verb is None:
            stage.fail(Unusable(NOT_AS_THE_SCHEMA, f"<{element.tag}> is no verb that the double knows"))
            return None
        following = verb(stage, element, document)
        if following is not None:
            return following
    stage.answer()  # a document without anything to do answers, and hangs up
    return None


def _say(stage: Stage, element: Element, document: Document) -> None:
    stage.answer()
    _speak(stage, element)


def _speak(stage: Stage, element: Element) -> None:
    text = " ".join("".join(element.itertext()).split())
    stage.live.note("say", text=text)
    stage.live.wait(len(text) / _LETTERS_A_SECOND)


def _play(stage: Stage, element: Element, document: Document) -> None:
    stage.answer()
    _sound(stage, element)


def _sound(stage: Stage, element: Element) -> None:
    stage.live.note("play", url=(element.text or "").strip(), digits=element.get("digits") or "")
    stage.live.wait(_PLAYED_S)


def _pause(stage: Stage, element: Element, document: Document) -> None:
    """A pause before anything else lets the call ring on."""
    stage.live.wait(float(element.get("length") or 1))


def _hang_up(stage: Stage, element: Element, document: Document) -> None:
    stage.answer()
    raise Over("document")


def _reject(stage: Stage, element: Element, document: Document) -> None:
    """Only a call that rings still can be refused; another one is hung up."""
    if stage.live.is_answered:
        raise Over("document")
    status, code = _REJECTED.get(element.get("reason") or "", _REJECTED["rejected"])
    raise Over("document", status, code)


def _redirect(stage: Stage, element: Element, document: Document) -> Document:
    url = (element.text or "").strip()
    return stage.ask(document.address.near(url, element.get("method") or ""))


def _gather(stage: Stage, element: Element, document: Document) -> Document | None:
    """Whoever is asked types while they listen; the action is asked with what was typed, if anything."""
    stage.answer()
    live = stage.live
    for prompt in element:
        nested = {"Say": _speak, "Play": _sound}.get(prompt.tag)
        if nested:
            nested(stage, prompt)
        else:
            live.wait(float(prompt.get("length") or 1))
    typed = _typed(element, live.next_digits())
    if typed:
        live.note("typed", count=len(typed))
    else:
        live.wait(float(element.get("timeout") or 5) if element.get("timeout") != "auto" else 5)
        if element.get("actionOnEmptyResult") != "true":
            return None
    finish = element.get("finishOnKey", "#")
    fields = {"msg": "Gather End", "Digits": typed, "FinishedOnKey": finish if typed else ""}
    address = document.address.near(element.get("action") or "", element.get("method") or "")
    return stage.ask(address, **fields)


def _typed(element: Element, digits: str) -> str:
    finish = element.get("finishOnKey", "#")
    if finish:
        digits = digits.partition(finish)[0]
    return digits[: int(element.get("numDigits") or len(digits) or 1)]


def _record(stage: Stage, element: Element, document: Document) -> Document | None:
    """A caller who says nothing leaves no recording, and the document goes on."""
    stage.answer()
    live = stage.live
    if element.get("playBeep") != "false":
        live.note("beep")
    longest = int(element.get("maxLength") or 3600)
    speaks = min(live.caller.speaks_s, longest)
    if speaks <= 0:
        live.wait(float(element.get("timeout") or 5))
        tell_absent(stage, element, document)
        return None
    began = live.now
    try:
        live.wait(speaks)
    except Over:
        if live.now - began >= 1:
            made = record(stage, element, document, source="RecordVerb", seconds=round(live.now - began))
            ended = {**made, "Digits": "hangup", "CallStatus": "completed"}
            stage.tell_action(element, document, ended)
        raise
    made = record(stage, element, document, source="RecordVerb", seconds=round(speaks))
    address = document.address.near(element.get("action") or "", element.get("method") or "")
    return stage.ask(address, **made, Digits="")


VERBS: Mapping[str, Callable[[Stage, Element, Document], Document | None]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Hangup": _hang_up,
    "Reject": _reject,
    "Redirect": _redirect,
    "Gather": _gather,
    "Record": _record,
    "Dial": dial,
    "Connect": connect_stream,
}
