"""Looking at a trunk's gateways because somebody asks."""

from django.db import transaction
from django.utils import timezone

from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.models import Tenant
from trunks.editing import lock_trunk_of
from trunks.health.services.watching import wake_probes
from trunks.models import GatewayHealth, Trunk
from trunks.requests import AskedTooOften, check_rate

PROBES_PER_MINUTE = 6
_VERB = "trunk.probe_requested"


class ProbedTooOften(AskedTooOften):
    """The trunk was probed on request too often; `retry_after_s` says in how many seconds it works again."""

    code = "probed_too_often"
    words = f"A trunk can be looked at {PROBES_PER_MINUTE} times a minute on request."


def probe_now(*, tenant: Tenant, actor: Actor, trunk: Trunk) -> int:
    """Make a trunk's enabled gateways due now; return how many.

    Raises ProbedTooOften, and Refused when the trunk is disabled or has no enabled gateway.
    """
    with transaction.atomic():
        row = lock_trunk_of(tenant, trunk.pk)
        if not row.is_enabled:
            raise Refused("This trunk is disabled. Enable it first.", code="trunk_disabled")
        check_rate(tenant, row, _VERB, PROBES_PER_MINUTE, ProbedTooOften)
        count = GatewayHealth.objects.filter(
            tenant=tenant, gateway__trunk=row, next_probe_at__isnull=False
        ).update(next_probe_at=timezone.now())
        if not count:
            raise Refused("This trunk has no enabled gateway to look at.", code="no_enabled_gateway")
        record_event(tenant=tenant, actor=actor, verb=_VERB, obj=row)
        wake_probes()
    return count
