"""Whatever headers a peer sends: dialogs and timers raise nothing, and every call can be hung up."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.dialog import Dialog, RoutingError, answer_outside, receive_request
from callsphere.sip.message import Headers, Request, parse_message
from callsphere.sip.session_timer import IntervalLoop, TimerNegotiation, answer_timer
from tests.sip.calling import call, invite, via

NAMES = st.sampled_from(
    [
        *("Record-Route", "Contact", "Session-Expires", "Min-SE", "Supported", "Require", "Allow"),
        *("Content-Type", "Content-Disposition", "Reason", "Retry-After", "m", "x"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "<sip:p;lr>",
                "<sip:p>",
                "sip:p;lr",
                '<sip:p;lr>;a="b,c',
                "<sip:[::1]:5060;lr>, <sip:q>",
                ",,",
                "<>",
            ),
            *(
                "*",
                "<sip:b@h>",
                "<sip:b@h;method=x?y=z>",
                "<tel:+1>",
                "<sip:b@h:0>",
                "<sips:b@h>",
                "<x:%zz y>",
            ),
            *(
                "90",
                "90;refresher=uac",
                "90;refresher=uas",
                "30",
                "0",
                "-1",
                "99999999999999",
                ";",
                "timer",
                "a,b",
            ),
            *("application/sdp", "multipart/mixed;boundary=x", "application/xml", ""),
        ]
    ),
    st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30),
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
METHODS = st.sampled_from(
    ["INVITE", "UPDATE", "BYE", "ACK", "INFO", "NOTIFY", "REFER", "OPTIONS", "PRACK", "X"]
)
BODIES = st.sampled_from(
    [b"", b"v=0\r\n", b"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 1 RTP/AVP 0\r\n", b"\xff", b"--x\r\n"]
)


def hang_up(dialog: Dialog) -> None:
    """ACK and BYE can be written, and say where they go or why that is unknown."""
    for request in (dialog.ack(invite(), via=via("a")), dialog.request("BYE", via=via("b"))):
        written = parse_message(request.to_bytes())
        assert isinstance(written, Request)
        assert written.uri == request.uri
    assert dialog.next_hop.host


@settings(max_examples=400, deadline=None)
@given(FIELDS, FIELDS)
def test_a_call_with_any_answer_can_be_hung_up(
    fields: list[tuple[str, str]], later: list[tuple[str, str]]
) -> None:
    request = invite()
    response = request.respond(200, to_tag="theirs")
    for name, value in fields:
        response.headers.add(name, value)
    dialog = Dialog.from_response(request, response)
    hang_up(dialog)
    refresh = dialog.request("UPDATE", via=via())
    answer = refresh.respond(200)
    for name, value in later:
        answer.headers.add(name, value)
    dialog.receive_response(answer)
    hang_up(dialog)
    assert dialog.problem is None or isinstance(dialog.problem, RoutingError)


@settings(max_examples=400, deadline=None)
@given(METHODS, FIELDS, BODIES, st.floats(0, 1, exclude_max=True))
def test_any_request_of_the_peer_gets_an_answer(
    method: str, fields: list[tuple[str, str]], body: bytes, chance: float
) -> None:
    dialog = call(media=True)
    head = [
        ("Via", "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp"),
        ("From", str(dialog.remote)),
        ("To", str(dialog.local)),
        ("Call-ID", dialog.call_id),
        ("CSeq", f"7 {method}"),
    ]
    request = Request(method, "sip:alice@192.0.2.1", Headers([*head, *fields]), body)
    reaction = receive_request(dialog, request, now=1.0, chance=chance)
    assert (reaction.response is None) is (method == "ACK")
    if reaction.response is not None:
        parse_message(reaction.response.to_bytes())
    outside = answer_outside(request, to_tag="t")
    assert (outside is None) is (method == "ACK")
    hang_up(dialog)


@settings(max_examples=300, deadline=None)
@given(FIELDS)
def test_any_timer_headers(fields: list[tuple[str, str]]) -> None:
    request = invite()
    response = request.respond(200, to_tag="t")
    for name, value in fields:
        response.headers.add(name, value)
        request.headers.add(name, value)
    negotiation = TimerNegotiation(90)
    timer = negotiation.on_2xx(response, 0.0)
    assert timer is None or timer.refresh_at <= timer.due_at <= timer.expires_at
    answer_timer(request, 0.0, current=timer)
    with contextlib.suppress(IntervalLoop):
        assert negotiation.on_422(response) > 90
