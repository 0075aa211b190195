"""What a demo and tests may do to the double that no customer of Twilio can: `/_double/…`, JSON in and out.

| POST to | with | does |
|---|---|---|
| `/_double/faults` | the fields of `Fault` | lets something go wrong |
| `/_double/faults/clear` | nothing | lets everything go right again |
| `/_double/calls` | `to`, `from` | asks the voice address once, signed; answers the TwiML |
| `/_double/calls` | also `"play": true` and what `_play` takes | plays a whole call; answers `sid` at once |
| `/_double/calls/{sid}/hangup` | nothing | lets the caller of a played call hang up |
| `/_double/calls/status` | `to`, `from`, `sid`; `status`, `sequence` | tells how that call went on |
| `/_double/callbacks` | the fields of `Disturbance` | lets callbacks of played calls go wrong |
| `/_double/callbacks/clear` | nothing | lets those go right again |
| `/_double/messages` | `to`, `from`, `body` | lets somebody write to a number |
| `/_double/validations` | `number`, and `digits` | answers a call that asks for a code; "" for nobody |
| `/_double/reviews` | `sid`, `status` | approves or rejects a profile, a trust product or a bundle |

GET `/_double/calls/{sid}` answers how a played call stands: status, legs, what was said and all that
happened. With `?seen=3&patience_s=20` it waits until there are more than three events, or all is over and
told (`is_over`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from callsphere.local.doubles.twilio import caller_ids
from callsphere.local.doubles.twilio.faults import Fault
from callsphere.local.doubles.twilio.incoming import ring, tell_status
from callsphere.local.doubles.twilio.messages import Answer, Refusal, not_found
from callsphere.local.doubles.twilio.reviews import review, tell
from callsphere.local.doubles.twilio.twilio import Twilio
from callsphere.local.doubles.twilio.voice.live import SPEAKS_S, Caller, Over
from callsphere.local.doubles.twilio.voice.telling import Disturbance

CONTROL = "/_double/"


_LONGEST_PATIENCE_S = 30.0


def control(twilio: Twilio, method: str, path: str, body: bytes) -> Answer:
    """Do one of the above and answer it; 400 with a sentence for what is none of them."""
    parts = urlsplit(path.removeprefix(CONTROL))
    try:
        if method == "GET":
            return Answer(200, _look(twilio, parts.path, dict(parse_qsl(parts.query))))
        if method != "POST":
            return Answer(405, {"message": "GET and POST only"})
        return Answer(200, _do(twilio, parts.path, json.loads(body or b"{}")))
    except Refusal as refusal:
        return refusal.answer()
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, {"message": str(error)})
    except OSError as error:
        return Answer(502, {"message": f"The callback was not answered: {error}"})


def _look(twilio: Twilio, name: str, query: dict[str, str]) -> dict[str, Any]:
    kind, _, sid = name.partition("/")
    if kind != "calls" or not sid:
        raise not_found(f"/_double/{name}")
    patience = min(float(query.get("patience_s", "0")), _LONGEST_PATIENCE_S)
    state = twilio.switchboard.state(sid, seen=int(query.get("seen", "-1")), patience_s=patience)
    if state is None:
        raise not_found(f"/_double/{name}")
    return state


def _do(twilio: Twilio, name: str, values: dict[str, Any]) -> dict[str, Any]:
    if name in _CONTROLS:
        return _CONTROLS[name](twilio, values)
    kind, _, rest = name.partition("/")
    if kind == "calls" and rest.endswith("/hangup"):
        return _hang_up(twilio, rest.removesuffix("/hangup"))
    raise ValueError(f"/_double/{name}: there is no such control")


def _add_fault(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    twilio.faults.add(Fault.parse(values))
    return {}


def _clear_faults(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    twilio.faults.clear()
    return {}


def _disturb(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    twilio.switchboard.disturbances.add(Disturbance.parse(values))
    return {}


def _clear_disturbances(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    twilio.switchboard.disturbances.clear()
    return {}


def _ring(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    if values.get("play"):
        return _play(twilio, values)
    call = ring(twilio.store, to=values["to"], caller=values["from"])
    return {"sid": call.sid, "status": call.reply.status, "text": call.reply.text}


def _play(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    """Play a call. All but `to` and `from` may be left out.

    `script` is what an agent's double plays; `hang_up_after_s` and `hang_up_on` (a leg's status) end it;
    `digits` (a text, or a list of one for each time) are typed; `speaks_s` is how long a message is left;
    `legs` are lines by number, or `*` for all; `fields` go along with what is asked of the call, such as
    StirVerstat.
    """
    digits = values.get("digits") or ()
    person = Caller(
        hangs_up_after_s=values.get("hang_up_after_s"),
        hangs_up_on=values.get("hang_up_on", ""),
        digits=(digits,) if isinstance(digits, str) else tuple(digits),
        speaks_s=float(values.get("speaks_s", SPEAKS_S)),
        script=values.get("script") or "",
    )
    sid = twilio.switchboard.ring(
        to=values["to"],
        caller=values["from"],
        person=person,
        lines=values.get("legs"),
        fields=values.get("fields"),
    )
    return {"sid": sid}


def _hang_up(twilio: Twilio, sid: str) -> dict[str, Any]:
    if not twilio.switchboard.break_in(sid, Over("caller")):
        raise not_found(f"a call {sid} that is under way")
    return {}


def _write(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    row, reply = twilio.texts.receive(values["to"], values["from"], values["body"])
    return {"sid": row["sid"], "status": reply.status, "text": reply.text}


def _validate(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    with twilio.lock:
        asking = caller_ids.pick_up(twilio.store, values["number"], values.get("digits"))
    caller_ids.tell(twilio.store, asking)
    return {"status": asking["status"]}


def _tell_status(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    rest = {each: values[each] for each in ("status", "sequence") if each in values}
    told = tell_status(twilio.store, to=values["to"], caller=values["from"], sid=values["sid"], **rest)
    return {"status": told.status, "text": told.text}


def _review(twilio: Twilio, values: dict[str, Any]) -> dict[str, Any]:
    with twilio.lock:
        row = review(twilio.store, values["sid"], values["status"])
    tell(twilio.store, row, values["status"])  # whoever is told may ask something at once
    return {}


_CONTROLS: Mapping[str, Callable[[Twilio, dict[str, Any]], dict[str, Any]]] = {
    "faults": _add_fault,
    "faults/clear": _clear_faults,
    "callbacks": _disturb,
    "callbacks/clear": _clear_disturbances,
    "calls": _ring,
    "calls/status": _tell_status,
    "messages": _write,
    "validations": _validate,
    "reviews": _review,
}
