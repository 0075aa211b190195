"""Carriers that are odd and still right."""

from __future__ import annotations

import re
import socket

from tests.sip.carriers.laboratory import Carrier, Heard, Send, direction_of, sdp


class CompactForms(Carrier):
    """Compact and lower-case header names, folded lines."""

    def put(self, send: Send, text: str) -> None:
        for name, short in (("Via", "v"), ("From", "f"), ("To", "t"), ("Call-Id", "i"), ("Contact", "m")):
            text = text.replace(f"\r\n{name}: ", f"\r\n{short} : ")
        text = text.replace("Content-Length:", "l:").replace("Content-Type:", "c:")
        text = (
            text.replace("Session-Expires: ", "x:\r\n ")
            .replace("Cseq", "cseq")
            .replace("Allow: ", "ALLOW:\t")
        )
        super().put(send, text)


class BareContact(Carrier):
    """A Contact without angle brackets (RFC 3261 §20: its parameters are the header's)."""

    def __init__(self) -> None:
        super().__init__(contact="sip:gw@127.0.0.1:{port}")


class ContactWithName(Carrier):
    """A display name with commas and brackets in it."""

    def __init__(self) -> None:
        super().__init__(
            contact='"Gate, \\"one\\" <a>" <sip:gw@127.0.0.1:{port};user=phone;ob{transport}>;q=0.5'
        )


class ContactParameters(Carrier):
    """A Contact with parameters that we do not know, in its URI and behind it."""

    def __init__(self) -> None:
        super().__init__(contact="<sip:+14155550123@127.0.0.1:{port};tgrp=a;trunk-context=b.example>;+sip.x")


class NoLength(Carrier):
    """No Content-Length, which UDP allows (RFC 3261 §20.14)."""

    def put(self, send: Send, text: str) -> None:
        super().put(send, re.sub(r"Content-Length: \d+\r\n", "", text) if text.startswith("SIP") else text)


class Forks(Carrier):
    """183 of one branch, 200 of another."""

    def invite(self, request: Heard, send: Send) -> None:
        body = sdp()
        self.reply(
            send, request, "183 Session Progress", "Content-Type: application/sdp\r\n", body, tag="early"
        )
        self.reply(send, request, "180 Ringing", tag="other")
        self.accept(request, send)


class TwoAnswers(Carrier):
    """Two forks answer; the second one has to be let go."""

    def invite(self, request: Heard, send: Send) -> None:
        self.accept(request, send)
        self.ok(request, send, sdp(), tag="second")


class TaglessRinging(Carrier):
    """100 several times, 180 without To tag."""

    def invite(self, request: Heard, send: Send) -> None:
        for status in (
            "100 Trying",
            "100 Trying",
            "180 Ringing",
            "182 Queued",
            "199 Early Dialog Terminated",
        ):
            self.reply(send, request, status, tag=None)
        self.accept(request, send)


class ReliableEarly(Carrier):
    """183 with a session description and Allow that lists PRACK, not required."""

    def invite(self, request: Heard, send: Send) -> None:
        extra = "Allow: INVITE, PRACK\r\nSupported: 100rel\r\nContent-Type: application/sdp\r\n"
        self.reply(
            send,
            request,
            "183 Session Progress",
            extra + f"Contact: <sip:a@127.0.0.1:{self.port}>\r\n",
            sdp(),
        )
        self.accept(request, send)


class CrossedOk(Carrier):
    """Sends its 200 twice at once: one of them crosses the ACK."""

    def ok(self, request: Heard, send: Send, body: str, extra: str = "", tag: str = "carrier") -> None:
        super().ok(request, send, body, extra, tag)
        if len(self.of("INVITE")) == 1:
            self.put(send, self.sent[-1].text)


class OtherPort(Carrier):
    """Answers from another source port than the one it is asked at."""

    def put(self, send: Send, text: str) -> None:
        found = re.search(r"^Via: .*?127\.0\.0\.1:(\d+)", text, re.M)
        assert found is not None
        self._other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        super().put(lambda data: self._send(data, int(found[1])), text)

    def _send(self, data: bytes, port: int) -> None:
        with self._other:
            self._other.sendto(data, ("127.0.0.1", port))


class OtherPayloads(Carrier):
    """Another payload number for telephone-event, no direction, several media lines, no rtpmap for PCMU."""

    def answer_sdp(self, request: Heard) -> str:
        direction = direction_of(request.body)
        held = "a=recvonly\r\n" if direction == "sendonly" else ""
        return (
            "v=0\r\no=- 9 9 IN IP4 127.0.0.1\r\ns=x\r\ni=a\r\nt=0 0\r\na=group:X\r\n"
            f"m=audio 4000 RTP/AVP 0 96\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:96 telephone-event/8000\r\n{held}"
            "a=ptime:20\r\na=maxptime:150\r\n"
        )


class OnlyAlaw(Carrier):
    """PCMA alone."""

    def answer_sdp(self, request: Heard) -> str:
        return super().answer_sdp(request).replace("AVP 0 101", "AVP 8").replace("0 PCMU", "8 pcma")


class HeldByZero(Carrier):
    """Answers hold with inactive."""

    def answer_sdp(self, request: Heard) -> str:
        return super().answer_sdp(request).replace("recvonly", "inactive")


class MixedCaseSession(Carrier):
    """Session-Expires with spaces, capitals and other parameters."""

    def __init__(self) -> None:
        super().__init__(session="90 ; x=y ; Refresher=UAC")


class NoRefresher(Carrier):
    """Session-Expires without who refreshes."""

    def __init__(self) -> None:
        super().__init__(session="90")


class CarrierRefreshes(Carrier):
    """refresher=uas."""

    def __init__(self) -> None:
        super().__init__(session="90;refresher=uas")


class NoUpdate(Carrier):
    """UPDATE is not in Allow: the session is refreshed by re-INVITE."""

    def __init__(self) -> None:
        super().__init__(allow="INVITE, ACK, BYE, CANCEL")

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "501 Not Implemented")


class NoAllow(Carrier):
    """No Allow at all."""

    def __init__(self) -> None:
        super().__init__(allow=None)


class UpdateRefused(Carrier):
    """UPDATE in Allow, refused all the same; re-INVITE works."""

    def update(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "405 Method Not Allowed")


class Glare(Carrier):
    """491 to the first re-INVITE."""

    def reinvite(self, request: Heard, send: Send) -> None:
        if len([each for each in self.of("INVITE") if each.tag("to")]) == 1:
            self.reply(send, request, "491 Request Pending")
        else:
            self.accept(request, send)


class Overlap(Glare):
    """500 with Retry-After to the first re-INVITE, as RFC 3261 §14.2 has it for one that overlaps another."""

    def reinvite(self, request: Heard, send: Send) -> None:
        if len([each for each in self.of("INVITE") if each.tag("to")]) == 1:
            self.reply(send, request, "500 Server Internal Error", "Retry-After: 1 (soon)\r\n")
        else:
            self.accept(request, send)


class StrictInterval(Carrier):
    """422 once, with a Min-SE."""

    def invite(self, request: Heard, send: Send) -> None:
        if int(request.get("session-expires").split(";")[0]) < 600:
            self.reply(send, request, "422 Session Interval Too Small", "Min-SE: 600\r\n")
        else:
            self.session = "600;refresher=uac"
            self.accept(request, send)


class AsksInside(Carrier):
    """Asks OPTIONS, INFO, NOTIFY, MESSAGE and UPDATE in the call and OPTIONS outside it."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            first = self.of("INVITE")[0]
            for number, method in enumerate(("OPTIONS", "INFO", "NOTIFY", "MESSAGE", "UPDATE"), 7):
                self.put(
                    send, self.inside(first, method, number, f"Contact: <sip:gw@127.0.0.1:{self.port}>\r\n")
                )
            outside = (
                self.inside(first, "OPTIONS", 1)
                .replace(";tag=carrier", ";tag=new")
                .replace(f"Call-ID: {first.get('call-id')}", "Call-ID: other")
            )
            self.put(
                send, re.sub(r"(\r\nTo: [^\r]*);tag=\w+", r"\1", outside).replace("z9hG4bKc", "z9hG4bKo")
            )
            send(b"\r\n\r\n")


class PeerReinvites(Carrier):
    """Sends a re-INVITE of its own with an offer right after the ACK."""

    def ack(self, request: Heard, send: Send) -> None:
        if len(self.of("ACK")) == 1:
            extra = f"Contact: <sip:gw@127.0.0.1:{self.port}>\r\nContent-Type: application/sdp\r\n"
            self.put(send, self.inside(self.of("INVITE")[0], "INVITE", 50, extra, sdp("a=sendrecv\r\n")))
            self._send = send

    def take(self, data: bytes, send: Send) -> None:
        super().take(data, send)
        answer = self.heard[-1]
        if answer.start.startswith("SIP/2.0 200") and answer.get("cseq") == "50 INVITE":
            ack = self.inside(self.of("INVITE")[0], "ACK", 50)
            self.put(send, ack)


class LateAnswer(Carrier):
    """Rings for a second, with a 180 every now and then."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")
        self.later(0.5, lambda: self.reply(send, request, "180 Ringing"))
        self.later(1.0, lambda: self.accept(request, send))


class LooseRoute(Carrier):
    """A proxy in front with a private Contact behind it."""

    def __init__(self) -> None:
        super().__init__(
            routes=("<sip:127.0.0.1:{port};lr;x=1{transport}>",), contact="<sip:gw@10.1.2.3:5070>"
        )


class LrWithValue(Carrier):
    """;lr=on, as old proxies write it, and two proxies in one header."""

    def __init__(self) -> None:
        super().__init__(routes=("<sip:10.0.0.9;lr=on>, <sip:127.0.0.1:{port};lr=on{transport}>",))


class StrictRoute(Carrier):
    """A router of RFC 2543: it wants to be the Request-URI."""

    def __init__(self) -> None:
        super().__init__(routes=("<sip:old@127.0.0.1:{port}{transport}>",))


class OptionsRefused(Carrier):
    """Refuses OPTIONS with a code."""

    status = "405 Method Not Allowed"

    def options(self, request: Heard, send: Send) -> None:
        self.reply(send, request, self.status)


class NoReason(Carrier):
    """No reason phrase, another one, one in UTF-8, and extra parameters in Via."""

    def put(self, send: Send, text: str) -> None:
        text = text.replace("SIP/2.0 200 OK", "SIP/2.0 200 ").replace("180 Ringing", "180 Läutet …")
        text = re.sub(r"(Via: [^\r]*)", r'\1;received=127.0.0.1;x-hop;y="a,b;c"', text, count=1)
        super().put(send, text)


class UnknownHeaders(Carrier):
    """Many headers that nobody knows, long ones too."""

    def dialog_headers(self, request: Heard) -> str:
        more = "".join(f"X-Trace-{number}: {'a' * 200}\r\n" for number in range(8))
        return (
            super().dialog_headers(request)
            + more
            + "P-Asserted-Identity: <tel:+1415>, <sip:a@b>\r\nDate: now\r\n"
        )


class Multipart(Carrier):
    """The answer inside multipart/mixed."""

    def ok(self, request: Heard, send: Send, body: str, extra: str = "", tag: str = "carrier") -> None:
        first = f"--b1\r\nContent-Type: application/sdp\r\n\r\n{body}\r\n"
        whole = f"{first}--b1\r\nContent-Type: text/x\r\n\r\nx\r\n--b1--\r\n"
        extra += 'Content-Type: multipart/mixed;boundary="b1"\r\n'
        text = self.text(request, "200 OK", self.dialog_headers(request) + extra, whole, tag=tag)
        self.put(send, text)


class ContactMoves(Carrier):
    """Another Contact user in the answer to each re-INVITE (target refresh, RFC 3261 §12.2.1.2)."""

    def reinvite(self, request: Heard, send: Send) -> None:
        self.contact = f"<sip:gw{request.cseq}@127.0.0.1:{{port}}{{transport}}>"
        self.accept(request, send)

    def bye(self, request: Heard, send: Send) -> None:
        ok = request.uri.startswith(f"sip:gw{self.of('INVITE')[-1].cseq}@")
        self.reply(send, request, "200 OK" if ok else "481 Gone")


class LosesInvite(Carrier):
    """Loses the first INVITE: repetition is part of UDP."""

    def invite(self, request: Heard, send: Send) -> None:
        if len(self.of("INVITE")) > 1:
            super().invite(request, send)


class LosesAck(Carrier):
    """Loses our first ACK."""

    def take(self, data: bytes, send: Send) -> None:
        if data.startswith(b"ACK") and not hasattr(self, "lost"):
            self.lost = True
            return
        super().take(data, send)


class RouteWithUser(Carrier):
    """A Record-Route with a user part and parameters of its own."""

    def __init__(self) -> None:
        super().__init__(routes=("<sip:edge-1@127.0.0.1:{port};lr;ftag=abc;did=1.2{transport}>",))


class LosesBye(Carrier):
    """Loses the first BYE."""

    def bye(self, request: Heard, send: Send) -> None:
        if len(self.of("BYE")) > 1:
            self.reply(send, request, "200 OK", "Server: x\r\n")


class EscapesUser(Carrier):
    """Lists our Contact with a character of the user part escaped (RFC 3261 §19.1.4: the same user)."""

    def register(self, request: Heard, send: Send) -> None:
        contact = request.get("contact")
        if "expires=0" in contact:
            self.reply(send, request, "200 OK")
            return
        first = re.search(r"<sip:(\w)", contact)
        assert first is not None
        escaped = contact.replace(f"<sip:{first[1]}", f"<sip:%{ord(first[1]):02x}", 1)
        self.reply(send, request, "200 OK", f"Contact: {escaped}\r\n")


class LeadsByMaddr(Carrier):
    """A Contact whose host is a name of its own, with maddr beside it (RFC 3261 §19.1.1)."""

    contact: str = "<sip:gw@inside.carrier.invalid:{port}{transport};maddr={host}>"
