"""Where a message came from, which is the only place that a sandbox carrier ever sends to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callsphere.sip.message import Request
from callsphere.sip.nat import Address, LocalFlow, response_address, stamp_via


@dataclass(frozen=True, slots=True)
class Way:
    """Our end, the other end, and the socket between them, which only its owner looks into."""

    local: LocalFlow
    remote: Address
    wire: object

    @property
    def reliable(self) -> bool:
        """Whether nothing gets lost on it: TCP and TLS."""
        return self.local.transport != "udp"

    def back(self, request: Request) -> Way:
        """The way of the answers to a request that came this way, which is noted on its Via (RFC 3581 §4)."""
        stamp_via(request, *self.remote)
        return self if self.reliable else replace(self, remote=response_address(request.via, self.remote))
