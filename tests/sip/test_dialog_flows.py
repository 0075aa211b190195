"""Whole calls, both sides played with the library: the flows of RFC 3665 and RFC 3261 §16.12."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest

from callsphere.sip.dialog import (
    ALLOW,
    Answered,
    AnsweredAgain,
    Dialog,
    DialogSet,
    DialogState,
    Effect,
    PeerEvent,
    Refused,
    Ringing,
    Unwanted,
    is_loose,
    receive_request,
)
from callsphere.sip.headers import Address, Via
from callsphere.sip.message import Headers, Request, Response, parse_message
from callsphere.sip.nat import LocalFlow
from callsphere.sip.sdp import LocalAudio, MediaSession, direction_of, parse_sdp, sdp_body
from callsphere.sip.session_timer import TimerNegotiation, answer_timer, refresh_method

ALICE, BOB = "sip:alice@192.0.2.101:5060", "sip:bob@client.biloxi.example.com"
_branches = count(1)


def via(host: str) -> Via:
    """A fresh Via."""
    return LocalFlow("udp", host, 5060).via(f"z9hG4bK{next(_branches)}")


@dataclass
class Proxies:
    """A chain of record-routing proxies, from the caller's side on; strict ones route as in RFC 2543."""

    routes: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)

    def forward(self, request: Request, *, up: bool = False) -> Request:
        """A request on its way through all of them (`up`: from the called side), as it arrives."""
        request = _reread(request)
        for route in reversed(self.routes) if up else self.routes:
            mine = Address.parse(route).uri
            self.seen.append(f"{request.method} {mine}")
            request = self._pass(request, mine, strict=not is_loose(route))
        assert request.headers.get_all("Route") == []
        return request

    def _pass(self, request: Request, mine: str, *, strict: bool) -> Request:
        headers = request.headers.copy()
        uri = request.uri
        routes = headers.get_list("route")
        if request.to_tag is None:
            headers.insert("Record-Route", f"<{mine}>")
        elif uri == mine and routes:
            # A strict router before us (or the caller) put our URI into the request line. A loose one
            # restores the target from the end (RFC 3261 §16.4), a strict one takes the next (RFC 2543).
            uri = Address.parse(routes.pop(0 if strict else -1)).uri
        else:
            assert Address.parse(routes.pop(0)).uri == mine
        headers.remove("Route")
        for route in routes:
            headers.add("Route", route)
        forwarded = Request(request.method, uri, headers, request.body)
        # RFC 3261 §16.6 step 6: a loose proxy before a strict one turns the request for it.
        if not strict and routes and not is_loose(routes[0]):
            forwarded.uri = Address.parse(routes[0]).uri
            forwarded.headers.remove("Route")
            for route in [*routes[1:], f"<{uri}>"]:
                forwarded.headers.add("Route", route)
        return forwarded


def _reread(request: Request) -> Request:
    parsed = parse_message(request.to_bytes())
    assert isinstance(parsed, Request)
    return parsed


def received(response: Response | None) -> Response:
    """A response as it arrives."""
    assert response is not None
    parsed = parse_message(response.to_bytes())
    assert isinstance(parsed, Response)
    return parsed


@dataclass
class Call:
    """Alice and Bob in a call that is set up."""

    alice: Dialog
    bob: Dialog
    invite: Request
    ok: Response
    calls: DialogSet


def set_up(proxies: Proxies, *, interval: int = 1800) -> Call:
    """INVITE, 180, 200, ACK through the proxies (RFC 3665 §3.1, §3.2)."""
    media = MediaSession(LocalAudio("192.0.2.101", 49172, 1))
    negotiation = TimerNegotiation(interval, refresher="uac")
    fields = [
        ("Via", str(via("192.0.2.101"))),
        ("Max-Forwards", "70"),
        ("From", "Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl"),
        ("To", "Bob <sip:bob@biloxi.example.com>"),
        ("Call-ID", "2xTb9vxSit55XU7p8@atlanta.example.com"),
        ("CSeq", "1 INVITE"),
        ("Contact", f"<{ALICE}>"),
        ("Allow", ALLOW),
        *negotiation.headers(),
        ("Content-Type", "application/sdp"),
    ]
    invite = Request("INVITE", "sip:bob@biloxi.example.com", Headers(fields), media.offer().to_bytes())
    calls = DialogSet(invite)
    arrived = proxies.forward(invite)
    bob = Dialog.from_request(
        arrived, local_tag="8321234356", local_contact=f"<{BOB}>", headers=[("Allow", ALLOW)]
    )
    bob.media = MediaSession(LocalAudio("192.0.2.201", 3456, 2))
    assert isinstance(calls.receive(received(bob.respond(arrived, 180))), Ringing)
    timer = answer_timer(arrived, 0.0)
    ok = bob.respond(arrived, 200)
    for name, value in (*timer.headers, ("Content-Type", "application/sdp")):
        ok.headers.add(name, value)
    ok.body = bob.media.receive_offer(parse_sdp(sdp_body(arrived) or b"")).to_bytes()
    bob.timer = timer.timer
    answered = calls.receive(received(ok))
    assert isinstance(answered, Answered)
    alice = answered.dialog
    alice.media, alice.timer = media, negotiation.on_2xx(received(ok), 0.0)
    media.receive_answer(parse_sdp(answered.sdp or b""))
    ack = proxies.forward(alice.ack(invite, via=via("192.0.2.101")))
    assert ack.uri == BOB
    assert bob.receive_ack(ack)
    return Call(alice, bob, invite, received(ok), calls)


def ask(
    proxies: Proxies, asker: Dialog, asked: Dialog, request: Request
) -> tuple[Effect, PeerEvent, Response]:
    """Send a request inside the dialog and take its answer."""
    arrived = proxies.forward(request, up=not asker.is_caller)
    assert asked.matches(arrived)
    reaction = receive_request(asked, arrived, now=100.0, chance=0.5)
    response = received(reaction.response)
    assert asker.matches(response)
    return asker.receive_response(response), reaction.event, response


P1, P2, P3 = "<sip:ss1.atlanta.example.com;lr>", "<sip:ss2.biloxi.example.com;lr>", "<sip:p3.example.com;lr>"
S1, S2 = "<sip:s1.example.com>", "<sip:s2.example.com>"
CHAINS = [(), (P1,), (P1, P2), (P1, P2, P3), (S1,), (S1, S2), (P1, S1), (S1, P1), (P1, S1, P2), (S1, P1, S2)]


@pytest.mark.parametrize("chain", CHAINS)
def test_everything_inside_a_call_finds_its_way_through_any_proxies(chain: tuple[str, ...]) -> None:
    proxies = Proxies(chain)
    made = set_up(proxies)
    alice, bob = made.alice, made.bob
    assert list(alice.route_set) == list(chain)
    assert list(bob.route_set) == list(reversed(chain))
    proxies.seen.clear()
    for asker, asked, target in ((alice, bob, BOB), (bob, alice, ALICE)):
        request = asker.request("INFO", via=via("192.0.2.1"))
        assert proxies.forward(request, up=asker is bob).uri == target
        assert ask(proxies, asker, asked, request)[:2] == (Effect.SUCCEEDED, PeerEvent.QUESTION)
    assert len(proxies.seen) == 4 * len(chain)
    effect, event, _ = ask(proxies, bob, alice, bob.request("BYE", via=via("192.0.2.201")))
    assert (effect, event) == (Effect.ENDED, PeerEvent.BYE)
    assert alice.state is bob.state is DialogState.TERMINATED


@pytest.mark.parametrize("caller_moves", [True, False])
def test_a_reinvite_moves_the_target(caller_moves: bool) -> None:
    """RFC 3665 §3.7: the address changes in the middle of a call."""
    proxies = Proxies((P1,))
    made = set_up(proxies)
    mover, other = (made.alice, made.bob) if caller_moves else (made.bob, made.alice)
    mover.local_contact = "<sip:moved@203.0.113.77>"
    assert mover.media is not None
    request = mover.request("INVITE", via=via("203.0.113.77"), body=mover.media.offer().to_bytes())
    assert ask(proxies, mover, other, request)[0] is Effect.SUCCEEDED
    other.receive_ack(proxies.forward(mover.ack(request, via=via("203.0.113.77")), up=mover is made.bob))
    assert other.remote_target == "sip:moved@203.0.113.77"
    bye = proxies.forward(other.request("BYE", via=via("192.0.2.1")), up=other is made.bob)
    assert bye.uri == "sip:moved@203.0.113.77"


def test_hold_resume_refresh_and_bye() -> None:
    proxies = Proxies((P1, P2))
    made = set_up(proxies)
    alice, bob = made.alice, made.bob
    assert alice.media is not None
    assert alice.timer is not None
    for wanted, answered in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
        request = alice.request(
            "INVITE",
            via=via("192.0.2.101"),
            headers=alice.timer.headers(),
            body=alice.media.offer(wanted).to_bytes(),
        )
        effect, event, response = ask(proxies, alice, bob, request)
        assert (effect, event) == (Effect.SUCCEEDED, PeerEvent.SESSION_CHANGED)
        assert bob.receive_ack(proxies.forward(alice.ack(request, via=via("192.0.2.101"))))
        remote = alice.media.remote
        assert remote is not None
        assert remote.audio is not None
        assert direction_of(remote, remote.audio) == answered
        alice.timer = TimerNegotiation.of(alice.timer).on_2xx(response, 100.0)
        assert alice.timer is not None
    before = alice.media.local
    method = refresh_method(alice.peer_allows)
    assert method == "UPDATE"
    _, _, response = ask(
        proxies, alice, bob, alice.request(method, via=via("192.0.2.101"), headers=alice.timer.headers())
    )
    timer = TimerNegotiation.of(alice.timer).on_2xx(response, 200.0)
    assert timer is not None
    assert bob.timer is not None
    # Both sides agree on who refreshes, each from its own point of view.
    assert (timer.refresher, bob.timer.refresher, timer.interval) == ("local", "remote", 1800)
    assert alice.media.local == before
    assert ask(proxies, alice, bob, alice.request("BYE", via=via("192.0.2.101")))[0] is Effect.ENDED


def test_a_refresh_by_the_called_side_turns_no_roles() -> None:
    proxies = Proxies()
    made = set_up(proxies)
    alice, bob = made.alice, made.bob
    assert bob.timer is not None
    assert bob.timer.refresher == "remote"
    # Bob asks although it is Alice's turn: "uac" in his request would be Bob, so he says "uas".
    request = bob.request("UPDATE", via=via("192.0.2.201"), headers=bob.timer.headers())
    assert request.headers.get("Session-Expires") == "1800;refresher=uas"
    _, _, response = ask(proxies, bob, alice, request)
    assert alice.timer is not None
    assert alice.timer.refresher == "local"
    assert TimerNegotiation.of(bob.timer).on_2xx(response, 9.0) is not None


def test_both_hold_at_once() -> None:
    """RFC 3261 §14.2: each refuses the other's, each waits for its own time, then it goes through."""
    made = set_up(Proxies())
    alice, bob = made.alice, made.bob
    assert alice.media is not None
    assert bob.media is not None
    ours = alice.request("INVITE", via=via("192.0.2.101"), body=alice.media.offer("sendonly").to_bytes())
    theirs = bob.request("INVITE", via=via("192.0.2.201"), body=bob.media.offer("sendonly").to_bytes())
    at_alice = received(receive_request(alice, _reread(theirs), now=0.0, chance=0.5).response)
    at_bob = received(receive_request(bob, _reread(ours), now=0.0, chance=0.5).response)
    assert (at_alice.status, at_bob.status) == (491, 491)
    assert alice.receive_response(at_bob) is Effect.GLARE
    assert bob.receive_response(at_alice) is Effect.GLARE
    assert (alice.is_caller, bob.is_caller) == (True, False)
    again = bob.request("INVITE", via=via("192.0.2.201"), body=bob.media.offer("sendonly").to_bytes())
    assert ask(Proxies(), bob, alice, again)[0] is Effect.SUCCEEDED


def test_a_lost_ack_is_sent_again_for_every_200() -> None:
    made = set_up(Proxies((P1,)))
    for _ in range(3):
        event = made.calls.receive(made.ok)
        assert isinstance(event, AnsweredAgain)
        assert event.ack is not None
        assert (event.ack.cseq.number, event.ack.headers.get("Route")) == (1, P1)


@pytest.mark.parametrize("status", [486, 487, 480, 404])
def test_calls_that_are_not_answered(status: int) -> None:
    """RFC 3665 §3.8 to §3.11: no dialog stays behind."""
    made = set_up(Proxies())
    calls = DialogSet(made.invite)
    refused = made.invite.respond(status, to_tag="314159")
    assert isinstance(calls.receive(received(made.invite.respond(180, to_tag="314159"))), Ringing)
    calls.give_up()
    assert isinstance(calls.receive(received(refused)), Refused)
    assert calls.dialogs == {}


def test_a_200_that_crosses_our_cancel_is_hung_up() -> None:
    made = set_up(Proxies((P1, P2)))
    calls = DialogSet(made.invite)
    calls.give_up()
    event = calls.receive(made.ok)
    assert isinstance(event, Unwanted)
    proxies = Proxies((P1, P2))
    assert proxies.forward(event.dialog.ack(made.invite, via=via("192.0.2.101"))).uri == BOB
    assert proxies.forward(event.dialog.request("BYE", via=via("192.0.2.101"))).uri == BOB
