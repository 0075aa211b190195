"""OPTIONS requests, their timers and what counts as an answer, without any socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsphere.sip.message import Request, Response, SipParseError, parse_message
from callsphere.sip.options import (
    MAX_REQUEST_BYTES,
    OptionsTemplate,
    PingTransaction,
    PingTransactions,
    fresh_tokens,
    read_plain,
)
from tests.peers.scripted import answer_to

PEER = ("203.0.113.5", 5060)


def template(uri: str = "sip:edge.example.com", transport: str = "udp") -> OptionsTemplate:
    return OptionsTemplate(
        uri, transport=transport, sent_by="198.51.100.7:40000", user_agent="CallSphere/0.1"
    )


def opened(
    now: float = 100.0, wait_s: float = 10.0, **kwargs: bool
) -> tuple[PingTransactions, PingTransaction]:
    transactions = PingTransactions()
    return transactions, transactions.open(template(), PEER, now, now + wait_s, "context", **kwargs)


# The request


def test_request_carries_what_rfc_3261_asks_of_options() -> None:
    message = parse_message(template().fill(b"0123456789abcdef01234567fedcba9876543210"))
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("OPTIONS", "sip:edge.example.com")
    assert list(message.headers.items()) == [
        ("Via", "SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bK0123456789abcdef"),
        ("Max-Forwards", "70"),
        ("From", "<sip:ping@198.51.100.7:40000>;tag=01234567"),
        ("To", "<sip:edge.example.com>"),
        ("Call-ID", "fedcba9876543210"),
        ("CSeq", "1 OPTIONS"),
        ("Contact", "<sip:ping@198.51.100.7:40000;transport=udp>"),
        ("Accept", "application/sdp"),
        ("User-Agent", "CallSphere/0.1"),
        ("Content-Length", "0"),
    ]


def test_sips_request_has_a_sips_contact() -> None:
    message = parse_message(template("sips:edge.example.com", "tls").fill(next(fresh_tokens())))
    assert message.headers.get("contact") == "<sips:ping@198.51.100.7:40000>"
    assert message.via.transport == "TLS"


def test_every_request_has_its_own_branch_tag_and_call_id() -> None:
    transactions = PingTransactions()
    made = [transactions.open(template(), PEER, 0.0, 1.0, None).request for _ in range(600)]
    messages = [parse_message(request) for request in made]
    for values in (
        {message.via.branch for message in messages},
        {message.from_tag for message in messages},
        {message.call_id for message in messages},
    ):
        assert len(values) == 600


def test_longest_host_name_still_fits() -> None:
    host = ".".join(["a" * 60] * 4)
    request = template(f"sip:{host}:65535;transport=udp").fill(next(fresh_tokens()))
    assert len(request) <= MAX_REQUEST_BYTES
    message = parse_message(request)
    assert (message.headers.get("to"), str(message.headers.get("from"))[:18]) == (
        "<sip:ping.invalid>",
        "<sip:ping.invalid>",
    )


@pytest.mark.parametrize("uri", ["sip:a\r\nX: y", "sip:a\0b"])
def test_line_breaks_never_get_into_a_request(uri: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        template(uri)


def test_request_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 600"):
        template("sip:" + "a" * 600)


# Timers


def test_unanswered_ping_is_sent_four_times_in_all_and_ends_at_its_deadline() -> None:
    transactions, ping = opened(wait_s=10.0)
    resent, now = [], 100.0
    expired: list[PingTransaction] = []
    while not expired:
        now = round(now + 0.05, 2)
        due = transactions.sweep(now)
        resent += [now] * len(due.resend)
        expired = due.expired
    assert resent == [100.5, 101.5, 103.5]
    assert (now, expired, transactions.pending) == (110.0, [ping], {})


def test_reliable_transport_never_resends() -> None:
    transactions, ping = opened(wait_s=10.0, reliable=True)
    assert transactions.sweep(109.9) == ([], [])
    assert transactions.sweep(110.0).expired == [ping]


def test_short_wait_ends_without_any_retransmission() -> None:
    transactions, ping = opened(wait_s=0.4)
    assert transactions.sweep(100.39) == ([], [])
    assert transactions.sweep(100.4) == ([], [ping])


def test_provisional_answer_slows_resending_down_and_does_not_end_the_ping() -> None:
    transactions, ping = opened()
    assert transactions.receive(answer_to(ping.request, "100 Trying"), PEER, 100.2) is None
    assert transactions.sweep(104.1).resend == []
    assert transactions.sweep(104.2).resend == [ping]
    found = transactions.receive(answer_to(ping.request), PEER, 104.3)
    assert found is not None
    assert found[1].status == 200


# Answers


@pytest.mark.parametrize(
    ("status", "reason"), [(200, "OK"), (404, "Not Found"), (501, ""), (503, "Busy"), (603, "No")]
)
def test_any_final_answer_ends_the_ping(status: int, reason: str) -> None:
    transactions, ping = opened()
    data = answer_to(ping.request, f"{status} {reason}", extra=b"Server: Edge 1.0\r\nRetry-After: 30\r\n")
    found = transactions.receive(data, PEER, 100.1)
    assert found is not None
    assert found[0] is ping
    assert found[1][:3] == (status, reason, "Edge 1.0")
    assert found[1].retry_after == ("30" if status == 503 else "")
    assert transactions.pending == {}


def unusual_forms(request: bytes) -> dict[str, bytes]:
    plain = answer_to(request, extra=b"User-Agent: Edge\r\n")
    return {
        "folded": plain.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1\r\n OPTIONS"),
        "compact": plain.replace(b"Via:", b"v:").replace(b"Call-ID:", b"i:").replace(b"From:", b"f:"),
        "lower case": plain.replace(b"Via:", b"via:").replace(b"CSeq:", b"cseq:"),
        "body": plain.replace(b"Content-Length: 0\r\n\r\n", b"Content-Length: 4\r\n\r\nv=0\n"),
        "no length": plain.replace(b"Content-Length: 0\r\n", b""),
        "length first": plain.replace(b"Via:", b"Content-Length: 0\r\nVia:", 1).replace(
            b"Edge\r\nContent-Length: 0\r\n", b"Edge\r\n"
        ),
        "pjsip's order": plain.replace(b"From:", b"X: y\r\nFrom:"),
        "spaces": plain.replace(b"CSeq:", b"CSeq  : "),
    }


@pytest.mark.parametrize("form", unusual_forms(b""))
def test_unusual_answers_are_read_by_the_full_parser(form: str) -> None:
    transactions, ping = opened()
    data = unusual_forms(ping.request)[form]
    assert read_plain(data) is None
    found = transactions.receive(data, PEER, 100.1)
    assert found is not None
    assert found[1] == (200, "OK", "Edge", "")


def test_answer_from_another_port_of_the_same_address_counts() -> None:
    transactions, ping = opened()
    assert transactions.receive(answer_to(ping.request), (PEER[0], 40123), 100.1) is not None


def test_answer_from_another_address_counts_for_its_branch() -> None:
    transactions, ping = opened()
    found = transactions.receive(answer_to(ping.request), ("203.0.113.6", 5060), 100.1)
    assert found is not None
    assert (found[0], found[1].status, list(transactions.pending)) == (ping, 200, [])


def odd_answers(request: bytes) -> dict[str, tuple[bytes, str]]:
    good = answer_to(request)
    return {
        "another branch": (
            good.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx"),
            "an answer to another transaction",
        ),
        "another method": (
            good.replace(b"1 OPTIONS", b"1 INVITE"),
            "an answer to another transaction",
        ),
        "two Vias": (
            good.replace(b"From:", b"Via: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKother\r\nFrom:"),
            "an answer with more than one Via",
        ),
        "half": (good[:60], "The empty line after the headers is missing."),
        "no From": (good.replace(b"From:", b"X-From:"), "The From header is missing."),
        "cut body": (
            good.replace(b"Content-Length: 0", b"Content-Length: 9"),
            "The body has 0 bytes, Content-Length says 9.",
        ),
    }


@pytest.mark.parametrize("form", odd_answers(b""))
def test_what_is_no_answer_is_ignored_and_kept_in_mind(form: str) -> None:
    transactions, ping = opened()
    data, said = odd_answers(ping.request)[form]
    assert transactions.receive(data, PEER, 100.1) is None
    assert transactions.oddity(ping) == said
    assert transactions.receive(answer_to(ping.request), PEER, 100.2) is not None


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\0\0\0\0"])
def test_keep_alives_are_no_oddity(data: bytes) -> None:
    transactions, ping = opened()
    assert transactions.receive(data, PEER, 100.1) is None
    assert transactions.oddity(ping) is None


def test_request_of_the_peer_is_no_oddity() -> None:
    transactions, ping = opened()
    assert transactions.receive(template().fill(next(fresh_tokens())), PEER, 100.1) is None
    assert transactions.oddity(ping) is None


def test_late_answer_does_not_fail_a_later_ping() -> None:
    transactions, first = opened(wait_s=1.0)
    transactions.sweep(101.0)
    second = transactions.open(template(), PEER, 105.0, 106.0, None)
    assert transactions.receive(answer_to(first.request), PEER, 105.1) is None
    assert transactions.oddity(second) is None


def test_oddity_before_the_ping_was_sent_is_not_its_own() -> None:
    transactions, _ = opened()
    transactions.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n", PEER, 100.1)
    later = transactions.open(template(), PEER, 100.2, 101.0, None)
    assert transactions.oddity(later) is None


def test_what_a_peer_says_is_cleaned_and_cut() -> None:
    transactions, ping = opened()
    data = answer_to(ping.request, "200 \x1b[31mO\x07K", extra=b"Server: " + b"x" * 500 + b"\r\n")
    found = transactions.receive(data, PEER, 100.1)
    assert found is not None
    assert (found[1].reason, len(found[1].server)) == ("[31mO K", 120)


def test_memory_of_oddities_is_bounded() -> None:
    transactions, _ = opened()
    for number in range(40_000):
        transactions.receive(b"garbage", (f"203.0.113.{number % 256}", number), 100.1)
    assert len(transactions._oddities) <= 16384


@given(st.data())
def test_plain_reading_never_disagrees_with_the_parser(data: st.DataObject) -> None:
    """Cut, doubled or changed answers: what is read the short way the parser must read the same."""
    _, ping = opened()
    answer = answer_to(ping.request, extra=b"Server: Edge\r\nVia-Like: x\r\n")
    position = data.draw(st.integers(0, len(answer)))
    inserted = data.draw(
        st.sampled_from([b"", b"\r\n", b"\r\n ", b"\n", b",", b"Via: x\r\n", b"\r\n\r\n", b"\0", b";", b"v:"])
    )
    changed = answer[:position] + inserted + answer[position + data.draw(st.integers(0, 3)) :]
    plain = read_plain(changed)
    if plain is None:
        return
    try:
        message = parse_message(changed)
    except SipParseError as error:
        raise AssertionError(f"{changed!r} passed as plain: {error.reason}") from error
    assert isinstance(message, Response)
    assert message.via.branch == f"z9hG4bK{plain.branch.decode()}"
    assert len(message.vias) == 1
    assert (message.cseq.method, message.status) == ("OPTIONS", int(plain.line[:3]))
