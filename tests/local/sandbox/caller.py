"""A caller made of plain text, who talks to a switch without sockets and clock."""

from __future__ import annotations

import re
from itertools import count

from callsphere.local.sandbox.behaviour import Behaviour
from callsphere.local.sandbox.switch import Outgoing, Switch
from callsphere.local.sandbox.way import Way
from callsphere.sip.message import Request, Response, parse_message
from callsphere.sip.nat import LocalFlow

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=sendrecv\r\n"
)
TIMER = "Supported: timer\r\nSession-Expires: 90\r\n"
ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"


class Caller:
    """One caller and the switch it calls. `now` is what the next message comes at."""

    def __init__(self, behaviour: Behaviour | None = None, *, transport: str = "udp") -> None:
        self.switch = Switch("test", behaviour or Behaviour(), 0.0)
        self.now = 0.0
        self.transport = transport
        local = LocalFlow("tcp" if transport == "tcp" else "udp", "127.0.0.1", 5060)
        self.way = Way(local, ("127.0.0.1", 4000), "wire")
        self.heard: list[tuple[float, str, Request | Response]] = []
        self._numbers = count(1)
        self._calls = count(1)
        self.new_call()

    def new_call(self) -> None:
        """Take another Call-ID for what is asked from now on."""
        self.call_id = f"call-{next(self._calls)}"
        self.to_tag = ""
        self.invite_number = 1

    def text(
        self,
        method: str,
        extra: str = "",
        body: str = "",
        *,
        number: int | None = None,
        branch: str = "",
        user: str = "100",
    ) -> str:
        """A request with the next number, or with a given number and branch."""
        cseq = next(self._numbers) if number is None else number
        kind = "Content-Type: application/sdp\r\n" if body and "Content-Type" not in extra else ""
        contact = "" if "Contact" in extra else "Contact: <sip:caller@127.0.0.1:4000>\r\n"
        return (
            f"{method} sip:{user}@127.0.0.1:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport.upper()} 127.0.0.1:4000;rport;branch=z9hG4bK"
            f"{branch or f'{self.call_id}{method}{cseq}'}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:caller@127.0.0.1>;tag=caller\r\n"
            f"To: <sip:{user}@127.0.0.1>{self.to_tag}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"{contact}{extra}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def say(self, text: str, at: float | None = None) -> list[str]:
        """Send a message; give the first lines of what comes back at once."""
        self.now = self.now if at is None else at
        return self._take(self.switch.receive(parse_message(text.encode()), self.way, self.now))

    def ask(self, method: str, extra: str = "", body: str = "", *, at: float | None = None) -> list[str]:
        """Send a request with the next number."""
        return self.say(self.text(method, extra, body), at)

    def wait(self, until: float) -> list[tuple[float, str]]:
        """Let time pass; give when what was sent (rounded to 1/100 s)."""
        sent: list[tuple[float, str]] = []
        while (due := self.switch.next_timer()) is not None and due <= until:
            self.now = due
            sent += [(round(due, 2), line) for line in self._take(self.switch.handle_timer(due))]
        self.now = until
        return sent

    def invite(self, extra: str = TIMER + ALLOW, body: str = OFFER) -> Response:
        """Call and wait for the 2xx; the ACK is not sent."""
        self.invite_number = next(self._numbers)
        self.say(self.text("INVITE", extra, body, number=self.invite_number))
        self.wait(self.now + 0.1)
        response = self.last
        assert isinstance(response, Response)
        assert response.status == 200
        self.to_tag = f";tag={response.to_tag}"
        return response

    def ack(self, body: str = "", *, number: int | None = None, at: float | None = None) -> list[str]:
        """Send the ACK of the first INVITE, or of another."""
        number = self.invite_number if number is None else number
        return self.say(self.text("ACK", body=body, number=number, branch=f"ack{self.call_id}{number}"), at)

    def answer(self, status: str, extra: str = "", *, at: float | None = None) -> list[str]:
        """Answer the latest request of the carrier's."""
        request = next(each for _, _, each in reversed(self.heard) if isinstance(each, Request))
        echoed = "".join(
            f"{name}: {value}\r\n"
            for name, value in request.headers.items()
            if name in ("Via", "From", "To", "Call-ID", "CSeq")
        )
        return self.say(f"SIP/2.0 {status}\r\n{echoed}{extra}Content-Length: 0\r\n\r\n", at)

    @property
    def last(self) -> Request | Response:
        """What was heard last."""
        return self.heard[-1][2]

    def _take(self, outgoing: list[Outgoing]) -> list[str]:
        lines = []
        for way, data in outgoing:
            assert (way.remote[0], way.wire) == ("127.0.0.1", "wire")
            message = parse_message(data)
            line = re.sub(r" SIP/2\.0$| .*@.*| sip:\S+", "", message.start_line().removeprefix("SIP/2.0 "))
            self.heard.append((self.now, data.decode(), message))
            lines.append(line)
        return lines
