"""Reading trunks, the state they are in, and what happened to them. Call these inside a context.

Every function takes a fixed number of queries, however many trunks and gateways there are.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Lower, Now
from django.utils import timezone

from tenants.models import Tenant
from trunks.enums import Authentication, Direction, HealthState, RegistrationState
from trunks.headlines import (
    GAPS,
    NO_CREDENTIAL,
    NO_NETWORK,
    NO_REGISTRATION,
    PASSWORD_CLEARED,
    UNREGISTERED,
    Gap,
    Headline,
    Tally,
    gateway_headline,
    trunk_headline,
    unchecked_headline,
    verdict,
)
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
    Gateway,
    GatewayHealth,
    ProbeAnswer,
    RegistrationChange,
    RegistrationStatus,
    StatusChange,
    Trunk,
)
from trunks.overdue import KNOWN, OVERDUE_AFTER, unchecked_since

PAGE_SIZE = 50
# How often a trunk and its gateways are read until no answer comes between.
_MOMENTS = 5
# Longer than a probe waits at most, and the worker's tick.
LATE_AFTER = timedelta(seconds=20)
_ENABLED = Q(gateways__is_enabled=True)
_IN_TROUBLE = (HealthState.DOWN, HealthState.IMPAIRED)
# The order in which a list shows states: what needs somebody comes first.
_UNREADY = 2
_URGENCY = {
    HealthState.DOWN: 0,
    HealthState.IMPAIRED: 1,
    HealthState.UNKNOWN: 3,
    HealthState.UP: 4,
    HealthState.PAUSED: 5,
}
# Calls come in on these trunks only from networks on a list; those work only with a user name and a password.
_NEEDS_NETWORK = Q(authentication__contains=[Authentication.IP_ALLOWLIST]) & ~Q(direction=Direction.OUTBOUND)
_REGISTERS = Q(authentication__contains=[Authentication.REGISTRATION])
_NEEDS_CREDENTIAL = Q(authentication__contains=[Authentication.DIGEST])
_MAY_NEED_CREDENTIAL = Q(authentication__overlap=[Authentication.DIGEST, Authentication.REGISTRATION])


def trunks_of(tenant: Tenant) -> QuerySet[Any, Any]:
    """Return a tenant's trunks, the worst first, each with its state worked out of its gateways'.

    Annotations: those of `with_state`.
    """
    trunks = with_state(Trunk.objects.filter(tenant=tenant)).annotate(sort_name=Lower("name"))
    return trunks.order_by("urgency", "sort_name", "id")


def with_state(trunks: QuerySet[Trunk]) -> QuerySet[Any, Any]:
    """Add to trunks what their gateways' health says of them, and what is missing before calls run.

    Annotations: `gateway_count`, `enabled_count`, `up_count`, `impaired_count`, `down_count`; `state` (a
    HealthState), `state_since`, `urgency` (0 is the worst), `down_causes`, `impaired_statuses`, `checked_at`;
    `unchecked_since` (the last check of a gateway whose next is overdue, null while none is);
    those of `_with_lacks` and `gap_code`, which names the first of them (see `headlines.GAPS`).
    The rule is that of `headlines.trunk_state`; here the database applies it, to sort and to filter.
    """
    counted = _with_lacks(trunks).annotate(
        gateway_count=Count("gateways"),
        enabled_count=Count("gateways", filter=_ENABLED),
        up_count=_count(HealthState.UP),
        impaired_count=_count(HealthState.IMPAIRED),
        down_count=_count(HealthState.DOWN),
        checked_count=_count(*KNOWN),
        answering_count=_count(HealthState.UP, HealthState.IMPAIRED),
        down_causes=ArrayAgg(
            "gateways__health__cause", filter=_in_state(HealthState.DOWN), distinct=True, default=Value([])
        ),
        impaired_statuses=ArrayAgg(
            "gateways__health__status",
            filter=_in_state(HealthState.IMPAIRED) & Q(gateways__health__status__isnull=False),
            distinct=True,
            default=Value([]),
        ),
        checked_at=Max("gateways__health__checked_at", filter=_ENABLED),
        unchecked_since=Min(
            "gateways__health__checked_at",
            filter=_in_state(*KNOWN) & Q(gateways__health__next_probe_at__lt=Now() - OVERDUE_AFTER),
        ),
        up_since=Max("gateways__health__since", filter=_in_state(HealthState.UP)),
        down_since=Max("gateways__health__since", filter=_in_state(HealthState.DOWN)),
        asked_at=Max("gateways__health__since", filter=_in_state(HealthState.UNKNOWN)),
        trouble_since=Min("gateways__health__since", filter=_in_state(*_IN_TROUBLE)),
    )
    return counted.annotate(
        state=_by_state({state: Value(state) for state in _URGENCY}),
        state_since=_by_state(
            {
                HealthState.UP: F("up_since"),
                HealthState.DOWN: F("down_since"),
                HealthState.IMPAIRED: F("trouble_since"),
            }
        ),
        urgency=_by_state(
            {
                **{state: Value(rank) for state, rank in _URGENCY.items()},
                HealthState.UP: Case(
                    When(gap_code="", then=Value(_URGENCY[HealthState.UP])), default=Value(_UNREADY)
                ),
            }
        ),
    )


def _with_lacks(trunks: QuerySet[Trunk]) -> QuerySet[Any, Any]:
    """Add whether a trunk lacks something that calls need, as `gap_code`, and `registration_state`.

    `registration_state` is one of the states without a binding, "registered" with one, and NULL for a trunk
    that registers nowhere.
    """
    networks = Exists(AllowedNetwork.objects.filter(trunk=OuterRef("pk")))
    credentials = DigestCredential.objects.filter(trunk=OuterRef("pk"))
    registration_state = RegistrationStatus.objects.filter(registration__trunk=OuterRef("pk"))
    lacking = trunks.annotate(
        registration_state=Subquery(registration_state.values(told=_unregistered())[:1]),
        lacks_network=_NEEDS_NETWORK & ~networks,
        lacks_credential=_NEEDS_CREDENTIAL & ~Exists(credentials),
        lacks_password=_MAY_NEED_CREDENTIAL & Exists(credentials.filter(secret=None)),
    )
    return lacking.annotate(
        gap_code=Case(
            When(lacks_network=True, then=Value(NO_NETWORK.code)),
            When(lacks_credential=True, then=Value(NO_CREDENTIAL.code)),
            When(lacks_password=True, then=Value(PASSWORD_CLEARED.code)),
            When(_REGISTERS & Q(registration_state=None), then=Value(NO_REGISTRATION.code)),
            *(
                When(_REGISTERS & Q(registration_state=state), then=Value(gap.code))
                for state, gap in UNREGISTERED.items()
            ),
            default=Value(""),
        )
    )


def _unregistered() -> Case:
    """The state of a registration by the rule of `bindings.wording.told_state`, here for the database."""
    return Case(
        When(Q(registration__is_paused=True) | Q(removing=True), then=Value(RegistrationState.PAUSED)),
        When(expires_at__gt=Now(), then=Value(RegistrationState.REGISTERED)),
        When(
            state__in=(RegistrationState.REGISTERED, RegistrationState.REFRESHING),
            then=Value(RegistrationState.EXPIRED),
        ),
        default=F("state"),
    )


def _in_state(*states: HealthState) -> Q:
    return _ENABLED & Q(gateways__health__state__in=states)


def _count(*states: HealthState) -> Count:
    return Count("gateways", filter=_in_state(*states))


def _by_state(values: dict[HealthState, Any]) -> Case:
    """Choose a value by the rule of `headlines.trunk_state`; NULL for states that have none.

    Django writes every count out wherever it is named, so the rule names few of them.
    """
    none = Value(None)
    return Case(
        When(
            Q(is_enabled=False) | Q(gateway_count__gt=0, enabled_count=0),
            then=values.get(HealthState.PAUSED, none),
        ),
        When(checked_count=0, then=values.get(HealthState.UNKNOWN, none)),
        When(answering_count=0, then=values[HealthState.DOWN]),
        When(up_count__lt=F("checked_count"), then=values[HealthState.IMPAIRED]),
        default=values[HealthState.UP],
    )


def verdict_of(tenant: Tenant) -> tuple[Headline, dict[str, int]]:
    """Answer "is my line working?" for a tenant; return also how many are in which state. One query."""
    found = list(trunks_of(tenant).order_by().values_list("state", "gap_code", "unchecked_since"))
    counts = dict(Counter(state for state, _gap, _unchecked in found))
    unready = Counter(gap for state, gap, _unchecked in found if state == HealthState.UP and gap)
    unchecked = sum(state in KNOWN and since is not None for state, _gap, since in found)
    return verdict(counts, unready=unready, unchecked=unchecked), counts


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a tenant has come on the way to its first green trunk."""

    has_trunk: bool
    has_gateway: bool
    has_answer: bool
    was_up: bool


def progress_of(tenant: Tenant) -> Progress:
    """Return how far a tenant's set-up has come. One query."""
    healths = GatewayHealth.objects.filter(tenant=OuterRef("pk"))
    ups = StatusChange.objects.filter(tenant=OuterRef("pk"), to_state=HealthState.UP)
    found = (
        Tenant.objects.filter(pk=tenant.pk)
        .annotate(
            has_trunk=Exists(Trunk.objects.filter(tenant=OuterRef("pk"))),
            has_gateway=Exists(Gateway.objects.filter(tenant=OuterRef("pk"))),
            has_answer=Exists(healths.filter(status__isnull=False)),
            was_up=Exists(ups),
        )
        .values("has_trunk", "has_gateway", "has_answer", "was_up")
        .get()
    )
    return Progress(**found)


def matching(trunks: QuerySet[Any, Any], *, search: str = "", state: str = "") -> QuerySet[Any, Any]:
    """Narrow trunks to those whose name or a gateway's host contains `search`, and to one state."""
    if search:
        by_host = Gateway.objects.filter(trunk=OuterRef("pk"), host__icontains=search)
        trunks = trunks.filter(Q(name__icontains=search) | Exists(by_host))
    if state:
        trunks = trunks.filter(state=state)
    return trunks


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


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list, and the cursors of the stretches before and after it."""

    rows: list[Any]
    previous: str = ""
    next: str = ""


def page_of(trunks: QuerySet[Any, Any], cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return one page of `trunks_of`, found by its place in the order, not by counting rows.

    `cursor` comes from a page's `previous` or `next`; one that cannot be read means the first page.
    """
    place = _read_cursor(cursor)
    backwards = bool(place and place[0] == "before")
    if place:
        trunks = trunks.filter(_beyond(*place))
    if backwards:
        trunks = trunks.reverse()
    rows = list(trunks[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_previous = has_more if backwards else place is not None
    has_next = True if backwards else has_more
    return Page(
        rows,
        previous=_cursor("before", rows[0]) if has_previous else "",
        next=_cursor("after", rows[-1]) if has_next else "",
    )


def _beyond(side: str, urgency: int, name: str, trunk_id: uuid.UUID) -> Q:
    step = "gt" if side == "after" else "lt"
    return (
        Q(**{f"urgency__{step}": urgency})
        | Q(urgency=urgency, **{f"sort_name__{step}": name})
        | Q(urgency=urgency, sort_name=name, **{f"id__{step}": trunk_id})
    )


def _cursor(side: str, trunk: Any) -> str:
    place = json.dumps([side, trunk.urgency, trunk.sort_name, str(trunk.pk)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, int, str, uuid.UUID] | None:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        side, urgency, name, trunk_id = json.loads(base64.urlsafe_b64decode(padded))
        if side in ("before", "after") and isinstance(urgency, int) and isinstance(name, str):
            return side, urgency, name.replace("\0", ""), uuid.UUID(trunk_id)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        pass
    return None


def gateways_of(trunk: Trunk) -> QuerySet[Gateway]:
    """Return a trunk's gateways in the order they are tried, with their health."""
    return Gateway.objects.filter(trunk=trunk).select_related("health")


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
            gateway__trunk__in=trunks, gateway__is_enabled=True, state__in=_IN_TROUBLE
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


def changes_of(tenant: Tenant) -> QuerySet[StatusChange]:
    """Return the changes of state of all of a tenant's gateways, the newest first."""
    return StatusChange.objects.filter(tenant=tenant).select_related("trunk", "gateway")


def changes_before(
    changes: QuerySet[StatusChange], place: tuple[datetime, uuid.UUID] | None
) -> QuerySet[StatusChange]:
    """Return the changes that are older than a place in the history; all of them for None."""
    if place is None:
        return changes
    at, change_id = place
    return changes.filter(Q(at__lt=at) | Q(at=at, id__lt=change_id))


def place_of(change: StatusChange | RegistrationChange) -> str:
    """Write a change's place in the history, for the address of the next page."""
    return f"{change.at:%Y%m%dT%H%M%S.%fZ}_{change.pk}"


def read_place(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Read what `place_of` wrote; None for anything else."""
    moment, _, change_id = text.partition("_")
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
        return at, uuid.UUID(change_id)
    except ValueError:
        return None


def latest_answers(gateways: Sequence[Gateway], limit: int) -> list[ProbeAnswer]:
    """Return what these gateways last answered, the newest first."""
    answers = ProbeAnswer.objects.filter(gateway__in=gateways).select_related("gateway")
    return list(answers.order_by("-at")[:limit])
