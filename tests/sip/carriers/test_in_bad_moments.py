"""What crosses, breaks off or comes twice: the call ends properly all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.peers.scripted import StreamPeer
from tests.sip.carriers.audit import audit
from tests.sip.carriers.closing import closing
from tests.sip.carriers.laboratory import PASSWORD, Carrier, Heard, Send, serving
from tests.sip.carriers.running import BRIEFLY, NUMBER, Commands, step, told


class RepeatsEveryOk(Carrier):
    """Every 200 to a re-INVITE comes three times, every refusal twice."""

    def reinvite(self, request: Heard, send: Send) -> None:
        super().reinvite(request, send)
        text = self.sent[-1].text
        for seconds in (0.05, 0.15):
            self.later(seconds, lambda: self.put(send, text))

    def invite(self, request: Heard, send: Send) -> None:
        if not request.get("proxy-authorization"):
            for _ in range(2):
                header = 'Proxy-Authenticate: Digest realm="r", nonce="n"\r\n'
                self.reply(send, request, "407 Proxy Authentication Required", header)
        else:
            super().invite(request, send)


class UpdateMute(Carrier):
    """Does not answer UPDATE, takes a re-INVITE."""

    def update(self, request: Heard, send: Send) -> None:
        """Silence."""


class LongerRefresh(Carrier):
    """422 to the first refresh."""

    def update(self, request: Heard, send: Send) -> None:
        if len(self.of("UPDATE")) == 1:
            self.reply(send, request, "422 Session Interval Too Small", "Min-SE: 120\r\n")
        else:
            self.session = "120;refresher=uac"
            super().update(request, send)


class PlainReinvites(Carrier):
    """Answers re-INVITEs without Contact, Allow and session timer."""

    def reinvite(self, request: Heard, send: Send) -> None:
        extra = "Content-Type: application/sdp\r\n"
        self.reply(send, request, "200 OK", extra, self.answer_sdp(request))


class TimerTurnedOff(PlainReinvites):
    """Ends the session timer by a 200 without Session-Expires, then sends a bare UPDATE of its own."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 3:
            extra = f"Supported: timer\r\nContact: <sip:gw@127.0.0.1:{self.port}>\r\n"
            self.put(send, self.inside(self.of("INVITE")[0], "UPDATE", 60, extra))

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "200 OK", f"Contact: <sip:gw@127.0.0.1:{self.port}>\r\n")


class StrangeRequests(Carrier):
    """Sends REFER, SUBSCRIBE, PRACK and a method that nobody knows inside the call."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            for number, method in enumerate(("REFER", "SUBSCRIBE", "PRACK", "FROBNICATE"), 20):
                extra = "Refer-To: <sip:a@b>\r\nEvent: dialog\r\nRAck: 1 1 INVITE\r\n"
                self.put(send, self.inside(self.of("INVITE")[0], method, number, extra))


class ReliableRequired(Carrier):
    """183 that requires 100rel, which we never offered."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "183 Session Progress", "Require: 100rel\r\nRSeq: 1\r\n")
        self.accept(request, send)


class MoreMedia(Carrier):
    """AVP with options: a pair of ports, crypto-free attributes, IPv4 with TTL, bandwidth."""

    def answer_sdp(self, request: Heard) -> str:
        text = super().answer_sdp(request).replace("40000 RTP", "40000/2 RTP")
        return text.replace("t=0 0", "b=AS:64\r\nt=0 0").replace("RTP/AVP 0", "RTP/AVP 13 0")


class ByesCross(Carrier):
    """Its BYE crosses ours, which it answers with 481."""

    def bye(self, request: Heard, send: Send) -> None:
        self.put(send, self.inside(self.of("INVITE")[0], "BYE", 77))
        self.reply(send, request, "481 Call Does Not Exist")


PASSING = [
    (RepeatsEveryOk, "udp"),
    (UpdateMute, "udp"),
    (LongerRefresh, "udp"),
    (PlainReinvites, "udp"),
    (StrangeRequests, "udp"),
    (StrangeRequests, "tcp"),
    (ReliableRequired, "udp"),
    (MoreMedia, "udp"),
    (ByesCross, "udp"),
]


@pytest.mark.parametrize(("kind", "transport"), PASSING)
def test_it_passes(commands: Commands, kind: Callable[[], Carrier], transport: str) -> None:
    carrier = kind()
    patience = BRIEFLY if kind is UpdateMute else ()
    with serving(carrier, transport) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *patience, credentials=True)
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)
    if kind is RepeatsEveryOk:
        hold = next(each for each in carrier.of("INVITE") if each.tag("to"))
        assert len([each for each in carrier.of("ACK") if each.cseq == hold.cseq]) == 3
        assert len([each for each in carrier.of("ACK") if each.cseq == 1]) == 2
    if kind is StrangeRequests:
        codes = {
            each.get("cseq").split()[1]: each.method for each in carrier.heard if "SIP/2.0 " in each.start[:8]
        }
        assert set(codes) == {"REFER", "SUBSCRIBE", "PRACK", "FROBNICATE"}
        assert all("400" <= code < "700" for code in codes.values())


def test_a_2xx_without_session_expires_ends_the_timer(commands: Commands) -> None:
    """RFC 4028 §7.2: it can be turned off in the middle of the call; we may ask for it again (§7.4)."""
    carrier = TimerTurnedOff()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (0, None), told(report)
    assert "The session timer ends here: this answer has no Session-Expires." in told(report)
    answered = next(each for each in carrier.heard if each.get("cseq") == "60 UPDATE")
    assert (answered.method, answered.all("session-expires")) == ("200", [])
    inside = [each for each in carrier.heard if each.tag("to") and each.method in ("INVITE", "UPDATE")]
    assert {each.get("session-expires") for each in inside} == {"90;refresher=uac"}
    audit(carrier)


class TimerTurnedOn(Carrier):
    """Speaks of a session timer only in its answer to the first re-INVITE."""

    def __init__(self) -> None:
        super().__init__(session=None)

    def reinvite(self, request: Heard, send: Send) -> None:
        self.session = "180;refresher=uac"
        super().reinvite(request, send)


def test_a_2xx_to_a_reinvite_may_begin_a_timer(commands: Commands) -> None:
    carrier = TimerTurnedOn()
    with serving(carrier) as uri:
        _, report = commands.check(uri, "--call", NUMBER)
    assert report["cause"] == "session_timer_absent", told(report)
    hold, resume = [each for each in carrier.of("INVITE") if each.tag("to")]
    assert (hold.all("session-expires"), hold.get("supported")) == ([], "timer")
    assert resume.get("session-expires") == "180;refresher=uac"
    assert carrier.of("UPDATE")[0].get("session-expires") == "180;refresher=uac"
    audit(carrier)


class RaisesRefreshes(Carrier):
    """422 to every refresh, each time with a second more."""

    def update(self, request: Heard, send: Send) -> None:
        asked = int(request.get("session-expires").split(";")[0])
        self.reply(send, request, "422 Session Interval Too Small", f"Min-SE: {asked + 1}\r\n")


def test_a_refresh_whose_interval_rises_for_ever(commands: Commands) -> None:
    carrier = RaisesRefreshes()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER)
    assert (code, report["cause"]) == (1, "session_interval_loop"), told(report)
    assert step(report, "refresh") == ("fail", "session_interval_loop")
    assert len(carrier.of("UPDATE")) == 3
    audit(carrier)


class CancelUnknown(Carrier):
    """Rings, answers CANCEL with 481 and never ends."""

    status = "481 Call/Transaction Does Not Exist"

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying", tag=None)
        self.reply(send, request, "180 Ringing")

    def cancel(self, request: Heard, send: Send) -> None:
        if self.status:
            self.reply(send, request, self.status)


@pytest.mark.parametrize("status", ["481 Call/Transaction Does Not Exist", "200 OK", ""])
def test_a_cancel_that_ends_nothing(commands: Commands, status: str) -> None:
    carrier = CancelUnknown()
    carrier.status = status
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, *BRIEFLY, "--ring-timeout", "2")
    assert (code, report["cause"]) == (1, "call_not_answered"), told(report)
    assert "No final answer came within 2 s after 180." in told(report)
    audit(carrier)


class Tells(Carrier):
    """Puts what it should not know into everything it says."""

    def put(self, send: Send, text: str) -> None:
        super().put(send, text.replace("Cseq: ", f"X-Known: {PASSWORD}\r\nCseq: "))

    def options(self, request: Heard, send: Send) -> None:
        self.reply(send, request, f"500 {PASSWORD}", f'Warning: 399 x "{PASSWORD}"\r\nReason: {PASSWORD}\r\n')


def test_a_password_that_a_peer_repeats_is_not_shown(commands: Commands) -> None:
    carrier = Tells()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
    assert code == 0, told(report)  # and the commands have looked for the password


@pytest.mark.parametrize("number", ["tel:+1-415-555-0123", "100", "*98", "#31#415", "alice.b"])
def test_numbers_as_people_write_them(commands: Commands, number: str) -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        code, report = commands.check(uri, "--call", number)
    assert (code, report["cause"]) == (0, None), told(report)
    user = carrier.of("INVITE")[0].uri.partition("@")[0].removeprefix("sip:")
    assert user in {"+14155550123", "100", "*98", "%2331%23415", "alice.b"}
    assert f"sip:{user}@" in carrier.of("INVITE")[0].get("to")
    audit(carrier)


def test_a_connection_that_ends_in_the_call_is_opened_anew(commands: Commands) -> None:
    carrier = Carrier(transport="tcp")
    with StreamPeer(closing(carrier, lambda method: method == "ACK")) as peer:
        carrier.port = peer.port
        uri = f"sip:127.0.0.1:{peer.port};transport=tcp"
        code, report = commands.check(uri, "--call", NUMBER, "--register", credentials=True)
        assert peer.accepted > 1
    assert (code, report["cause"]) == (0, None), told(report)
    audit(carrier)


def test_a_connection_that_ends_in_an_invite(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = Carrier(transport="tcp")
    monkeypatch.setattr(carrier, "invite", lambda request, send: None)
    with StreamPeer(closing(carrier, lambda method: method == "INVITE")) as peer:
        carrier.port = peer.port
        code, report = commands.check(f"sip:127.0.0.1:{peer.port};transport=tcp", "--call", NUMBER)
    assert (code, report["cause"]) == (1, "connection_closed"), told(report)
    assert step(report, "invite")[1] == "connection_closed"
