"""States in words, as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from callsphere.sip.causes import CAUSES
from callsphere.sip.causes.reaching import ADDRESS, CONNECTION, TLS
from callsphere.sip.uri import parse_gateway_uri
from trunks import wording
from trunks.wording import NO_CREDENTIAL, NO_NETWORK, Gap, Tally, gap

SINCE = datetime(2026, 10, 3, 10, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tally", "more", "expected"),
    [
        (Tally(), {}, "No gateway yet · add the carrier's address"),
        (Tally(1, 1), {}, "Not checked yet · the first check takes seconds"),
        (Tally(1, 1, up=1), {}, "Up · the gateway answers"),
        (Tally(3, 3, up=3), {}, "Up · 3 of 3 gateways answer"),
        (Tally(2, 2, up=1), {}, "Up · 1 of 2 gateways answers, 1 not checked yet"),
        (Tally(1, 1, down=1), {"causes": ["no_answer"]}, "Down 4 min · no answer from the gateway"),
        (Tally(2, 2, down=2), {"causes": ["no_answer"]}, "Down 4 min · no answer from 2 of 2 gateways"),
        (Tally(3, 2, down=2), {"causes": ["no_answer"]}, "Down 4 min · no answer from 2 of 2 gateways"),
        (
            Tally(2, 2, down=2),
            {"causes": ["no_answer", "tls_expired"]},
            "Down 4 min · no usable answer from 2 of 2 gateways",
        ),
        (
            Tally(1, 1, down=1),
            {"causes": ["address_refused"]},
            "Down 4 min · host name of the gateway not found",
        ),
        (Tally(1, 1, impaired=1), {"statuses": [503]}, "Answering 503 for 4 min"),
        (Tally(2, 2, impaired=2), {"statuses": [503]}, "Answering 503 for 4 min · 2 of 2 gateways"),
        (
            Tally(2, 2, impaired=2),
            {"statuses": [500, 503]},
            "Answering server errors for 4 min · 2 of 2 gateways",
        ),
        (
            Tally(2, 2, up=1, down=1),
            {"causes": ["connect_refused"]},
            "Impaired 4 min · connection refused by 1 of 2 gateways",
        ),
        (
            Tally(3, 3, up=1, impaired=1, down=1),
            {"causes": ["no_answer"], "statuses": [503]},
            "Impaired 4 min · no answer from 1 of 3 gateways, 503 from 1 of 3 gateways",
        ),
        (Tally(2, 2, up=2), {"is_enabled": False}, "Paused · not checked"),
        (Tally(1, 0), {}, "Paused · the gateway is switched off"),
        (Tally(2, 0), {}, "Paused · all 2 gateways are switched off"),
    ],
)
def test_trunk_headline(tally: Tally, more: dict[str, Any], expected: str) -> None:
    headline = wording.trunk_headline(tally, since=SINCE, **more)

    assert headline.text("4 min" if headline.since else "") == expected


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("unknown", None, "Not checked yet"),
        ("up", 200, "Up 3 d"),
        ("impaired", 503, "Answering 503 for 3 d"),
        ("down", None, "Down 3 d"),
        ("paused", None, "Paused"),
    ],
)
def test_gateway_headline(state: str, status: int | None, expected: str) -> None:
    headline = wording.gateway_headline(state, since=SINCE, status=status)

    assert headline.text("3 d" if headline.since else "") == expected


@pytest.mark.parametrize(
    ("counts", "state", "expected"),
    [
        ({}, "unknown", "Connect your first line"),
        ({"up": 1}, "up", "Your line is working"),
        ({"up": 3}, "up", "All 3 lines are working"),
        ({"up": 2, "paused": 1}, "up", "Both lines are working"),
        ({"up": 2, "unknown": 1}, "up", "2 of 3 lines are working"),
        ({"down": 1}, "down", "Your line is down"),
        ({"down": 1, "up": 2}, "down", "1 of 3 lines is down"),
        ({"down": 2, "impaired": 1}, "down", "2 of 3 lines are down"),
        ({"impaired": 1, "up": 1}, "impaired", "1 of 2 lines is in trouble"),
        ({"unknown": 1}, "unknown", "Your line is not checked yet"),
        ({"paused": 1}, "paused", "Your line is paused"),
        ({"paused": 2}, "paused", "All lines are paused"),
    ],
)
def test_verdict(counts: dict[str, int], state: str, expected: str) -> None:
    headline = wording.verdict(counts)

    assert (headline.state, headline.text()) == (state, expected)


@pytest.mark.parametrize("cause", [entry.code for entry in (*ADDRESS, *CONNECTION, *TLS)])
def test_every_way_not_to_reach_a_gateway_has_a_phrase(cause: str) -> None:
    told = wording.told_cause(cause)

    assert told is not None
    assert told.result == "warn" or told.code in wording.DOWN_PHRASES


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
                "Every 30 s we ask each gateway whether it is alive.",
                "Down after about 90 s of silence: 3 failed checks in a row.",
                "Up again after 2 answers in a row, about 60 s.",
            ],
        ),
        (
            (3600, 1, 1),
            [
                "Every 60 min we ask each gateway whether it is alive.",
                "Down after about 60 min of silence: the first failed check.",
                "Up again after the first answer, about 60 min.",
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


@pytest.mark.parametrize(
    ("methods", "direction", "has_networks", "has_credentials", "expected"),
    [
        (["ip_allowlist"], "both", False, True, NO_NETWORK),
        (["ip_allowlist"], "inbound", False, False, NO_NETWORK),
        (["ip_allowlist"], "outbound", False, False, None),
        (["ip_allowlist"], "both", True, False, None),
        (["ip_allowlist", "digest"], "both", True, False, NO_CREDENTIAL),
        (["registration"], "outbound", False, False, NO_CREDENTIAL),
        (["digest"], "inbound", False, True, None),
        ([], "both", False, False, None),
    ],
)
def test_what_keeps_calls_from_running(
    methods: list[str], direction: str, has_networks: bool, has_credentials: bool, expected: Gap | None
) -> None:
    assert gap(methods, direction, has_networks=has_networks, has_credentials=has_credentials) == expected
