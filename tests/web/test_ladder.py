"""Ladders: who talks to whom, what is folded, and what people without eyes for arrows get."""

from __future__ import annotations

from typing import Any

from django.template import Context, Template

from callsphere.web.ladder import ladder_of


def entry(at_ms: int, direction: str, summary: str, text: str = "", peer: str = "a:1/udp") -> dict[str, Any]:
    return {"at_ms": at_ms, "direction": direction, "summary": summary, "text": text or summary, "peer": peer}


CALL = [
    entry(0, "sent", "INVITE"),
    entry(500, "sent", "INVITE"),
    entry(1500, "sent", "INVITE"),
    entry(1520, "received", "407 Proxy Authentication Required", "SIP/2.0 407 X\r\nCSeq: 1 INVITE\r\n\r\n"),
    entry(1530, "received", "503 Busy", "SIP/2.0 503 Busy\r\nCSeq: 2 INVITE\r\n\r\n", "b:2/udp"),
]


def test_repetitions_are_folded_into_the_first() -> None:
    ladder = ladder_of(CALL)
    assert [(rung.label, rung.repeats, rung.gap_ms) for rung in ladder.rungs] == [
        ("INVITE", [500, 1500], None),
        ("407 Proxy Authentication Required (INVITE)", [], 1520),
        ("503 Busy (INVITE)", [], 10),
    ]
    assert ladder.rungs[0].again == "2 more times, at 0.5 s, 1.5 s"


def test_a_challenge_is_no_failure() -> None:
    assert [rung.tone for rung in ladder_of(CALL).rungs] == ["request", "challenge", "failure"]


def test_bytes_that_are_no_message_are_no_answer() -> None:
    (rung,) = ladder_of([entry(0, "received", "180 bytes that are no SIP message", "x")]).rungs
    assert (rung.label, rung.tone) == ("180 bytes that are no SIP message", "other")


def test_a_trace_that_names_the_method_needs_no_text() -> None:
    (rung,) = ladder_of([entry(0, "received", "486 Busy Here") | {"method": "INVITE"}]).rungs
    assert (rung.label, rung.tone) == ("486 Busy Here (INVITE)", "failure")


def test_messages_whose_texts_were_not_kept_are_not_the_same() -> None:
    cut = [entry(at, "received", "200 OK") | {"text": ""} for at in (0, 5)]
    assert [rung.repeats for rung in ladder_of(cut).rungs] == [[], []]


def test_each_party_has_a_lifeline() -> None:
    ladder = ladder_of(CALL)
    assert ladder.parties == ["CallSphere", "a:1/udp", "b:2/udp"]
    assert ladder.rungs[2].arrow.count('class="lifeline"') == 3


def test_what_peers_said_is_text_and_nothing_else() -> None:
    html = Template("{% load callsphere %}{% ladder entries %}").render(
        Context({"entries": [entry(0, "received", "<script>alert(1)</script>", "<b>x</b>", "<i>:1/udp")]})
    )
    assert "<script" not in html
    assert "<b>x</b>" not in html
    assert "<i>" not in html


def test_each_message_is_told_without_its_arrow() -> None:
    html = Template("{% load callsphere %}{% ladder entries label='A call' %}").render(
        Context({"entries": CALL})
    )
    assert html.count("<details") == 3
    assert "sent: INVITE" in html
    assert "received: 503 Busy (INVITE)" in html
    assert 'aria-label="A call"' in html


def test_nothing_is_said_so() -> None:
    html = Template("{% load callsphere %}{% ladder entries %}").render(Context({"entries": []}))
    assert "No message was sent or received." in html
