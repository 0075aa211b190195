"""The state of trunks and gateways in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from trunks.headlines import GAPS, Gap, Headline, Tally, gateway_headline, trunk_headline, unchecked_headline
from trunks.models import Gateway
from trunks.overdue import KNOWN, unchecked_since

# Longer than a probe waits at most, and the worker's tick.
LATE_AFTER = timedelta(seconds=20)


def tally_of(trunk: Any) -> Tally:
    """Return the counts of a trunk that comes from `trunks_of`."""
    return Tally(
        total=trunk.gateway_count,
        enabled=trunk.enabled_count,
        up=trunk.up_count,
        impaired=trunk.impaired_count,
        down=trunk.down_count,
    )


def headline_of(trunk: Any) -> Headline:
    """Say the state of a trunk that comes from `trunks_of` in words, or that nobody looks at it."""
    if trunk.unchecked_since and trunk.state in KNOWN:
        return unchecked_headline(trunk.state, since=trunk.unchecked_since)
    return answered_headline_of(trunk)


def answered_headline_of(trunk: Any) -> Headline:
    """Say in words what the last answers made of a trunk that comes from `trunks_of`, however old."""
    return trunk_headline(
        tally_of(trunk),
        is_enabled=trunk.is_enabled,
        since=trunk.state_since,
        causes=trunk.down_causes,
        statuses=trunk.impaired_statuses,
        gap=gap_of(trunk),
        under_way=_is_under_way(trunk.asked_at),
    )


def gap_of(trunk: Any) -> Gap | None:
    """Return what keeps calls from running on a trunk that comes from `trunks_of`, None for nothing."""
    return GAPS.get(trunk.gap_code)


def gateway_headline_of(gateway: Gateway) -> Headline:
    """Say the state of a gateway (with its health selected) in words."""
    health = gateway.health
    since = unchecked_since(health)
    if since:
        return unchecked_headline(health.state, since=since)
    return gateway_headline(
        health.state, since=health.since, status=health.status, under_way=_is_under_way(health.since)
    )


def _is_under_way(asked_at: datetime | None) -> bool:
    """Whether a first check asked for then should still be on its way; later, the checker is late."""
    return asked_at is not None and timezone.now() - asked_at < LATE_AFTER
