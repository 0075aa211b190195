"""What people do with people on call, policies and escalations."""

from callsphere.escalations.services.people import add_person, edit_person, remove_person
from callsphere.escalations.services.policies import create_policy, delete_policy, edit_policy
from callsphere.escalations.services.runs import cancel_escalation, start_escalation

__all__ = (
    "add_person",
    "cancel_escalation",
    "create_policy",
    "delete_policy",
    "edit_person",
    "edit_policy",
    "remove_person",
    "start_escalation",
)
