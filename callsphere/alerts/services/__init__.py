"""What can be done to incidents. One transaction and an audit event for each that opens or ends."""

from callsphere.alerts.services.opening import Sighting, Subject, open_incident, open_incidents
from callsphere.alerts.services.resolving import Recovery, resolve_incident, resolve_incidents

__all__ = [
    "Recovery",
    "Sighting",
    "Subject",
    "open_incident",
    "open_incidents",
    "resolve_incident",
    "resolve_incidents",
]
