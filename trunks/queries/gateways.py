"""Gateways with their health, and what they answered. Call these inside a context."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from trunks.enums import HealthState
from trunks.models import Gateway, GatewayHealth, ProbeAnswer, Trunk

# How often a trunk and its gateways are read until no answer comes between.
_MOMENTS = 5


def gateways_of(trunk: Trunk) -> QuerySet[Gateway]:
    """Return a trunk's gateways in the order they are tried, with their health."""
    return Gateway.objects.filter(trunk=trunk).select_related("health", "trunk__health_policy")


def watched(trunks: QuerySet[Any, Any], trunk_id: uuid.UUID) -> tuple[Any, list[Gateway]] | None:
    """Return one of these trunks, with state, and its gateways with theirs; None if it is not among them.

    The two statements see two moments: they are repeated when an answer was stored in between, so that the
    states of the gateways are those that the trunk's was worked out of.
    """
    for _attempt in range(_MOMENTS):
        trunk = trunks.filter(pk=trunk_id).first()
        if trunk is None:
            return None
        gateways = list(gateways_of(trunk))
        enabled = [each.health.checked_at for each in gateways if each.is_enabled]
        if trunk.checked_at == max(filter(None, enabled), default=None):
            break
    return trunk, gateways


def worst_gateways(gateways: Sequence[Gateway]) -> list[Gateway]:
    """Return the enabled gateways that are in trouble, trunk by trunk, those that do not answer first."""
    rank: dict[str, int] = {HealthState.DOWN: 0, HealthState.IMPAIRED: 1}
    order = {trunk_id: place for place, trunk_id in enumerate(dict.fromkeys(g.trunk_id for g in gateways))}
    troubled = [each for each in gateways if each.is_enabled and each.health.state in rank]
    return sorted(troubled, key=lambda each: (order[each.trunk_id], rank[each.health.state]))


def troubled_gateways(trunks: Sequence[Trunk]) -> list[Gateway]:
    """Return the gateways in trouble of these trunks, in their order, with health and trunk."""
    healths = (
        GatewayHealth.objects.filter(
            gateway__trunk__in=trunks,
            gateway__is_enabled=True,
            state__in=(HealthState.DOWN, HealthState.IMPAIRED),
        )
        .select_related("gateway__trunk")
        .order_by("since")
    )
    place = {trunk.pk: index for index, trunk in enumerate(trunks)}
    found = []
    for health in healths:
        gateway = health.gateway
        gateway.health = health
        found.append(gateway)
    return worst_gateways(sorted(found, key=lambda each: place[each.trunk_id]))


def latest_answers(gateways: Sequence[Gateway], limit: int) -> list[ProbeAnswer]:
    """Return what these gateways last answered, the newest first."""
    answers = ProbeAnswer.objects.filter(gateway__in=gateways).select_related("gateway")
    return list(answers.order_by("-at")[:limit])
