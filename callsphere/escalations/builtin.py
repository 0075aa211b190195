"""The built-in tool `escalate`, for agents that a policy serves: people on call are asked at once."""

from __future__ import annotations

from callsphere.calls.builtin_tools.contract import Reply, Run, done
from callsphere.calls.builtin_tools.transfer import add_escalator
from callsphere.calls.parties import caller_number
from callsphere.escalations.enums import RunState
from callsphere.escalations.models import Escalation
from callsphere.escalations.queries import policy_for
from callsphere.escalations.services import start_escalation
from callsphere.escalations.services.runs import is_ready
from tenants.audit import Actor

_ACTOR = Actor.system("agents")
_ASKED = (
    "People on call are being called and texted now, one group after another, until one of them takes it, and"
    " whoever does calls the caller back. Tell the caller so."
)
_ASK_NUMBER = " The caller's number is withheld: ask for one, and take a message with it."
_NOBODY = (
    "Everybody on call was asked, and nobody took it yet. Tell the caller so, and take an urgent message."
)
_CANCELED = "Somebody of the business said that nobody is needed. Tell the caller so."


def serve_agents() -> None:
    """Have the tool ask the people of the policy that serves an agent."""
    add_escalator(ask_people)


def ask_people(run: Run) -> Reply | None:
    """Start the agent's policy, once in a call, and say how that stands; None where no policy serves it."""
    policy = policy_for(run.tenant, run.version.agent_id)
    if policy is None or run.tenant.read_only_reason or not run.tenant.is_active or not is_ready(policy):
        return None
    who = run.text("name")
    escalation = start_escalation(
        tenant=run.tenant,
        actor=_ACTOR,
        policy=policy,
        summary=f"{who}: {run.text('reason')}" if who else run.text("reason"),
        call=run.call,
    )
    return done(transferred=False, state=escalation.state, what_to_do=_advice(escalation, run))


def _advice(escalation: Escalation, run: Run) -> str:
    if escalation.state == RunState.ACCEPTED:
        return f"{escalation.accepted_name} has taken it, and calls the caller back. Tell the caller so."
    if escalation.state == RunState.CANCELED:
        return _CANCELED
    if escalation.state != RunState.RINGING:
        return _NOBODY
    return _ASKED if caller_number(run.call) else _ASKED + _ASK_NUMBER
