"""Whatever comes, a switch neither fails nor keeps it."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.local.sandbox.behaviour import Behaviour, Guard
from callsphere.local.sandbox.carriers import CARRIERS
from callsphere.sip.errors import SipParseError
from tests.local.sandbox.caller import ALLOW, OFFER, TIMER, Caller

BEHAVIOURS = [each.behaviour for each in CARRIERS if isinstance(each.behaviour, Behaviour)]
METHODS = ["INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "OPTIONS", "REGISTER", "INFO", "PRACK", "NOTIFY", "X"]
EXTRAS = [
    "",
    TIMER + ALLOW,
    "Session-Expires: 4294967295;refresher=uas\r\n",
    "Supported: timer\r\nSession-Expires: x\r\nMin-SE: -1\r\n",
    "Contact: <sip:a@b>, <sip:c@d>\r\n",
    "Contact: *\r\nExpires: 0\r\n",
    "Contact: <tel:1>\r\n",
    "Contact: <\r\n",
    "Record-Route: <sip:p;lr>, <sip:q>\r\n",
    "Record-Route: ,;\r\n",
    "Require: timer, 100rel\r\n",
    'Authorization: Digest username="a", realm="sandbox", nonce="1:2:3", uri="sip:x", response="0"\r\n',
    "Content-Type: multipart/mixed;boundary=x\r\n",
    "Allow:\r\n",
]
BODIES = [
    "",
    OFFER,
    OFFER.replace("sendrecv", "sendonly"),
    "v=0\r\nm=audio 1 x y\r\n",
    "\0",
    "--x\r\n\r\n--x--",
]

requests = st.tuples(
    st.sampled_from(METHODS),
    st.sampled_from(EXTRAS),
    st.sampled_from(BODIES),
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from(["100", "404", "%00", "302", "+1"]),
    st.floats(0, 40),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BEHAVIOURS), st.lists(requests, max_size=8), st.sampled_from(["udp", "tcp"]))
def test_any_sequence_of_requests_is_survived_and_forgotten(
    behaviour: Behaviour, sequence: list[tuple[str, str, str, int, bool, str, float]], transport: str
) -> None:
    caller = Caller(behaviour, transport=transport)
    for method, extra, body, number, inside, user, seconds in sequence:
        tags = [each.to_tag for _, _, each in caller.heard if each.to_tag]
        caller.to_tag = f";tag={tags[-1]}" if inside and tags else ""
        caller.say(caller.text(method, extra, body, number=number, user=user))
        caller.wait(caller.now + seconds)
    caller.wait(caller.now + 8000)
    assert (len(caller.switch), caller.switch.next_timer()) == (0, None)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_messages_are_survived(data: st.DataObject) -> None:
    caller = Caller(Behaviour(guard=Guard({"a": "b"})))
    method = data.draw(st.sampled_from(METHODS))
    text = caller.text(method, data.draw(st.sampled_from(EXTRAS)), data.draw(st.sampled_from(BODIES)))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    damage = data.draw(st.text(st.characters(codec="utf-8"), max_size=10))
    with contextlib.suppress(SipParseError):  # the sockets drop what cannot be read
        caller.say(text[:start] + damage + text[end:])
    caller.wait(8000)
    assert len(caller.switch) == 0
