"""Calls of checks whose worker died: claimed by whoever finds them, and ended with CANCEL or BYE."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from callsphere.sip.agent import placed
from callsphere.sip.agent.ending import end_call
from callsphere.sip.agent.exchange import NoFinalAnswer
from callsphere.sip.agent.flow import FlowFailed
from callsphere.sip.check.plan import Plan
from callsphere.sip.digest import Authenticator, Credentials, Refusal
from callsphere.sip.resolver import Target
from callsphere.sip.trace import Trace
from callsphere.sip.transport.profile import TlsProfile
from callsphere.sip.transport.tls import TlsFailure
from callsphere.sip.uri import SipUri, SipUriError, Transport
from tenants.context import platform_context
from trunks.checks.checking import account_of
from trunks.checks.dialog_calls import dialog_lost, dialogs_over
from trunks.engines import address_policy
from trunks.enums import PlacedCallState
from trunks.models import PlacedCall
from trunks.models.checks import OPEN_STATES
from trunks.storable import without_nul
from trunks.tls_profiles import choices_at, profiles_of, trust_of

ATTEMPTS = 4
ANSWER_S = 4.0
"""How long an answer to CANCEL or BYE is waited for."""
LEASE_S = 3 * ANSWER_S
"""Longer than a CANCEL and a BYE with credentials may take."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OrphanClaim:
    """A call lent to this worker, to end it. `attempt` proves it."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    attempt: int
    call: placed.PlacedCall
    credentials: Credentials | None = field(repr=False)
    tls: TlsProfile | None = None


def claim_orphans(now: datetime, limit: int = 100) -> list[OrphanClaim]:
    """Lend calls that are open although their check is not running; give up those that were tried enough."""
    with platform_context("find calls left behind"):
        open_ones = PlacedCall.objects.filter(~Q(state=PlacedCallState.ENDED), next_attempt_at__lte=now)
        rows = list(
            open_ones.exclude(readiness_check__state__in=OPEN_STATES)
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("readiness_check")
            .order_by("next_attempt_at")[:limit]
        )
        claims = []
        for row in rows:
            if row.attempts >= ATTEMPTS:
                _give_up(row, now)
                continue
            row.attempts += 1
            row.next_attempt_at = now + timedelta(seconds=LEASE_S)
            row.save(update_fields=["attempts", "next_attempt_at"])
            claims.append(claim_of(row))
    return claims


def _give_up(row: PlacedCall, now: datetime) -> None:
    row.state, row.outcome = PlacedCallState.ENDED, row.outcome or "Nobody answered."
    row.save(update_fields=["state", "outcome"])
    log.warning("orphaned_call_given_up", call_id=row.call_id, outcome=row.outcome)
    dialog_lost(row.tenant_id, row.call_id, row.outcome, now)


def claim_of(row: PlacedCall) -> OrphanClaim:
    """Return what is needed to end a call, with its check loaded."""
    target = Target(row.address, row.port, cast(Transport, row.transport), row.server_name)
    call = placed.PlacedCall(
        state=cast(placed.CallState, row.state),
        target=target,
        call_id=row.call_id,
        request_uri=row.request_uri,
        via=row.via,
        local=row.local,
        remote=row.remote,
        contact=row.contact,
        cseq=row.cseq,
        remote_target=row.remote_target,
        record_route=tuple(row.record_route),
    )
    place = row.readiness_check.trunk_id, row.request_uri
    choice = choices_at([place]).get(place)
    profile = profiles_of([choice]).get(choice) if choice is not None else None
    return OrphanClaim(row.pk, row.tenant_id, row.attempts, call, _credentials(row), profile)


def _credentials(row: PlacedCall) -> Credentials | None:
    try:
        host = SipUri.parse(row.request_uri).host
    except SipUriError:
        return None
    return account_of(row.readiness_check).credentials_at(host)


def store_outcome(claim: OrphanClaim, outcome: str, *, ended: bool) -> None:
    """Store what became of an attempt, unless somebody else has taken the call over."""
    values: dict[str, object] = {"outcome": without_nul(outcome)[:255]}
    if ended:
        values["state"] = PlacedCallState.ENDED
    with platform_context("store the end of a call left behind"):
        own = PlacedCall.objects.filter(pk=claim.id, attempts=claim.attempt)
        if own.update(**values) and ended:
            dialogs_over(claim.tenant_id, [claim.call.call_id], timezone.now())


async def end_orphan(claim: OrphanClaim) -> tuple[str, bool]:
    """Talk to the peer; return what came of it in words, and whether the call is over."""
    try:
        agent = _plan(claim).agent(Trace(time.monotonic()))
    except TlsFailure as failure:
        return f"{failure.cause}: {failure.detail}", False
    try:
        came = await end_call(agent, claim.call, Authenticator(claim.credentials), timeout=ANSWER_S)
    except (FlowFailed, NoFinalAnswer, Refusal) as error:
        log.warning("orphaned_call_not_ended", call_id=claim.call.call_id, cause=error.cause)
        return f"{error.cause}: {error.detail}", False
    finally:
        agent.close()
    event = "orphaned_call_ended" if came.is_over else "orphaned_call_not_ended"
    log.info(event, call_id=claim.call.call_id, said=came.said)
    return came.said, came.is_over


def _plan(claim: OrphanClaim) -> Plan:
    return Plan(
        uri=claim.call.request_uri,
        credentials=claim.credentials,
        policy=address_policy(),
        nameservers=settings.SIP_NAMESERVERS or None,
        trust=trust_of(claim.tls),
        advertised_host=settings.SIP_ADVERTISED_HOST or None,
    )
