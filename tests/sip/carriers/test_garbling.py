"""Carriers that garble what they send: the check always ends, with a report, and never with an error."""

from __future__ import annotations

import random

import pytest

from tests.sip.carriers.laboratory import Carrier, Send, serving
from tests.sip.carriers.running import NUMBER, Commands

CHALLENGES = (None, 'realm="r", nonce="n", qop="auth", algorithm=SHA-256', 'realm="r", nonce="n"')
STATUSES = (99, 100, 180, 183, 199, 202, 299, 302, 401, 407, 422, 481, 487, 491, 500, 503, 606, 699, 700)
TAILS = (" ", "\t", "x" * 3000, "é", "\x00", "<>", '"', ";;;", ",,,", "sip:", "9" * 21, "-1", " 1 2 3")
LINES = (
    *("Record-Route: <sip:127.0.0.1>", "Record-Route: <sip:x", "Contact: *", "Require: 100rel, foo"),
    *("Session-Expires: 0", "Session-Expires: 9999999999", "Min-SE: 3", "Content-Length: 5"),
    *("Content-Type: multipart/mixed", "Via: SIP/2.0/UDP x", "Retry-After: z", "Expires: -5"),
    *("WWW-Authenticate: Digest", 'Proxy-Authenticate: Digest realm="r", nonce="n"', "CSeq: 1 FOO"),
)
BODY_LINES = (
    *("", "m=", "c=IN IP4 ", "m=audio x RTP/AVP", "a", "zz=", "m=audio 70000 RTP/AVP 0", "c=IN IP6 ::1"),
    *("m=audio 1 RTP/AVP 999", "v=1"),
)


class Garbles(Carrier):
    """Spoils some of its messages about calls, and sends some of them twice."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        super().__init__(challenge=self._chance.choice(CHALLENGES))
        if self._chance.random() < 0.5:
            self.routes = ("<sip:127.0.0.1:{port};lr{transport}>",)

    def put(self, send: Send, text: str) -> None:
        if "OPTIONS" not in text and self._chance.random() < 0.25:
            text = self._garbled(text)
        for _ in range(2 if self._chance.random() < 0.1 else 1):
            try:
                send(text.encode())
            except OSError:
                return

    def _garbled(self, text: str) -> str:
        chance = self._chance
        head, end, body = text.partition("\r\n\r\n")
        lines, parts = head.split("\r\n"), body.split("\r\n")
        at = chance.randrange(len(lines))
        match chance.randrange(8):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                lines[at] = lines[at].partition(":")[0] + ":" + chance.choice(TAILS)
            case 3:
                cut = chance.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + chance.choice(';,<>"=:@ %[]\\\r\n') + lines[at][cut:]
            case 4:
                lines[0] = f"SIP/2.0 {chance.choice(STATUSES)} X"
            case 5:
                lines.append(chance.choice(LINES))
            case 6:
                parts[chance.randrange(len(parts))] = chance.choice(BODY_LINES)
            case 7:
                return text[: chance.randrange(len(text) + 1)]
        return "\r\n".join(lines) + end + "\r\n".join(parts)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("seed", range(10))
def test_every_check_ends_with_a_report(commands: Commands, seed: int, transport: str) -> None:
    with serving(Garbles(seed), transport) as uri:
        code, report = commands.check(
            *(uri, "--call", NUMBER, "--register", "--timeout", "0.4", "--ring-timeout", "0.5"),
            credentials=True,
        )
    assert code == (1 if report["verdict"] == "fail" else 0)
    assert len(report["steps"]) == 12
