"""What a call is to do, in TwiML.

Each function returns a whole document. Lengths are checked here: Twilio would only tell of them once a
caller waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlsplit

from twilio.twiml.voice_response import Dial, VoiceResponse

from callsphere.lib.e164 import is_e164

CONTENT_TYPE = "text/xml; charset=utf-8"

LONGEST_URI = 254
"""Characters of a SIP address, its headers left out."""

LONGEST_HEADERS = 1023
"""Characters of all headers of a SIP address as they are written into it."""

LONGEST_PARAMETER = 500
"""Characters of one parameter of a stream, name and value together."""

MOST_LEGS = 10
"""How many may be called at once."""

LONGEST_CALL_S = 14_400
"""How long a leg lasts when nobody says how long, and at most."""

_LANGUAGE = "en-US"
_LEG_EVENTS = "initiated ringing answered completed"
_HEADER_NAME = re.compile(r"[Xx]-[A-Za-z0-9-]+|User-to-User|P-Called-Party-ID")


class InstructionsInvalid(ValueError):
    """Twilio would not carry out these instructions; `str()` says why, without any secret."""


@dataclass(frozen=True, slots=True)
class SipLeg:
    """A SIP address that is called: `sip:user@host;transport=tls`.

    `headers` go along in the INVITE; their names begin with `X-`. `status_callback` is told how the leg goes.
    """

    uri: str
    headers: Mapping[str, str] = field(default_factory=dict)
    username: str = ""
    password: str = field(default="", repr=False)
    status_callback: str = ""


@dataclass(frozen=True, slots=True)
class NumberLeg:
    """A number (E.164) that is called.

    `url` is asked what whoever answers hears before the two are connected. `byoc_trunk_sid` (BY…) has the
    call go over the customer's carrier. With `detects_machines` the leg's callback is also told who answered
    (`AnsweredBy`).
    """

    number: str
    url: str = ""
    byoc_trunk_sid: str = ""
    detects_machines: bool = False
    status_callback: str = ""


@dataclass(frozen=True, slots=True)
class Dialling:
    """How legs are called.

    `action` is asked what is next when the last leg is over, and told how it ended; without one the document
    goes on. `timeout_s` is how long a leg may ring, `time_limit_s` how long it may last once answered. With
    `answers_on_bridge` the caller hears ringing, and pays, only from when somebody answers. `caller_id` is
    shown to whom is called, the caller's own when empty. `records`: both sides from when somebody answers,
    and `recording_callback` is told when the recording is there. One leg after another, or all at once and
    who answers first has the call (`one_by_one`).
    """

    action: str = ""
    timeout_s: int = 30
    time_limit_s: int = LONGEST_CALL_S
    answers_on_bridge: bool = True
    caller_id: str = ""
    records: bool = False
    recording_callback: str = ""
    one_by_one: bool = False


def say_and_hang_up(sentence: str) -> str:
    """Have a sentence spoken to the caller, and end the call."""
    response = VoiceResponse()
    response.say(sentence, language=_LANGUAGE)
    response.hangup()
    return str(response)


def nothing() -> str:
    """Have nothing done: the answer to a message that is not answered."""
    return str(VoiceResponse())


def hang_up() -> str:
    """End the call without a word."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def ask_for_key(sentence: str, *, action: str, otherwise: str, times: int, wait_s: int) -> str:
    """Have a sentence spoken until one key is pressed, of which `action` is told: so often at most.

    After each the key is waited for so many seconds; who pressed none hears `otherwise` and is hung up on.
    """
    response = VoiceResponse()
    for _ in range(times):
        gather = response.gather(input="dtmf", num_digits=1, timeout=wait_s, finish_on_key="", action=action)
        gather.say(sentence, language=_LANGUAGE)
    response.say(otherwise, language=_LANGUAGE)
    response.hangup()
    return str(response)


def say_then(sentence: str, document: str) -> str:
    """Have a sentence spoken before what another document of ours does."""
    head, opened, rest = document.partition("<Response>")
    if not opened:
        raise InstructionsInvalid("There is nothing to do after the sentence.")
    spoken = VoiceResponse()
    spoken.say(sentence, language=_LANGUAGE)
    verb = str(spoken).partition("<Response>")[2].removesuffix("</Response>")
    return f"{head}{opened}{verb}{rest}"


def reject(reason: Literal["rejected", "busy"] = "rejected") -> str:
    """Refuse a call before it is answered: it costs nothing, and the caller hears that it was, or busy."""
    response = VoiceResponse()
    response.reject(reason=reason)
    return str(response)


def redirect(url: str) -> str:
    """Have another address asked what to do."""
    response = VoiceResponse()
    response.redirect(url)
    return str(response)


def dial_sip(leg: SipLeg, dialling: Dialling) -> str:
    """Connect the caller to a SIP address. Raises InstructionsInvalid."""
    return dial([leg], dialling)


def dial_number(leg: NumberLeg, dialling: Dialling) -> str:
    """Connect the caller to a number. Raises InstructionsInvalid."""
    return dial([leg], dialling)


def dial(legs: Sequence[SipLeg | NumberLeg], dialling: Dialling) -> str:
    """Connect the caller to whoever of these answers first. Raises InstructionsInvalid."""
    if not 1 <= len(legs) <= MOST_LEGS:
        raise InstructionsInvalid(f"A call goes to 1 to {MOST_LEGS} places at once, not to {len(legs)}.")
    response = VoiceResponse()
    dialled = response.dial(**_dial_attributes(dialling))
    for leg in legs:
        if isinstance(leg, SipLeg):
            _add_sip(dialled, leg)
        else:
            _add_number(dialled, leg)
    return str(response)


def connect_stream(
    url: str, parameters: Mapping[str, str], *, action: str = "", status_callback: str = ""
) -> str:
    """Connect the caller's sound with a WebSocket, both ways, until one of them ends it.

    The parameters are told when it opens. `action` is asked what is next afterwards. Raises
    InstructionsInvalid.
    """
    if urlsplit(url).scheme not in ("wss", "ws") or urlsplit(url).query:
        raise InstructionsInvalid("A stream's address begins with wss:// and has no query.")
    response = VoiceResponse()
    connect = response.connect(**_without_empty(action=action))
    stream = connect.stream(url=url, **_without_empty(status_callback=status_callback))
    for name, value in parameters.items():
        if len(name) + len(value) > LONGEST_PARAMETER:
            raise InstructionsInvalid(
                f"The stream's parameter {name} is longer than {LONGEST_PARAMETER} characters."
            )
        stream.parameter(name=name, value=value)
    return str(response)


def voicemail(sentence: str, *, action: str, recording_callback: str, longest_s: int) -> str:
    """Have the caller leave a message after a sentence and a beep, for so many seconds at most.

    `action` is asked what is next when the caller has spoken, `recording_callback` told when the recording
    can be fetched. A caller who says nothing is hung up on.
    """
    response = VoiceResponse()
    response.say(sentence, language=_LANGUAGE)
    response.record(
        action=action,
        max_length=longest_s,
        play_beep=True,
        recording_status_callback=recording_callback,
        recording_status_callback_event="completed absent",
    )
    response.hangup()
    return str(response)


def _dial_attributes(dialling: Dialling) -> dict[str, object]:
    if not 1 <= dialling.timeout_s <= 600:
        raise InstructionsInvalid("A leg rings for 1 to 600 seconds.")
    if not 1 <= dialling.time_limit_s <= LONGEST_CALL_S:
        raise InstructionsInvalid(f"A leg lasts 1 to {LONGEST_CALL_S} seconds.")
    return {
        "timeout": dialling.timeout_s,
        "time_limit": dialling.time_limit_s,
        "answer_on_bridge": dialling.answers_on_bridge,
        **({"sequential": True} if dialling.one_by_one else {}),
        **({"record": "record-from-answer-dual"} if dialling.records else {}),
        **_without_empty(
            action=dialling.action,
            caller_id=dialling.caller_id,
            recording_status_callback=dialling.recording_callback if dialling.records else "",
        ),
    }


def _add_sip(dialled: Dial, leg: SipLeg) -> None:
    attributes = _without_empty(username=leg.username, password=leg.password)
    dialled.sip(_sip_uri(leg), **attributes, **_callback(leg.status_callback))


def _add_number(dialled: Dial, leg: NumberLeg) -> None:
    if not is_e164(leg.number):
        raise InstructionsInvalid("A number that is called is written with + and the country's code.")
    attributes = _without_empty(url=leg.url, byoc=leg.byoc_trunk_sid)
    if leg.detects_machines:
        attributes["machine_detection"] = "Enable"
        attributes |= _without_empty(amd_status_callback=leg.status_callback)
    dialled.number(leg.number, **attributes, **_callback(leg.status_callback))


def _sip_uri(leg: SipLeg) -> str:
    """Return the address with its headers (RFC 3261 §19.1.1)."""
    if not re.fullmatch(r"sips?:[^\s?<>]+", leg.uri):
        raise InstructionsInvalid("A SIP address begins with sip: and has neither spaces nor headers in it.")
    if len(leg.uri) > LONGEST_URI:
        raise InstructionsInvalid(f"The SIP address is longer than {LONGEST_URI} characters.")
    for name in leg.headers:
        if not _HEADER_NAME.fullmatch(name):
            raise InstructionsInvalid(f"Twilio passes on headers that begin with X-, not {name}.")
    headers = "&".join(f"{name}={quote(value, safe='')}" for name, value in leg.headers.items())
    if len(headers) > LONGEST_HEADERS:
        raise InstructionsInvalid(f"The headers are longer than {LONGEST_HEADERS} characters.")
    return f"{leg.uri}?{headers}" if headers else leg.uri


def _callback(url: str) -> dict[str, str]:
    return {"status_callback": url, "status_callback_event": _LEG_EVENTS} if url else {}


def _without_empty(**attributes: str) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value}
