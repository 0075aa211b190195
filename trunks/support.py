"""What support reads of a trunk, the true causes included, and how it finds one. Call these in a context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.uri import SipUri, SipUriError
from trunks.enums import HealthState
from trunks.headlines import Headline
from trunks.models import Gateway, GatewayHealth, Trunk
from trunks.queries import gateways_of, headline_of, trunks_of, worst_gateways
from trunks.wording import answer_line

WHO = {
    "you": "On the customer's side",
    "carrier": "On the carrier's side",
    "callsphere": "On our side",
    None: "Nobody has to act",
}
_DEFAULT_PORTS = (5060, 5061)  # RFC 3261 §19.1.2


@dataclass(frozen=True, slots=True)
class Problem:
    """A cause, and the gateways that are in trouble because of it."""

    cause: Cause
    uris: tuple[str, ...]

    @property
    def who(self) -> str:
        """Whose side it is on."""
        return WHO[self.cause.who]


def headline_with_time(headline: Headline) -> str:
    """Write a headline with the moment it began: "Down since 2026-01-31 10:42:00 UTC · no answer from …"."""
    began = f" since {headline.since:%Y-%m-%d %H:%M:%S} UTC" if headline.since else ""
    detail = f" · {headline.detail}" if headline.detail else ""
    return f"{headline.label}{began}{detail}"


def state_of(trunk: Trunk) -> str:
    """Say a trunk's state in words, with the time since when."""
    return headline_with_time(headline_of(trunks_of(trunk.tenant).get(pk=trunk.pk)))


def problems_of(trunk: Trunk) -> Iterator[Problem]:
    """Yield what is wrong with a trunk's gateways, each cause once, the worst first."""
    uris: dict[str, list[str]] = {}
    for gateway in worst_gateways(list(gateways_of(trunk))):
        uris.setdefault(gateway.health.cause, []).append(gateway.uri)
    for code, concerned in uris.items():
        if code in CAUSES:
            yield Problem(CAUSES[code], tuple(concerned))


def last_answer(health: GatewayHealth) -> str:
    """Say what the last check of a gateway met with, and where."""
    if health.checked_at is None:
        return "not looked at yet"
    known = CAUSES.get(health.cause)
    said = answer_line(health.status, health.reason) if health.status else known and known.title
    detail = f" ({health.detail})" if health.detail and not health.status else ""
    where = f" from {health.target}" if health.status else f", tried {health.target or 'no address'}"
    return f"{said or health.cause}{detail}{where}"


def worst_first() -> Case:
    """Return what orders trunks: those that do not answer, in trouble, the others, and the paused last.

    The database answers each of these questions for all trunks in one pass over the gateways.
    """
    answers = _has_gateway(HealthState.UP, HealthState.IMPAIRED)
    return Case(
        When(is_enabled=False, then=3),
        When(_has_gateway(HealthState.DOWN) & ~answers, then=0),
        When(_has_gateway(HealthState.DOWN, HealthState.IMPAIRED), then=1),
        default=2,
    )


def _has_gateway(*states: HealthState) -> Exists:
    healths = GatewayHealth.objects.filter(gateway__trunk=OuterRef("pk"), gateway__is_enabled=True)
    return Exists(healths.filter(state__in=states))


def gateways_at(text: str) -> QuerySet[Gateway] | None:
    """Return the gateways at what a customer pasted: a URI, host:port or a port; None for anything else."""
    pasted = text.strip().strip("<>")
    if pasted.isascii() and pasted.isdigit() and len(pasted) <= 5:
        return Gateway.objects.filter(port=int(pasted))
    is_uri = pasted.lower().startswith(("sip:", "sips:"))
    try:
        uri = SipUri.parse(pasted if is_uri else f"sip:{pasted}")
    except SipUriError:
        return None
    found = Gateway.objects.filter(host__iexact=uri.host)
    if uri.port is None:
        return found
    said_by_default = Q(port=None) if uri.port in _DEFAULT_PORTS else Q()
    return found.filter(Q(port=uri.port) | said_by_default)
