"""What a demo and tests may do to the double that no customer of Twilio can: `/_double/…`, JSON in and out.

| POST to | with | does |
|---|---|---|
| `/_double/faults` | the fields of `Fault` | lets something go wrong |
| `/_double/faults/clear` | nothing | lets everything go right again |
| `/_double/calls` | `to`, `from` | rings a number or a SIP domain by its signed webhook; answers the TwiML |
| `/_double/validations` | `number`, and `digits` | answers a call that asks for a code; "" for nobody |
| `/_double/calls/status` | `to`, `from`, `sid`; `status`, `sequence` | tells how that call went on |
| `/_double/reviews` | `sid`, `status` | approves or rejects a profile, a trust product or a bundle |
"""

from __future__ import annotations

import json
from typing import Any

from callsphere.local.doubles.twilio import caller_ids
from callsphere.local.doubles.twilio.faults import Fault
from callsphere.local.doubles.twilio.incoming import ring, tell_status
from callsphere.local.doubles.twilio.messages import Answer, Refusal
from callsphere.local.doubles.twilio.reviews import review, tell
from callsphere.local.doubles.twilio.twilio import Twilio

CONTROL = "/_double/"


def control(twilio: Twilio, method: str, path: str, body: bytes) -> Answer:
    """Do one of the above and answer it; 400 with a sentence for what is none of them."""
    if method != "POST":
        return Answer(405, {"message": "POST only"})
    try:
        return Answer(200, _do(twilio, path.removeprefix(CONTROL), json.loads(body or b"{}")))
    except Refusal as refusal:
        return refusal.answer()
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, {"message": str(error)})
    except OSError as error:
        return Answer(502, {"message": f"The callback was not answered: {error}"})


def _do(twilio: Twilio, name: str, values: dict[str, Any]) -> dict[str, Any]:
    if name == "faults":
        twilio.faults.add(Fault.parse(values))
        return {}
    if name == "faults/clear":
        twilio.faults.clear()
        return {}
    if name == "calls":
        call = ring(twilio.store, to=values["to"], caller=values["from"])
        return {"sid": call.sid, "status": call.reply.status, "text": call.reply.text}
    if name == "validations":
        with twilio.lock:
            asking = caller_ids.pick_up(twilio.store, values["number"], values.get("digits"))
        caller_ids.tell(twilio.store, asking)
        return {"status": asking["status"]}
    if name == "calls/status":
        rest = {each: values[each] for each in ("status", "sequence") if each in values}
        told = tell_status(twilio.store, to=values["to"], caller=values["from"], sid=values["sid"], **rest)
        return {"status": told.status, "text": told.text}
    if name == "reviews":
        with twilio.lock:
            row = review(twilio.store, values["sid"], values["status"])
        tell(twilio.store, row, values["status"])  # whoever is told may ask something at once
        return {}
    raise ValueError(f"/_double/{name}: there is no such control")
