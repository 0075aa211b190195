"""Answers, addresses, policies and messages in words, as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsphere.sip.causes import CAUSES
from callsphere.sip.uri import parse_gateway_uri
from trunks import wording

SINCE = datetime(2026, 10, 3, 10, 42, tzinfo=UTC)


def test_a_refused_address_is_told_as_a_name_that_does_not_exist() -> None:
    assert wording.told_cause("address_refused") is CAUSES["dns_not_found"]
    assert wording.is_withheld("address_refused")
    assert not wording.is_withheld("dns_not_found")


@pytest.mark.parametrize(
    ("status", "reason", "cause", "expected"),
    [
        (200, "OK", "", "200 OK"),
        (503, "Service Unavailable", "carrier_overloaded", "503 Service Unavailable"),
        (404, "", "", "404"),
        (None, "", "no_answer", "No answer"),
        (None, "", "tls_expired", "The carrier's certificate has expired"),
        (None, "", "", "Not checked yet"),
    ],
)
def test_answer_line(status: int | None, reason: str, cause: str, expected: str) -> None:
    assert wording.answer_line(status, reason, cause) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            (30, 3, 2),
            [
                "Every 30\N{NO-BREAK SPACE}s we ask each gateway whether it is alive.",
                "Down after about 90\N{NO-BREAK SPACE}s of silence: 3 failed checks in a row.",
                "Up again after 2 answers in a row, about 60\N{NO-BREAK SPACE}s.",
            ],
        ),
        (
            (3600, 1, 1),
            [
                "Every 60\N{NO-BREAK SPACE}min we ask each gateway whether it is alive.",
                "Down after about 60\N{NO-BREAK SPACE}min of silence: the first failed check.",
                "Up again after the first answer, about 60\N{NO-BREAK SPACE}min.",
            ],
        ),
    ],
)
def test_policy_sentences(policy: tuple[int, int, int], expected: list[str]) -> None:
    assert wording.policy_sentences(*policy) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:203.0.113.5", ["Sent straight to 203.0.113.5, port 5060.", "Over UDP, not encrypted."]),
        (
            "sips:[2001:db8::1]",
            [
                "Sent straight to 2001:db8::1, port 5061.",
                "Encrypted with TLS. The carrier's certificate must be for 2001:db8::1.",
            ],
        ),
        (
            "sip:sip.example.com",
            [
                "sip.example.com is looked up in DNS, service records (SRV) first. Without them: port 5060.",
                "Over UDP unless the carrier's DNS prefers another transport; encrypted only with TLS.",
            ],
        ),
        (
            "sip:sip.example.com:5070;transport=tcp",
            [
                "The address of sip.example.com is looked up in DNS; the port is 5070.",
                "Over TCP, not encrypted.",
            ],
        ),
    ],
)
def test_address_sentences(uri: str, expected: list[str]) -> None:
    assert wording.address_sentences(parse_gateway_uri(uri)) == expected


def test_carrier_message_says_what_a_carrier_asks_for() -> None:
    message = wording.carrier_message(
        ["sip:203.0.113.5"],
        cause=CAUSES["no_answer"],
        answer="No answer",
        targets=["203.0.113.5:5060/udp"],
        sources=["198.51.100.1", "198.51.100.2"],
        since=SINCE,
    )

    assert message.splitlines()[5:9] == [
        "Since: 2026-10-03 10:42:00 UTC",
        "Result: No answer",
        "Tried: 203.0.113.5:5060/udp",
        "We send from: 198.51.100.1, 198.51.100.2",
    ]


@pytest.mark.parametrize(
    ("percent", "expected"), [(None, "\N{EN DASH}"), (100.0, "100 %"), (99.999, "99.9 %"), (0.0, "0.0 %")]
)
def test_percent_words_never_round_up_to_everything(percent: float | None, expected: str) -> None:
    assert wording.percent_words(percent) == expected


@pytest.mark.parametrize(
    ("methods", "short", "expected"),
    [
        ([], False, ""),
        (["ip_allowlist"], False, "IP allowlist"),
        (["digest", "ip_allowlist"], True, "IP allowlist, digest"),
        (["digest"], False, "User name and password"),
    ],
)
def test_authentication_words(methods: list[str], short: bool, expected: str) -> None:
    assert wording.authentication_words(methods, short=short) == expected
