"""Trunks with the state they are in, worked out of their gateways'. Call these inside a context."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
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
from django.db.models.functions import Greatest, Lower, Now

from tenants.models import Tenant
from trunks.enums import (
    Authentication,
    CheckState,
    Direction,
    HealthState,
    ProvisionState,
    RegistrationState,
)
from trunks.headlines import (
    NO_AUTHENTICATION,
    NO_CREDENTIAL,
    NO_NETWORK,
    NO_REGISTRATION,
    PASSWORD_CLEARED,
    PASSWORD_REJECTED,
    UNREGISTERED,
    Headline,
    verdict,
)
from trunks.models import (
    AllowedNetwork,
    DigestCredential,
    Gateway,
    GatewayHealth,
    ReadinessCheck,
    RegistrationStatus,
    StatusChange,
    Trunk,
    TrunkProvision,
)
from trunks.models.health import JITTER, SLOW_INTERVAL_S
from trunks.overdue import KNOWN, OVERDUE_AFTER

_ENABLED = Q(gateways__is_enabled=True)
# The order in which a list shows states: what needs somebody comes first.
_UNREADY = 2
_URGENCY = {
    HealthState.DOWN: 0,
    HealthState.IMPAIRED: 1,
    HealthState.UNKNOWN: 3,
    HealthState.UP: 4,
    HealthState.PAUSED: 5,
}
# Nothing says who may call in on these trunks; on those, only networks on a list may; others work only with a
# user name and a password.
_NEEDS_AUTHENTICATION = Q(authentication=[]) & ~Q(direction=Direction.OUTBOUND)
_NEEDS_NETWORK = Q(authentication__contains=[Authentication.IP_ALLOWLIST]) & ~Q(direction=Direction.OUTBOUND)
_REGISTERS = Q(authentication__contains=[Authentication.REGISTRATION])
_NEEDS_CREDENTIAL = Q(authentication__contains=[Authentication.DIGEST])
_MAY_NEED_CREDENTIAL = Q(authentication__overlap=[Authentication.DIGEST, Authentication.REGISTRATION])


# The rule of `trunks.overdue.unchecked_since`.
_LONGEST_BETWEEN = ExpressionWrapper(
    Greatest(F("health_policy__interval_s"), Value(SLOW_INTERVAL_S)) * Value(timedelta(seconds=1 + JITTER)),
    output_field=DurationField(),
)
_IS_OVERDUE = Q(gateways__health__next_probe_at__isnull=False) & (
    Q(gateways__health__next_probe_at__lt=Now() - OVERDUE_AFTER)
    | Q(gateways__health__checked_at__lt=Now() - OVERDUE_AFTER - _LONGEST_BETWEEN)
)


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
    `provision_state` (a ProvisionState, null for a trunk that is not at a provider);
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
            filter=_in_state(*KNOWN) & _IS_OVERDUE,
        ),
        up_since=Max("gateways__health__since", filter=_in_state(HealthState.UP)),
        down_since=Max("gateways__health__since", filter=_in_state(HealthState.DOWN)),
        asked_at=Max("gateways__health__since", filter=_in_state(HealthState.UNKNOWN)),
        trouble_since=Min(
            "gateways__health__since", filter=_in_state(HealthState.DOWN, HealthState.IMPAIRED)
        ),
    )
    return counted.annotate(
        provision_state=Subquery(TrunkProvision.objects.filter(pk=OuterRef("pk")).values("state")),
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
        password_refused=Subquery(_signed_in().values(told=_was_refused())[:1]),
        lacks_network=_NEEDS_NETWORK & ~networks,
        lacks_credential=_NEEDS_CREDENTIAL & ~Exists(credentials),
        lacks_password=_MAY_NEED_CREDENTIAL & Exists(credentials.filter(secret=None)),
    )
    return lacking.annotate(
        gap_code=Case(
            When(_NEEDS_AUTHENTICATION & Q(registration_state=None), then=Value(NO_AUTHENTICATION.code)),
            When(lacks_network=True, then=Value(NO_NETWORK.code)),
            When(lacks_credential=True, then=Value(NO_CREDENTIAL.code)),
            When(lacks_password=True, then=Value(PASSWORD_CLEARED.code)),
            When(_REGISTERS & Q(registration_state=None), then=Value(NO_REGISTRATION.code)),
            # One that is there counts, whether the trunk's settings mention it or not: calls depend on it.
            *(When(registration_state=state, then=Value(gap.code)) for state, gap in UNREGISTERED.items()),
            When(_MAY_NEED_CREDENTIAL & Q(password_refused=True), then=Value(PASSWORD_REJECTED.code)),
            default=Value(""),
        )
    )


def _signed_in() -> QuerySet[ReadinessCheck]:
    """The checks of a trunk that proved who we are, by a call or a registration. The newest first."""
    return ReadinessCheck.objects.filter(
        ~Q(call="") | Q(register=True), trunk=OuterRef("pk"), state=CheckState.FINISHED
    )


def _was_refused() -> ExpressionWrapper:
    """Whether a check found the password wrong, at whichever gateway, and none was changed since."""
    changed = DigestCredential.objects.filter(trunk=OuterRef("trunk"), updated_at__gt=OuterRef("created_at"))
    refused = Q(runs__contains=[{"cause": "credentials_rejected"}])
    return ExpressionWrapper(refused & ~Exists(changed), output_field=BooleanField())


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
    found = list(
        trunks_of(tenant).order_by().values_list("state", "gap_code", "unchecked_since", "provision_state")
    )
    counts = dict(Counter(state for state, *_rest in found))
    ups = [(gap, provision) for state, gap, _unchecked, provision in found if state == HealthState.UP]
    headline = verdict(
        counts,
        unready=Counter(gap for gap, _provision in ups if gap),
        unchecked=sum(state in KNOWN and since is not None for state, _gap, since, _provision in found),
        drifted=sum(provision == ProvisionState.DRIFTED for _gap, provision in ups),
    )
    return headline, counts


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
