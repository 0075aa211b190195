"""What pages show of trunks and gateways: rows ready to print, with figures of the last day.

Each function takes a fixed number of queries for any number of trunks and gateways. Details that a tenant
must not read (see `judging.visible_cause`) are left out here, once for every page.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from callsphere.sip.causes import CAUSES, Cause
from trunks.enums import HealthState, Severity
from trunks.headlines import Headline, gateway_headline
from trunks.health.history import Availability, Span, availability, overall, state_spans
from trunks.health.judging import severity_of, visible_cause, visible_detail, visible_target
from trunks.health.trends import NO_TREND, Trend, trends_of
from trunks.models import Gateway, ProbeAnswer, StatusChange, Trunk
from trunks.overdue import unchecked_since
from trunks.queries import gateway_headline_of, headline_of, worst_gateways
from trunks.wording import (
    answer_line,
    authentication_words,
    carrier_message,
    direction_words,
    percent_words,
    provider_words,
    told_cause,
)

DAY = timedelta(hours=24)
STRIP_STEP = timedelta(minutes=30)
# Which state of a stretch of time its bar shows: the worst.
_BADNESS = {
    HealthState.DOWN: 4,
    HealthState.IMPAIRED: 3,
    HealthState.UP: 2,
    HealthState.UNKNOWN: 1,
    HealthState.PAUSED: 0,
}
_STATE_OF_ANSWER = {
    Severity.OK: HealthState.UP,
    Severity.IMPAIRED: HealthState.IMPAIRED,
    Severity.FAILED: HealthState.DOWN,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of an availability strip."""

    state: HealthState
    label: str


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A line of a list of trunks. `latency` and `latency_ms` are of the gateway that is tried first.

    `provider` says what waits for somebody at the provider, "" for nothing.
    """

    trunk: Any
    headline: Headline
    address: str
    more_gateways: int
    trend: Trend
    latency_ms: float | None
    share: str
    unchecked_since: datetime | None
    direction: str
    authentication: str
    provider: str


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """A gateway with what is known of it. `latency`: its last 20 checks, None for an unanswered one.

    Figures count from `moved_at` on, when its address changed within the last day, else for that day.
    """

    gateway: Gateway
    headline: Headline
    answer: str
    detail: str
    target: str
    trend: Trend
    latency_ms: float | None
    share: str
    bars: list[Bar]
    moved_at: datetime | None
    unchecked_since: datetime | None

    @property
    def strip_label(self) -> str:
        """The strip in words."""
        span = "since its address changed" if self.moved_at else "in the last 24 hours"
        return f"{self.gateway.uri}: {self.share} of the checks {span} were answered well"


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One check."""

    state: HealthState
    answer: str
    detail: str
    uri: str
    target: str
    latency_ms: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of a gateway's state; `until` is when the next one came, None while it lasts."""

    change: StatusChange
    headline: Headline
    why: str
    until: datetime | None

    @property
    def lasted(self) -> timedelta | None:
        """How long the state lasted, None while it does."""
        return self.until - self.change.at if self.until else None


@dataclass(frozen=True, slots=True)
class Problem:
    """Gateways of one trunk that fail for one cause: what happened, what to change, whose side it is on."""

    id: str
    trunk: Trunk
    tone: str
    title: str
    meaning: str
    fix: str
    who: str | None
    uris: list[str]
    result: str
    message: str = ""

    @property
    def full_title(self) -> str:
        """The headline on pages of several trunks."""
        return f"{self.trunk.name}: {self.title}"

    @property
    def more(self) -> bool:
        """Whether it is about several gateways."""
        return len(self.uris) > 1


def trunk_rows(trunks: Sequence[Any]) -> list[TrunkRow]:
    """Return the lines of a list of trunks that come from `trunks_of`. Four queries."""
    gateways: dict[uuid.UUID, list[Gateway]] = {trunk.pk: [] for trunk in trunks}
    for gateway in Gateway.objects.filter(trunk__in=trunks).select_related("health", "trunk__health_policy"):
        gateways[gateway.trunk_id].append(gateway)
    firsts = {trunk_id: _tried_first(each) for trunk_id, each in gateways.items()}
    now = timezone.now()
    trends = trends_of([first for first in firsts.values() if first], now)
    figures = availability([each.pk for found in gateways.values() for each in found], now - DAY, now)
    rows = []
    for trunk in trunks:
        own, first = gateways[trunk.pk], firsts[trunk.pk]
        rows.append(
            TrunkRow(
                trunk=trunk,
                headline=headline_of(trunk),
                address=first.uri if first else "",
                more_gateways=max(len(own) - 1, 0),
                trend=trends.get(first.pk, NO_TREND) if first else NO_TREND,
                latency_ms=_milliseconds(first.health.rtt_us) if first else None,
                share=percent_words(overall(figures[each.pk] for each in own).percent),
                unchecked_since=trunk.unchecked_since,
                direction=direction_words(trunk.direction),
                authentication=authentication_words(trunk.authentication, short=True),
                provider=provider_words(trunk.provision_state),
            )
        )
    return rows


def gateway_rows(gateways: Sequence[Gateway]) -> list[GatewayRow]:
    """Return gateways, which come with their health, with the figures of the last day. Five queries."""
    now = timezone.now()
    ids = [gateway.pk for gateway in gateways]
    trends = trends_of(gateways, now)
    figures = availability(ids, now - DAY, now)
    spans = state_spans(ids, now - DAY, now)
    return [
        _gateway_row(each, trends.get(each.pk, NO_TREND), figures[each.pk], spans.get(each.pk, []), now)
        for each in gateways
    ]


def _gateway_row(
    gateway: Gateway,
    trend: Trend,
    figures: Availability,
    spans: Sequence[Span],
    now: datetime,
) -> GatewayRow:
    health = gateway.health
    moved_at = gateway.moved_at if gateway.moved_at and gateway.moved_at > now - DAY else None
    return GatewayRow(
        gateway=gateway,
        headline=gateway_headline_of(gateway),
        answer=answer_line(health.status, health.reason, health.cause),
        detail=visible_detail(health.cause, health.detail).rstrip("."),
        target=visible_target(health.cause, health.target),
        trend=trend,
        latency_ms=_milliseconds(health.rtt_us),
        share=percent_words(figures.percent),
        bars=bars_of(spans, now, before="not there yet" if moved_at is None else "at another address"),
        moved_at=moved_at,
        unchecked_since=unchecked_since(health),
    )


def bars_of(spans: Iterable[Span], now: datetime, *, before: str = "not there yet") -> list[Bar]:
    """Return the last day as bars of half an hour, old to new, each showing the worst state in it.

    `before` says what was in the time that has no span.
    """
    count = DAY // STRIP_STEP
    first = now - DAY
    worst: list[HealthState | None] = [None] * count
    for span in spans:
        state = HealthState(span.state)
        start = max(int((span.start - first) / STRIP_STEP), 0)
        end = min(int((span.end - first) / STRIP_STEP), count - 1)
        for index in range(start, end + 1):
            if first + index * STRIP_STEP >= span.end:
                continue
            known = worst[index]
            if known is None or _BADNESS[state] > _BADNESS[known]:
                worst[index] = state
    return [_bar(first + index * STRIP_STEP, state, before) for index, state in enumerate(worst)]


def _bar(start: datetime, state: HealthState | None, before: str) -> Bar:
    begins, ends = (timezone.localtime(moment) for moment in (start, start + STRIP_STEP))
    clock = f"{begins:%H:%M} to {ends:%H:%M %Z}"
    if state is None:
        return Bar(HealthState.UNKNOWN, f"{clock}: {before}")
    words = {HealthState.UNKNOWN: "not checked", HealthState.IMPAIRED: "answered with errors"}
    return Bar(state, f"{clock}: {words.get(state, state.label.lower())}")


def answer_rows(answers: Iterable[ProbeAnswer]) -> list[AnswerRow]:
    """Return single checks as pages show them. Select the gateway with them where it is shown."""
    return [
        AnswerRow(
            state=_STATE_OF_ANSWER[severity_of(alive=each.status is not None, status=each.status)],
            answer=answer_line(each.status, each.reason, each.cause),
            detail=visible_detail(each.cause, each.detail) if each.status is None else "",
            uri=_led_to(each),
            target=visible_target(each.cause, each.target),
            latency_ms=_milliseconds(each.rtt_us),
            at=each.at,
        )
        for each in answers
    ]


def _led_to(answer: ProbeAnswer) -> str:
    """Return where the gateway led when it answered: its URI, or the address tried before it moved."""
    moved_at = answer.gateway.moved_at
    if moved_at is None or answer.at >= moved_at:
        return answer.gateway.uri
    return visible_target(answer.cause, answer.target)


def change_rows(changes: QuerySet[StatusChange], *, limit: int) -> list[ChangeRow]:
    """Return changes with how long each state lasted. One query."""
    later = StatusChange.objects.filter(
        trunk=OuterRef("trunk"), gateway=OuterRef("gateway"), at__gt=OuterRef("at")
    )
    others = Gateway.objects.filter(trunk=OuterRef("trunk")).exclude(pk=OuterRef("gateway"))
    changes = changes.annotate(of_several=Exists(others))
    found = changes.annotate(until=Subquery(later.order_by("at").values("at")[:1]))[:limit]
    return [_change_row(change) for change in found]


def _change_row(change: Any) -> ChangeRow:
    cause = told_cause(change.cause)
    is_down = change.to_state == HealthState.DOWN
    return ChangeRow(
        change=change,
        headline=gateway_headline(change.to_state, status=change.status),
        why=cause.title if cause and is_down else "",
        until=change.until,
    )


def problems_of(gateways: Sequence[Gateway]) -> list[Problem]:
    """Return what is wrong with these gateways (with health and trunk), one entry per trunk and cause."""
    groups: dict[tuple[uuid.UUID, str], list[Gateway]] = {}
    for gateway in worst_gateways(gateways):
        groups.setdefault((gateway.trunk_id, visible_cause(gateway.health.cause)), []).append(gateway)
    return [_problem(group) for group in groups.values()]


def _problem(gateways: Sequence[Gateway]) -> Problem:
    first = gateways[0]
    health = first.health
    # A cause that is younger than this process is at least known to be one.
    cause = told_cause(health.cause) or (CAUSES["unexpected_answer"] if health.cause else None)
    answer = answer_line(health.status, health.reason, health.cause)
    known: dict[str, Any] = {
        "id": f"{first.pk}-{visible_cause(health.cause)}",
        "trunk": first.trunk,
        "uris": [each.uri for each in gateways],
        "result": answer if health.status else visible_detail(health.cause, health.detail).rstrip("."),
    }
    if cause is None:
        return Problem(
            **known,
            tone="info",
            title="It answers again",
            meaning="The last check was answered well. A few more in a row, and the gateway counts as up.",
            fix="",
            who=None,
        )
    return Problem(
        **known,
        tone="fail" if health.state == HealthState.DOWN else "warn",
        title=cause.title,
        meaning=cause.meaning,
        fix=cause.fix,
        who=cause.who,
        message=_message(gateways, cause, answer) if cause.who == "carrier" else "",
    )


def _message(gateways: Sequence[Gateway], cause: Cause, answer: str) -> str:
    targets = {visible_target(each.health.cause, each.health.target): None for each in gateways}
    return carrier_message(
        [each.uri for each in gateways],
        cause=cause,
        answer=answer,
        targets=[target for target in targets if target],
        sources=settings.SIP_SOURCE_ADDRESSES,
        since=min(each.health.since for each in gateways),
    )


def _tried_first(gateways: Sequence[Gateway]) -> Gateway | None:
    """Return the gateway that a call would use first; they come in the order in which they are tried."""
    return next((each for each in gateways if each.is_enabled), gateways[0] if gateways else None)


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1000
