"""The way from a new organisation to its first call: plan, number, agent, line, the carrier's answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from agents.models import NumberRoute
from billing.payments import is_configured
from billing.queries import subscription_of
from callsphere.calls.models import Call
from callsphere.providers.twilio.double import is_double
from tenants.access import Capability
from tenants.models import Tenant
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES
from trunks.queries import Progress

CONNECT = "trunks:create"


@dataclass(frozen=True, slots=True)
class _Step:
    """A step: what is to be done, why, where (a URL name), the button's words, and who may."""

    title: str
    detail: str
    url_name: str
    action: str
    capability: Capability
    is_done: bool


def guided_path(tenant: Tenant, capabilities: Collection[str], progress: Progress) -> list[dict[str, Any]]:
    """Return the steps for the `steps` component; none once somebody has arrived. Four queries.

    An agent that answers, and a call in the log, are an arrival, over whichever line; so is a green trunk for
    those who have no number here. The first thing not done that this member may do is the current step, with
    its button. The others that are not done can be reached by their titles: whoever brings a carrier needs no
    number of ours first, and until a trunk is green, what it lacks comes first.
    """
    number, agent_steps, trunk_steps = _number_step(tenant), _agent_steps(tenant), _trunk_steps(progress)
    if all(step.is_done for step in agent_steps) or (progress.was_up and not number.is_done):
        return []
    steps = [*_plan_steps(tenant), number, *agent_steps, *trunk_steps]
    is_under_way = progress.has_trunk and not progress.was_up
    waiting = [step for step in (trunk_steps if is_under_way else steps) if not step.is_done]
    current = next((step for step in waiting if step.capability in capabilities), waiting[0])
    return [_shown(step, step is current, tenant, capabilities) for step in steps]


def _plan_steps(tenant: Tenant) -> list[_Step]:
    if not is_configured():
        return []
    detail = "Free at first, and no card is needed. The plan says how many numbers you get."
    return [
        _Step(
            "Choose a plan",
            detail,
            "billing:choose",
            "See the plans",
            Capability.BILLING_WRITE,
            subscription_of(tenant).is_chosen,
        )
    ]


def _number_step(tenant: Tenant) -> _Step:
    return _Step(
        "Get a phone number",
        "A new one within seconds, or your own once your carrier is connected.",
        "numbers:list",
        "Get a number",
        Capability.TRUNKS_WRITE,
        PhoneNumber.objects.filter(tenant=tenant).exclude(state__in=OVER_STATES).exists(),
    )


def _agent_steps(tenant: Tenant) -> list[_Step]:
    routes = NumberRoute.objects.filter(tenant=tenant, agent__deleted_at=None)
    answered = routes.exclude(phone_number__state__in=OVER_STATES).exclude(pinned=None, agent__published=None)
    can_ring = is_double()
    return [
        _Step(
            "Let an agent answer",
            "Publish an agent, then route your number to it.",
            "agents:list",
            "Go to agents",
            Capability.AGENTS_WRITE,
            answered.exists(),
        ),
        _Step(
            "Make a call",
            "Have somebody call your number." if can_ring else "Dial your number, and watch it come in.",
            "call-log:ring" if can_ring else "call-log:list",
            "Ring it" if can_ring else "Open the log",
            Capability.CALLS_WRITE if can_ring else Capability.CALLS_READ,
            Call.objects.filter(tenant=tenant).exists(),
        ),
    ]


def _trunk_steps(progress: Progress) -> list[_Step]:
    see, may = "See what the carrier answers", Capability.TRUNKS_WRITE
    return [
        _Step(
            "Name your line",
            "Have your carrier's set-up page at hand.",
            CONNECT,
            "",  # the page itself has the button
            may,
            progress.has_trunk,
        ),
        _Step(
            "Enter the carrier's address",
            "Open your trunk and add a gateway.",
            "trunks:list",
            "Open your trunk",
            may,
            progress.has_gateway,
        ),
        _Step(
            "Put our addresses on the carrier's allowlist",
            "Most carriers answer nobody else.",
            "trunks:list",
            see,
            may,
            progress.has_answer,
        ),
        _Step(
            "See the first green trunk",
            "The carrier answers with an error. Its page has the fix.",
            "trunks:list",
            see,
            may,
            progress.was_up,
        ),
    ]


def _shown(step: _Step, is_current: bool, tenant: Tenant, capabilities: Collection[str]) -> dict[str, Any]:
    if step.is_done:
        return {"title": step.title, "state": "done"}
    shown: dict[str, Any] = {"title": step.title, "state": "current" if is_current else "todo"}
    if is_current:
        shown["detail"] = step.detail
    if step.capability in capabilities:
        shown["url"] = reverse(step.url_name, kwargs={"tenant": tenant.slug})
        if is_current:
            shown |= {"action": step.action, "is_connect": step.url_name == CONNECT}
    return shown
