"""What people read about outbound calls."""

from __future__ import annotations

from callsphere.outbound.models import OutboundCall


def why_called(order: OutboundCall) -> str:
    """Return why a call was placed, as its page in the log says."""
    return f"{order.requested_by or 'Somebody'} asked for this call."
