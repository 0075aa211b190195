"""What can be done about the watch on gateways."""

from trunks.health.services.policies import update_health_policy
from trunks.health.services.probes import ProbedTooOften, probe_now

__all__ = [
    "ProbedTooOften",
    "probe_now",
    "update_health_policy",
]
