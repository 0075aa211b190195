"""What sipp does as the called side: scenarios made of parts, in the order in which they happen.

    scenario(CALLED, RINGS, accept(new=True, session="90;refresher=uac"), ACKED, HUNG_UP)

An answer goes to the request received last, unless it is `to_invite`: that goes to the one of CALLED.
"""

from __future__ import annotations

CONTACT = "Contact: <sip:uas@[local_ip]:[local_port];transport=[transport]>"
ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"
TO_TAG = ";tag=[pid]uas[call_number]"

_ECHOED = ("[last_Via:]", "[last_From:]", "{to}", "[last_Call-ID:]", "[last_CSeq:]", "[last_Record-Route:]")
_OF_INVITE = ("[$via]", "[last_From:]", "{to}", "[last_Call-ID:]", "CSeq: [$cseq] INVITE", "[$routes]")


def scenario(*parts: str, options: bool = False) -> str:
    """The XML of a scenario. With `options` another call may consist of OPTIONS alone."""
    first, *others = parts
    steps = [first, *others]
    if options:
        # The call stands last: its connection is closed right after it, and sipp minds while a step is left.
        answered = (answer("200 OK", new=True), '<nop next="3"/>')
        steps = [
            *('<recv request="OPTIONS" optional="true" next="1"/>', first, '<nop next="2"/>'),
            *('<label id="1"/>', *answered, '<label id="2"/>', *others, '<label id="3"/>'),
        ]
    inner = "\n".join((*steps, _ALL_KEPT))
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="called">\n{inner}\n</scenario>\n'


def receive(method: str) -> str:
    """Wait for a request."""
    return f'<recv request="{method}"/>'


def receive_status(status: int) -> str:
    """Wait for a final answer to a request of ours."""
    return f'<recv response="100" optional="true"/>\n<recv response="{status}"/>'


def pause(seconds: float) -> str:
    """Do nothing for a while."""
    return f'<pause milliseconds="{round(seconds * 1000)}"/>'


def answer(
    status: str,
    *headers: str,
    body: str = "",
    new: bool = False,
    to_invite: bool = False,
    resend: bool = False,
) -> str:
    """Send an answer; `new` adds the To tag that starts a dialog, `resend` repeats it till one comes."""
    echoed = _OF_INVITE if to_invite else _ECHOED
    to = f"[last_To:]{TO_TAG if new or to_invite else ''}"
    lines = [f"SIP/2.0 {status}", *(line.format(to=to) for line in echoed), *headers]
    return _send([*lines, *_content(body)], resend=resend)


def accept(
    *headers: str,
    session: str | None = None,
    direction: str = "sendrecv",
    contact: str = CONTACT,
    new: bool = False,
    to_invite: bool = False,
) -> str:
    """200 with an answer to the offer; `session` is its Session-Expires."""
    lines = (contact, ALLOW, *_timer(session), *headers)
    return answer("200 OK", *lines, body=sdp(direction), new=new, to_invite=to_invite, resend=True)


def accept_again(*, session: str | None = None, direction: str = "sendrecv", contact: str = CONTACT) -> str:
    """Take a re-INVITE, to its ACK."""
    taken = accept(session=session, direction=direction, contact=contact)
    return "\n".join((receive("INVITE"), taken, ACKED))


def take_update(*, session: str | None = None) -> str:
    """Take an UPDATE without an offer."""
    return "\n".join((receive("UPDATE"), answer("200 OK", CONTACT, *_timer(session))))


def ask(method: str, number: int, *headers: str, body: str = "") -> str:
    """Send a request inside the call, by the routes of its INVITE."""
    lines = [
        *(f"{method} [next_url] SIP/2.0", f"Via: SIP/2.0/[transport] {HERE};branch=[branch]", "[routes]"),
        *("Max-Forwards: 70", f"From: [$to]{TO_TAG}", "To: [$from]", "[last_Call-ID:]"),
        *(f"CSeq: {number} {method}", *headers, *_content(body)),
    ]
    return _send(lines, resend=method != "ACK")


def sdp(direction: str = "sendrecv") -> str:
    """A session description with PCMU."""
    return (
        "v=0\no=uas 1 [cseq] IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=audio 40000 RTP/AVP 0\na=rtpmap:0 PCMU/8000\na={direction}\n"
    )


def _timer(session: str | None) -> tuple[str, ...]:
    return () if session is None else ("Require: timer", f"Session-Expires: {session}")


def _send(lines: list[str], *, resend: bool) -> str:
    repeated = ' retrans="500"' if resend else ""
    text = "\n".join(lines)
    return f"<send{repeated}><![CDATA[\n\n{text}\n]]></send>"


def _content(body: str) -> list[str]:
    if not body:
        return ["Content-Length: 0", ""]
    return ["Content-Type: application/sdp", "Content-Length: [len]", "", body]


def _kept(header: str, variable: str, regexp: str) -> str:
    return (
        f'<ereg regexp="{regexp}" search_in="hdr" header="{header}:" check_it="true" assign_to="{variable}"/>'
    )


def _kept_lines(header: str, variable: str) -> str:
    """Keep every line of a header, as they are; there may be none."""
    line = f"{header}: [[:print:]]*"
    regexp = f"{line}([[:space:]]+{line})*"
    return f'<ereg regexp="{regexp}" search_in="msg" assign_to="{variable}"/>'


HERE = "[local_ip]:[local_port]"
CALLED = "".join(
    (
        '<recv request="INVITE" rrs="true"><action>',
        *(_kept_lines("Via", "via"), _kept("CSeq", "cseq", "[0-9]+"), _kept_lines("Record-Route", "routes")),
        *(_kept("From", "from", ".*"), _kept("To", "to", ".*")),
        "</action></recv>",
    )
)
"""Wait for the INVITE that starts the call, and keep its headers."""
# Without it sipp refuses to keep what a scenario does not use.
_ALL_KEPT = '<Reference variables="via,cseq,routes,from,to"/>'
RINGS = answer("180 Ringing", CONTACT, new=True)
ACKED = receive("ACK")
HUNG_UP = "\n".join((receive("BYE"), answer("200 OK")))


def whole_call(*, session: str | None = None) -> str:
    """Answers, holds (with another Contact from then on), resumes, takes an UPDATE, and is hung up on."""
    moved = CONTACT.replace("uas@", "moved@")
    return scenario(
        *(CALLED, RINGS, accept(new=True, session=session), ACKED),
        accept_again(session=session, direction="recvonly", contact=moved),
        accept_again(session=session, contact=moved),
        *(take_update(session=session), HUNG_UP),
    )
