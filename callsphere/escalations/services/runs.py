"""Starting an escalation, once for each trigger, and canceling it."""

from __future__ import annotations

import uuid
from functools import partial

from django.db import transaction

from callsphere.calls.models import Call
from callsphere.calls.parties import caller_number as number_of_caller
from callsphere.celery import wake
from callsphere.escalations import incidents
from callsphere.escalations.accepting import QUEUE, TASK
from callsphere.escalations.asking import ask_tier
from callsphere.escalations.enums import OPEN_STATES, AskState, RunState, StepKind
from callsphere.escalations.locking import lock_run
from callsphere.escalations.models import Escalation, EscalationAsk, EscalationPolicy, TierPerson
from callsphere.escalations.models.runs import LONGEST_SUMMARY
from callsphere.escalations.steps import note
from callsphere.escalations.telling import tell_asked
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import insert, lock_tenant
from trunks.enums import NumberState

LONGEST_NAME = 254
_FIELDS = ("policy_name", "caller_number", "tier_s")


def start_escalation(
    *,
    tenant: Tenant,
    actor: Actor,
    policy: EscalationPolicy,
    summary: str,
    call: Call | None = None,
    caller_number: str = "",
    key: str = "",
) -> Escalation:
    """Ask the people of a policy for help, the first tier at once: a call and a text each.

    The same `key` again returns the run that it started; without one it is the call's, if there is one.
    `caller_number` (E.164) is the call's where it is left out. Raises Refused when the policy's number is not
    active, or nobody is in it, and ValidationError by field.
    """
    key = key or (f"call:{call.pk}" if call else str(uuid.uuid4()))
    with transaction.atomic():
        lock_tenant(tenant)  # two with one key: the second finds what the first started
        started = Escalation.objects.filter(tenant=tenant, key=key).first()
        if started is not None:
            return started
        policy = EscalationPolicy.objects.select_related("phone_number").get(tenant=tenant, pk=policy.pk)
        _check_ready(policy)
        run = _insert(tenant, actor, policy, summary, call, caller_number, key)
        note(
            run, StepKind.STARTED, f"{run.requested_by or 'Somebody'} started {policy.name}.", run.created_at
        )
        _copy_people(run, policy)
        ask_tier(run, 1, run.created_at)
    return run


def cancel_escalation(*, tenant: Tenant, actor: Actor, escalation: Escalation) -> Escalation:
    """Ask nobody any more; who was asked is told. Raises Refused when somebody has it, or it is canceled."""
    with transaction.atomic():
        run = lock_run(escalation.pk)
        if run.state not in OPEN_STATES:
            who = f"{run.accepted_name} has taken it." if run.accepted_name else "It is canceled already."
            raise Refused(who, code="escalation_over")
        now = database_now()
        run.state, run.tier_until, run.due_at, run.ended_at = RunState.CANCELED, None, now, now
        run.save(update_fields=["state", "tier_until", "due_at", "ended_at"])
        note(run, StepKind.CANCELED, f"{actor.label} canceled it.", now)
        tell_asked(run, now)
        incidents.tell_canceled(run, now)
        record_event(tenant=tenant, actor=actor, verb="escalation.canceled", obj=run)
        transaction.on_commit(partial(wake, TASK, QUEUE))
    return run


def is_ready(policy: EscalationPolicy) -> bool:
    """Say whether an escalation of this policy can start."""
    number = policy.phone_number
    is_active = number is not None and number.state == NumberState.ACTIVE
    return is_active and TierPerson.objects.filter(tier__policy=policy).exists()


def _check_ready(policy: EscalationPolicy) -> None:
    if not is_ready(policy):
        words = f"{policy.name} cannot start: choose an active number for it, and people to ask."
        raise Refused(words, code="policy_not_ready")


def _insert(
    tenant: Tenant,
    actor: Actor,
    policy: EscalationPolicy,
    summary: str,
    call: Call | None,
    caller_number: str,
    key: str,
) -> Escalation:
    now = database_now()
    run = Escalation(
        tenant=tenant,
        created_at=now,
        policy=policy,
        policy_name=policy.name,
        phone_number=policy.phone_number,
        call=call,
        caller_number=caller_number or (number_of_caller(call) if call else ""),
        summary=" ".join(summary.split())[:LONGEST_SUMMARY],
        requested_by=actor.label[:LONGEST_NAME],
        key=key,
        tier_s=policy.tier_s,
        takes_voicemail=policy.takes_voicemail,
        tier=1,
        tier_until=now,
        due_at=now,
    )
    return insert(run, tenant=tenant, actor=actor, verb="escalation.started", fields=_FIELDS)


def _copy_people(run: Escalation, policy: EscalationPolicy) -> None:
    rows = TierPerson.objects.filter(tier__policy=policy).select_related("tier", "person")
    EscalationAsk.objects.bulk_create(
        EscalationAsk(
            tenant=run.tenant,
            escalation=run,
            tier=row.tier.position,
            position=row.position,
            person=row.person,
            name=row.person.name,
            number=row.person.number,
            takes_texts=row.person.takes_texts,
            state=AskState.PLANNED,
        )
        for row in rows
    )
