"""Reading who is on call, and escalations. Call these inside the tenant's context."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from callsphere.escalations.models import Escalation, EscalationAgent, EscalationPolicy, OnCallPerson
from tenants.models import Tenant


def people_of(tenant: Tenant) -> QuerySet[OnCallPerson]:
    """Return the people on call, the newest first."""
    return OnCallPerson.objects.filter(tenant=tenant)


def policies_of(tenant: Tenant) -> QuerySet[EscalationPolicy]:
    """Return the policies with their tiers, the newest first."""
    rows = EscalationPolicy.objects.filter(tenant=tenant).select_related("phone_number")
    return rows.prefetch_related("tiers__people__person", "agents__agent")


def policy_for(tenant: Tenant, agent_id: uuid.UUID) -> EscalationPolicy | None:
    """Return the policy that serves an agent."""
    found = EscalationAgent.objects.filter(tenant=tenant, agent=agent_id).select_related("policy").first()
    return found.policy if found else None


def escalations_of(tenant: Tenant) -> QuerySet[Escalation]:
    """Return escalations, the newest first."""
    return Escalation.objects.filter(tenant=tenant)
