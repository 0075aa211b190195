"""The torture messages of RFC 4475: what must be read is read rightly, what must not is refused.

The message with an S/MIME signature (§3.1.1.11, mpart01) is left out: its body is opaque to us.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from callsphere.sip.message import Request, Response, SipParseError, StreamParser, lint, parse_message

FOLDER = Path(__file__).with_name("rfc4475")

# RFC 4475 §3.1.1, and those of §3.2 to §3.4 whose fault is not in their syntax.
VALID = {
    *("wsinv", "intmeth", "esc01", "escnull", "esc02", "lwsdisp", "longreq", "dblreq", "semiuri"),
    *("transports", "unreason", "noreason"),
    *("badbranch", "unkscm", "novelsc", "unksm2", "bext01", "invut", "regaut01", "bcast", "zeromf"),
    *("cparam01", "cparam02", "regescrt", "sdp01", "inv2543"),
}
REFUSED = {
    "badinv01": "Via",
    "clerr": "Content-Length says 9999",
    "ncl": "Content-Length",
    "scalar02": "CSeq",
    "scalarlg": "CSeq",
    "quotbal": "address",
    "ltgtruri": "first line",
    "lwsruri": "first line",
    "lwsstart": "first line",
    "trws": "first line",
    "escruri": "Request-URI",
    "badaspec": "address",
    "baddn": "address",
    "badvers": "version",
    "mismatch01": "CSeq",
    "mismatch02": "CSeq",
    "bigcode": "status code",
    "insuf": "From header is missing",
    "multi01": "twice",
    "mcl01": "twice",
}
# The RFC allows both: live traffic goes on without these headers, the linter names them.
REFUSED_BY_LINT = {"baddate": "Date", "regbadct": "Contact"}


def load(name: str) -> bytes:
    """One message of the RFC."""
    return (FOLDER / f"{name}.dat").read_bytes()


def test_every_message_is_judged() -> None:
    assert {path.stem for path in FOLDER.glob("*.dat")} == VALID | set(REFUSED) | set(REFUSED_BY_LINT)


@pytest.mark.parametrize("name", sorted(VALID))
def test_valid_messages_are_read(name: str) -> None:
    message = parse_message(load(name))
    lint(message)
    again = parse_message(message.to_bytes())
    assert list(again.headers.items())[:-1] == [
        (key, value) for key, value in message.headers.items() if key.lower() not in ("content-length", "l")
    ]
    assert again.body == message.body


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_invalid_messages_are_refused(name: str) -> None:
    with pytest.raises(SipParseError, match=REFUSED[name]):
        parse_message(load(name))


@pytest.mark.parametrize("name", sorted(REFUSED_BY_LINT))
def test_what_may_be_ignored_is_left_to_the_linter(name: str) -> None:
    message = parse_message(load(name))
    with pytest.raises(SipParseError, match=REFUSED_BY_LINT[name]):
        lint(message)


def test_a_short_tortuous_invite() -> None:
    message = parse_message(load("wsinv"))
    assert isinstance(message, Request)
    assert (message.uri, message.to_tag, message.from_.display) == (
        "sip:vivekg@chair-dnrc.example.com;unknownparam",
        "1918181833n",
        'J Rosenberg \\"',
    )
    assert (message.from_tag, message.cseq.number, message.cseq.method) == ("98asjd8", 9, "INVITE")
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.headers.get("subject") == ""
    assert message.headers.get("newfangledheader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    contact = message.contacts[0]
    assert (contact.display, contact.param("newparam"), contact.param("secondparam"), contact.param("q")) == (
        'Quoted string ""',
        "newvalue",
        "",
        "0.33",
    )
    assert len(message.body) == 150


def test_a_wide_range_of_valid_characters() -> None:
    message = parse_message(load("intmeth"))
    assert isinstance(message, Request)
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.sip_uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.to.display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.param("fromparam''~+*_!.-%") == (
        "\u0440\u0430\u0431\u043e\u0442\u0430\u044e\u0449\u0438\u0439"
    )
    assert message.from_tag == "_token~1'+`*%!-."
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff\u5927\u505c\u96fb"


def test_escapes_are_no_reason_to_read_more_into_a_message() -> None:
    message = parse_message(load("esc02"))
    assert isinstance(message, Request)
    assert (message.method, message.to.display, message.via.branch) == (
        "RE%47IST%45R",
        "%Z%45",
        "z9hG4bK209%fzsnel234",
    )
    assert len(message.contacts) == 2
    assert parse_message(load("esc01")).contacts[0].sip_uri.user == "cal%6Cer"


def test_two_requests_in_one_datagram_are_one_and_on_a_stream_two() -> None:
    first = parse_message(load("dblreq"))
    assert isinstance(first, Request)
    assert (first.method, first.body) == ("REGISTER", b"")
    on_stream = [event for event in StreamParser().feed(load("dblreq")) if isinstance(event, Request)]
    assert [event.method for event in on_stream] == ["REGISTER", "INVITE"]


def test_many_long_values() -> None:
    message = parse_message(load("longreq"))
    assert len(message.vias) == 34
    assert len(message.headers.get_all("via")) == 34
    assert message.to.sip_uri.port == 6000


def test_responses_with_an_unusual_reason_or_none() -> None:
    unusual, none = parse_message(load("unreason")), parse_message(load("noreason"))
    assert isinstance(unusual, Response)
    assert isinstance(none, Response)
    assert unusual.reason.startswith("= 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e")
    assert (none.status, none.reason) == (100, "")


def test_a_request_of_rfc_2543_has_neither_branch_nor_tag() -> None:
    message = parse_message(load("inv2543"))
    assert (message.via.branch, message.from_tag, len(message.body)) == (None, None, 105)
