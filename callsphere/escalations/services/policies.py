"""Escalation policies: made, changed, deleted. Escalations that have started keep what they copied."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from agents.models import Agent
from callsphere.escalations.models import (
    EscalationAgent,
    EscalationPolicy,
    EscalationTier,
    OnCallPerson,
    TierPerson,
)
from callsphere.outbound.queries import numbers_to_call_from
from tenants.audit import Actor, record_event, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    one_line,
    remove,
    save_edit,
)
from trunks.models import PhoneNumber

POLICIES_PER_TENANT = 50
MOST_TIERS, MOST_IN_TIER = 5, 10
FIELDS = ("name", "phone_number", "tier_s", "takes_voicemail")
EDITABLE = ("name", "phone_number_id", "tier_s", "takes_voicemail", "tiers", "agent_ids")
name_fields_of_constraints(
    {"escalation_policy_name_once": "name", "escalation_policy_tier_s": "tier_s"},
)
Tiers = Sequence[Sequence[uuid.UUID]]


def create_policy(*, tenant: Tenant, actor: Actor, **fields: Any) -> EscalationPolicy:
    """Make a policy. `tiers` are ids of people, in the order in which they are asked.

    Raises ValidationError by field, and LimitReached.
    """
    check_names(fields, EDITABLE)
    policy, wrong = EscalationPolicy(tenant=tenant), FieldErrors()
    who: dict[str, Any] = {"tenant": tenant, "actor": actor}
    with transaction.atomic():
        rows = EscalationPolicy.objects.filter(tenant=lock_tenant(tenant))
        check_room(rows, POLICIES_PER_TENANT, f"You have {POLICIES_PER_TENANT} of them. Delete one first.")
        chosen = _apply(policy, fields, wrong)
        insert(policy, **who, verb="escalation_policy.created", fields=FIELDS, wrong=wrong)
        changes = _choose(policy, chosen)
        if changes:
            record_event(obj=policy, changes=changes, verb="escalation_policy.updated", **who)
    return policy


def edit_policy(
    *,
    tenant: Tenant,
    actor: Actor,
    policy: EscalationPolicy,
    expected_version: int | None,
    **changes: Any,
) -> EscalationPolicy:
    """Change a policy, for escalations that start from now on; return it as stored.

    Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, EDITABLE)
    who: dict[str, Any] = {"tenant": tenant, "actor": actor, "verb": "escalation_policy.updated"}
    with transaction.atomic():
        row = locked(EscalationPolicy, tenant, policy.pk)
        plain = {name: value for name, value in changes.items() if name not in ("tiers", "agent_ids")}
        check_version(row, expected_version, plain)
        before, wrong = snapshot(row, FIELDS), FieldErrors()
        chosen = _apply(row, changes, wrong)
        is_stored = save_edit(row, before, wrong=wrong, **who)
        changed = _choose(row, chosen)
        if changed:
            row.version += 0 if is_stored else 1
            row.save(update_fields=["version", "updated_at"])
            record_event(obj=row, changes=changed, **who)
    return row


def delete_policy(
    *, tenant: Tenant, actor: Actor, policy: EscalationPolicy, expected_version: int | None = None
) -> None:
    """Delete a policy; escalations that it started go on. Raises VersionConflict, and Refused when gone."""
    with transaction.atomic():
        row = locked(EscalationPolicy, tenant, policy.pk)
        check_version(row, expected_version, {})
        remove(row, tenant=tenant, actor=actor, verb="escalation_policy.deleted", fields=FIELDS)


def _apply(policy: EscalationPolicy, changes: dict[str, Any], wrong: FieldErrors) -> dict[str, Any]:
    """Set the plain fields, and return the people and agents that were chosen."""
    chosen: dict[str, Any] = {}
    for name, value in changes.items():
        with wrong.gathered():
            if name == "tiers":
                chosen["tiers"] = _find_people(policy.tenant, value)
            elif name == "agent_ids":
                chosen["agents"] = _find_agents(policy, value)
            elif name == "phone_number_id":
                policy.phone_number = _find_number(policy.tenant, value)
            else:
                setattr(policy, name, one_line(name, value) if name == "name" else value)
    return chosen


def _find_number(tenant: Tenant, pk: uuid.UUID) -> PhoneNumber:
    number = numbers_to_call_from(tenant).filter(pk=pk).first()
    if number is None:
        words = "Choose one of your numbers that is active and takes calls."
        raise field_error("phone_number_id", words, "not_active")
    return number


def _find_people(tenant: Tenant, tiers: Tiers) -> list[list[OnCallPerson]]:
    if not tiers or not all(tiers):
        raise field_error("tiers", "Name at least one tier, and somebody in each.", "required")
    if len(tiers) > MOST_TIERS or max(map(len, tiers)) > MOST_IN_TIER:
        words = f"At most {MOST_TIERS} tiers of {MOST_IN_TIER} people."
        raise field_error("tiers", words, "max_length")
    wanted = {pk for tier in tiers for pk in tier}
    # locked, so that none of them is removed meanwhile
    rows = OnCallPerson.objects.filter(tenant=tenant, pk__in=wanted).select_for_update(no_key=True)
    found = {person.pk: person for person in rows.order_by("id")}
    if len(found) < len(wanted):
        raise field_error("tiers", "There is no such person on call.", "does_not_exist")
    if any(len(set(tier)) < len(tier) for tier in tiers):
        raise field_error("tiers", "Nobody is twice in a tier.", "invalid")
    return [[found[pk] for pk in tier] for tier in tiers]


def _find_agents(policy: EscalationPolicy, ids: Sequence[uuid.UUID]) -> list[Agent]:
    agents = list(Agent.objects.filter(tenant=policy.tenant, pk__in=ids, deleted_at=None).order_by("name"))
    if len(agents) < len(set(ids)):
        raise field_error("agent_ids", "There is no such agent.", "does_not_exist")
    others = EscalationAgent.objects.filter(tenant=policy.tenant, agent__in=agents).exclude(policy=policy.pk)
    taken = others.select_related("policy", "agent").first()
    if taken is not None:
        words = f"{taken.agent.name} is served by {taken.policy.name}: take it out there first."
        raise field_error("agent_ids", words, "unique")
    return agents


def _choose(policy: EscalationPolicy, chosen: dict[str, Any]) -> dict[str, list[Any]]:
    """Store who is asked and which agents are served; return what changed, for the audit log."""
    changes: dict[str, list[Any]] = {}
    if "tiers" in chosen:
        before, after = _names(policy), [[person.name for person in tier] for tier in chosen["tiers"]]
        if _ids(policy) != [[person.pk for person in tier] for tier in chosen["tiers"]]:
            _store_tiers(policy, chosen["tiers"])
            changes["tiers"] = [before, after]
    if "agents" in chosen:
        served = list(policy.agents.order_by("agent__name").values_list("agent__name", flat=True))
        names = [agent.name for agent in chosen["agents"]]
        if served != names:
            _store_agents(policy, chosen["agents"])
            changes["agents"] = [served, names]
    return changes


def _ids(policy: EscalationPolicy) -> list[list[uuid.UUID]]:
    tiers = policy.tiers.prefetch_related("people")
    return [[each.person_id for each in tier.people.all()] for tier in tiers]


def _names(policy: EscalationPolicy) -> list[list[str]]:
    tiers = policy.tiers.prefetch_related("people__person")
    return [[each.person.name for each in tier.people.all()] for tier in tiers]


def _store_tiers(policy: EscalationPolicy, tiers: list[list[OnCallPerson]]) -> None:
    policy.tiers.all().delete()
    who: dict[str, Any] = {"tenant": policy.tenant}
    for position, people in enumerate(tiers, 1):
        tier = EscalationTier.objects.create(**who, policy=policy, position=position)
        TierPerson.objects.bulk_create(
            TierPerson(**who, tier=tier, person=person, position=place)
            for place, person in enumerate(people, 1)
        )


def _store_agents(policy: EscalationPolicy, agents: list[Agent]) -> None:
    policy.agents.all().delete()
    EscalationAgent.objects.bulk_create(
        EscalationAgent(tenant=policy.tenant, policy=policy, agent=agent) for agent in agents
    )
