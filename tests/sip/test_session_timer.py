"""Session timers of RFC 4028: intervals, 422, roles, moments."""

from __future__ import annotations

from typing import Literal

import pytest

from callsphere.sip.message import Request
from callsphere.sip.session_timer import (
    MAX_RAISES,
    IntervalLoop,
    Refresher,
    SessionTimer,
    TimerNegotiation,
    TimerPolicy,
    answer_timer,
    refresh_method,
)
from tests.sip.calling import Extra, answer, invite


def test_what_an_invite_asks_for() -> None:
    assert TimerNegotiation(90).headers() == [("Supported", "timer"), ("Session-Expires", "90")]
    assert TimerNegotiation(refresher="uas").headers() == [
        ("Supported", "timer"),
        ("Session-Expires", "1800;refresher=uas"),
    ]


@pytest.mark.parametrize("interval", [0, -1, 89])
def test_intervals_below_the_floor_are_never_asked_for(interval: int) -> None:
    with pytest.raises(ValueError, match="at least 90 seconds"):
        TimerNegotiation(interval)


# Min-SE values of successive 422s → intervals sent after each; the last may be a loop.
RAISES: list[tuple[int, list[str | None], list[int | None]]] = [
    (90, ["120"], [120]),
    (90, ["120", "600"], [120, 600]),  # a proxy on the way, then the far end (RFC 4028 §7.3)
    (90, ["120", "120"], [120, None]),
    (90, ["120", "90"], [120, None]),
    (90, ["120", "600", "1200"], [120, 600, None]),
    (90, ["90"], [None]),
    (1800, ["90"], [None]),
    (90, [None], [1800]),
    (90, ["soon"], [1800]),
    (90, [None, None], [1800, None]),
    (1800, [None], [None]),
    (90, ["1800 ;x=y"], [1800]),
    (90, ["99999999999"], [1800]),
    (90, ["4294967295"], [2**31 - 1]),
]


@pytest.mark.parametrize(("interval", "minima", "sent"), RAISES)
def test_raising_after_422(interval: int, minima: list[str | None], sent: list[int | None]) -> None:
    negotiation = TimerNegotiation(interval)
    for minimum, expected in zip(minima, sent, strict=True):
        extra: Extra = () if minimum is None else (("Min-SE", minimum),)
        response = answer(invite(), 422, contact=None, extra=extra)
        if expected is None:
            with pytest.raises(IntervalLoop) as caught:
                negotiation.on_422(response)
            assert caught.value.cause == "session_interval_loop"
            return
        assert negotiation.on_422(response) == expected
        assert negotiation.headers() == [
            ("Supported", "timer"),
            ("Session-Expires", str(expected)),
            ("Min-SE", str(expected)),
        ]
    assert negotiation.raises <= MAX_RAISES


def test_an_interval_that_is_long_enough_stays_and_the_minimum_is_named() -> None:
    negotiation = TimerNegotiation(1800)
    refusal = answer(invite(), 422, contact=None, extra=(("Min-SE", "300"),))
    assert negotiation.on_422(refusal) == 1800
    expected = [("Supported", "timer"), ("Session-Expires", "1800"), ("Min-SE", "300")]
    assert negotiation.headers() == expected
    with pytest.raises(IntervalLoop):
        negotiation.on_422(refusal)


def test_the_largest_minimum_is_kept_for_refreshes() -> None:
    negotiation = TimerNegotiation(90)
    negotiation.on_422(answer(invite(), 422, extra=(("Min-SE", "120"),)))
    timer = negotiation.on_2xx(answer(invite(), extra=(("Session-Expires", "120;refresher=uac"),)), 0.0)
    assert timer is not None
    expected = [("Supported", "timer"), ("Session-Expires", "120;refresher=uac"), ("Min-SE", "120")]
    assert timer.headers() == expected
    assert TimerNegotiation.of(timer).headers() == expected


UAC, UAS = "Session-Expires: 1800;refresher=uac", "Session-Expires: 1800;refresher=uas"
# Headers of a 2xx to our INVITE → interval, refresher, whether the peer supports timers (RFC 4028 §7.2).
ANSWERS: list[tuple[list[str], tuple[int, Refresher, bool] | None]] = [
    ([UAC, "Require: timer"], (1800, "local", True)),
    ([UAC, "Require: timer", "Supported: timer"], (1800, "local", True)),
    ([UAC, "Supported: timer"], (1800, "local", True)),
    ([UAC], (1800, "local", False)),  # a proxy's doing, the peer may know nothing of it
    ([UAC, "Supported: 100rel, replaces"], (1800, "local", False)),
    ([UAS, "Require: timer"], (1800, "remote", True)),
    ([UAS, "Supported: timer"], (1800, "remote", True)),
    ([UAS], (1800, "remote", True)),
    (["Session-Expires: 1800", "Require: timer"], (1800, "local", True)),
    (["Session-Expires: 1800"], (1800, "local", False)),
    (["Session-Expires: 1800;refresher=none"], (1800, "local", False)),
    (["Session-Expires: 1800;refresher"], (1800, "local", False)),
    (["x: 600 ; Refresher = UAS"], (600, "remote", True)),
    (["Session-Expires: 600;foo=bar;refresher=uas"], (600, "remote", True)),
    (["Session-Expires: 30;refresher=uas"], (30, "remote", True)),  # below the floor, but that is what runs
    (["Session-Expires: 7200;refresher=uac", "k: timer"], (7200, "local", True)),
    ([], None),
    (["Supported: timer"], None),
    (["Require: timer"], None),
    (["Session-Expires: 0"], None),
    (["Session-Expires: soon"], None),
    (["Session-Expires: -1"], None),
    (["Session-Expires: ;refresher=uac"], None),
    (['Session-Expires: 90;"'], None),
]


@pytest.mark.parametrize(("lines", "expected"), ANSWERS)
@pytest.mark.parametrize("asked", [None, "uac", "uas"])
def test_what_a_200_agrees_on(
    lines: list[str], expected: tuple[int, Refresher, bool] | None, asked: None
) -> None:
    extra = tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in lines)
    timer = TimerNegotiation(1800, refresher=asked).on_2xx(answer(invite(), extra=extra), now=7.0)
    found = None if timer is None else (timer.interval, timer.refresher, timer.peer_supports)
    assert found == expected
    assert timer is None or timer.started_at == 7.0


# Interval → refresh after, the other side's BYE after (RFC 4028 §10).
MOMENTS = [
    (30, 15, 20),
    (90, 45, 60),
    (96, 48, 64),
    (120, 60, 88),
    (600, 300, 568),
    (1800, 900, 1768),
    (3600, 1800, 3568),
]


@pytest.mark.parametrize(("interval", "refresh", "bye"), MOMENTS)
def test_moments(interval: int, refresh: float, bye: float) -> None:
    ours = SessionTimer(interval, "local", 1000.0)
    theirs = SessionTimer(interval, "remote", 1000.0)
    assert (ours.refresh_at, ours.expires_at) == (1000 + refresh, 1000 + bye)
    assert (ours.due_at, theirs.due_at) == (1000 + refresh, 1000 + bye)
    assert (ours.we_refresh, theirs.we_refresh) == (True, False)
    assert ours.restarted(1050.0).refresh_at == 1050 + refresh


@pytest.mark.parametrize(("refresher", "role"), [("local", "uac"), ("remote", "uas")])
def test_requests_of_ours_keep_the_roles(refresher: Refresher, role: str) -> None:
    timer = SessionTimer(1800, refresher, 0.0)
    expected = [("Supported", "timer"), ("Session-Expires", f"1800;refresher={role}")]
    assert timer.headers() == expected
    negotiation = TimerNegotiation.of(timer)
    assert negotiation.headers() == expected
    # The peer confirms: the role is relative to our request, so nothing changes hands.
    response = answer(invite(), extra=(("Session-Expires", f"1800;refresher={role}"), ("Supported", "timer")))
    assert negotiation.on_2xx(response, 5.0) == SessionTimer(1800, refresher, 5.0)


def test_a_refresh_never_asks_for_less_than_the_floor() -> None:
    timer = SessionTimer(30, "local", 0.0)
    assert timer.headers()[1] == ("Session-Expires", "90;refresher=uac")
    assert TimerNegotiation.of(timer).headers()[1] == ("Session-Expires", "90;refresher=uac")


def request_with(lines: list[str]) -> Request:
    """A request of the peer's with these headers."""
    return invite(extra=tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in lines))


SUP = "Supported: timer"
# Request → our Session-Expires, whether Require goes with it, who refreshes (RFC 4028 §9, table 2).
REQUESTS: list[tuple[list[str], str | None, bool, Refresher | None]] = [
    ([SUP, "Session-Expires: 600;refresher=uac"], "600;refresher=uac", True, "remote"),
    ([SUP, "Session-Expires: 600;refresher=uas"], "600;refresher=uas", False, "local"),
    ([SUP, "Session-Expires: 600"], "600;refresher=uac", True, "remote"),
    (["Require: timer", "Session-Expires: 600"], "600;refresher=uac", True, "remote"),
    (["Session-Expires: 600"], "600;refresher=uas", False, "local"),
    (["Session-Expires: 600;refresher=uac"], "600;refresher=uas", False, "local"),
    (["Session-Expires: 600;refresher=uas"], "600;refresher=uas", False, "local"),
    (["Session-Expires: 60"], "60;refresher=uas", False, "local"),  # no 422 for who would not understand it
    ([SUP, "Session-Expires: 90", "Min-SE: 90"], "90;refresher=uac", True, "remote"),
    ([SUP], None, False, None),
    ([], None, False, None),
    ([SUP, "Session-Expires: soon"], None, False, None),
]


@pytest.mark.parametrize(("lines", "session_expires", "required", "refresher"), REQUESTS)
def test_answering_the_peers_timer(
    lines: list[str], session_expires: str | None, required: bool, refresher: Refresher | None
) -> None:
    result = answer_timer(request_with(lines), 9.0)
    headers = dict(result.headers)
    assert result.status == 200
    assert (headers.get("Session-Expires"), headers.get("Require") == "timer") == (session_expires, required)
    assert (result.timer.refresher if result.timer else None) == refresher
    assert result.timer is None or result.timer.started_at == 9.0


@pytest.mark.parametrize("refresher", ["local", "remote"])
def test_without_a_choice_of_the_peers_the_roles_stay(refresher: Refresher) -> None:
    current = SessionTimer(600, refresher, 0.0)
    result = answer_timer(request_with([SUP, "Session-Expires: 600"]), 9.0, current=current)
    assert result.timer is not None
    assert result.timer.refresher == refresher


@pytest.mark.parametrize(("minimum", "status"), [(90, 200), (120, 422)])
def test_too_small_for_us(minimum: int, status: int) -> None:
    result = answer_timer(request_with([SUP, "Session-Expires: 100"]), 0.0, min_se=minimum)
    assert result.status == status
    if status == 422:
        assert (result.headers, result.timer) == ((("Min-SE", "120"),), None)


def test_the_peers_minimum_is_remembered() -> None:
    result = answer_timer(request_with([SUP, "Session-Expires: 600", "Min-SE: 300"]), 0.0)
    assert result.timer is not None
    assert result.timer.min_se == 300


def test_a_change_without_timer_headers_restarts_the_timer_that_runs() -> None:
    roles: tuple[Refresher, ...] = ("local", "remote")
    for role in roles:
        current = SessionTimer(600, role, 0.0)
        assert answer_timer(request_with([]), 9.0, current=current).timer == current.restarted(9.0)


METHODS = [
    ({"INVITE", "UPDATE"}, False, "UPDATE"),
    ({"INVITE"}, False, "INVITE"),
    (set(), False, "INVITE"),
    (None, False, "INVITE"),
    ({"UPDATE"}, True, "INVITE"),
]


@pytest.mark.parametrize(("allows", "refused", "method"), METHODS)
def test_update_only_where_it_is_allowed(allows: set[str] | None, refused: bool, method: str) -> None:
    assert refresh_method(allows, refused=refused) == method


@pytest.mark.parametrize(
    ("chosen", "allows", "method"),
    [
        (None, ("UPDATE",), "UPDATE"),
        (None, ("INVITE",), "INVITE"),
        (None, None, "INVITE"),
        ("UPDATE", ("INVITE",), "UPDATE"),
        ("INVITE", ("UPDATE",), "INVITE"),
    ],
)
def test_how_a_policy_refreshes(
    chosen: Literal["UPDATE", "INVITE"] | None, allows: tuple[str, ...] | None, method: str
) -> None:
    assert TimerPolicy(method=chosen).refresh_method(allows) == method


def test_a_policy_asks_for_what_it_says() -> None:
    assert TimerPolicy(600, 120, "uas").negotiation().headers() == [
        ("Supported", "timer"),
        ("Session-Expires", "600;refresher=uas"),
        ("Min-SE", "120"),
    ]
    with pytest.raises(ValueError, match="at least 90"):
        TimerPolicy(89).negotiation()
