"""States in words, as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from callsphere.sip.causes.reaching import ADDRESS, CONNECTION, TLS
from trunks import headlines, wording
from trunks.headlines import NO_CREDENTIAL, NO_NETWORK, Tally

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
        (
            Tally(1, 1, up=1),
            {"gap": NO_NETWORK},
            "Up, but no call from the carrier is accepted yet · add its addresses",
        ),
        (
            Tally(1, 1, down=1),
            {"gap": NO_NETWORK, "causes": ["no_answer"]},
            "Down 4 min · no answer from the gateway",
        ),
        (Tally(2, 2, up=2), {"is_enabled": False}, "Paused · not checked"),
        (Tally(1, 0), {}, "Paused · the gateway is switched off"),
        (Tally(2, 0), {}, "Paused · all 2 gateways are switched off"),
    ],
)
def test_trunk_headline(tally: Tally, more: dict[str, Any], expected: str) -> None:
    headline = headlines.trunk_headline(tally, since=SINCE, **more)

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
    headline = headlines.gateway_headline(state, since=SINCE, status=status)

    assert headline.text("3 d" if headline.since else "") == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("up", "Not checked for 6 h · up until then"),
        ("impaired", "Not checked for 6 h · impaired until then"),
        ("down", "Not checked for 6 h · down until then"),
    ],
)
def test_what_nobody_looks_at_is_no_longer_green(state: str, expected: str) -> None:
    headline = headlines.unchecked_headline(state, since=SINCE)

    assert (headline.state, headline.looks, headline.text("6 h")) == (state, "warn", expected)


@pytest.mark.parametrize(
    ("counts", "unchecked", "looks", "expected"),
    [
        ({"up": 1}, 1, "warn", "Your line is not being checked"),
        ({"up": 2}, 2, "warn", "Both lines are not being checked"),
        ({"up": 3, "paused": 1}, 1, "warn", "1 of 3 lines is not being checked"),
        ({"up": 1, "down": 1}, 1, "down", "1 of 2 lines is down"),
    ],
)
def test_lines_that_nobody_looks_at_are_not_called_working(
    counts: dict[str, int], unchecked: int, looks: str, expected: str
) -> None:
    headline = headlines.verdict(counts, unready={}, unchecked=unchecked)

    assert (headline.looks, headline.text()) == (looks, expected)


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
    headline = headlines.verdict(counts, unready={})

    assert (headline.state, headline.looks, headline.text()) == (state, state, expected)


@pytest.mark.parametrize(
    ("counts", "drifted", "expected"),
    [
        ({"up": 1}, 1, ("warn", "Your line is up, but was changed at Twilio")),
        ({"up": 2}, 2, ("warn", "Both lines are up, but were changed at Twilio")),
        ({"up": 3}, 1, ("warn", "1 of 3 lines is up, but was changed at Twilio")),
        ({"up": 1, "down": 1}, 1, ("down", "1 of 2 lines is down")),
    ],
)
def test_lines_that_were_changed_at_the_provider_are_not_called_working(
    counts: dict[str, int], drifted: int, expected: tuple[str, str]
) -> None:
    headline = headlines.verdict(counts, unready={}, drifted=drifted)

    assert (headline.looks, headline.text()) == expected


@pytest.mark.parametrize(
    ("counts", "unready", "looks", "expected"),
    [
        (
            {"up": 1},
            {"no_network": 1},
            "warn",
            "Your line is up, but no call from the carrier is accepted yet",
        ),
        (
            {"up": 1, "paused": 4},
            {"no_credential": 1},
            "warn",
            "Your line is up, but its calls are refused",
        ),
        ({"up": 3}, {"no_network": 1}, "warn", "1 of 3 lines is up, but not ready for calls"),
        (
            {"up": 2},
            {"no_network": 1, "no_credential": 1},
            "warn",
            "Both lines are up, but not ready for calls",
        ),
        (
            {"up": 2, "unknown": 1},
            {"password_cleared": 2},
            "warn",
            "2 of 3 lines are up, but not ready for calls",
        ),
        ({"up": 1, "down": 1}, {"no_network": 1}, "down", "1 of 2 lines is down"),
    ],
)
def test_a_line_that_takes_no_call_is_not_called_working(
    counts: dict[str, int], unready: dict[str, int], looks: str, expected: str
) -> None:
    headline = headlines.verdict(counts, unready=unready)

    assert (headline.looks, headline.text()) == (looks, expected)


@pytest.mark.parametrize("cause", [entry.code for entry in (*ADDRESS, *CONNECTION, *TLS)])
def test_every_way_not_to_reach_a_gateway_has_a_phrase(cause: str) -> None:
    told = wording.told_cause(cause)

    assert told is not None
    assert told.result == "warn" or told.code in headlines.DOWN_PHRASES


def test_a_gap_can_be_read_alone() -> None:
    assert (NO_CREDENTIAL.title, NO_CREDENTIAL.fix) == (
        "Its calls are refused",
        "Add the user name and password.",
    )
