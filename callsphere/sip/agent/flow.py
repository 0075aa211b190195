"""Ways to a peer: where our messages go, and what Via and Contact show of us on it."""

from __future__ import annotations

import contextlib
import socket

from callsphere.sip.headers import Via
from callsphere.sip.nat import LocalFlow
from callsphere.sip.resolver import Target
from callsphere.sip.transaction import new_branch
from callsphere.sip.transport.connection import Connection, ConnectionFailed
from callsphere.sip.transport.shortage import is_ours
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.transport.udp import UdpSocket, outgoing_address


class FlowFailed(Exception):
    """A way that cannot be gone; `stage` says where it ended, `cause` is a code of callsphere.sip.causes.

    `is_ours` when this machine lacked something, and nothing is known of the peer.
    """

    def __init__(self, stage: str, cause: str, detail: str, *, is_ours: bool = False) -> None:
        super().__init__(f"{cause}: {detail}")
        self.is_ours = is_ours
        self.stage = stage
        self.cause = cause
        self.detail = detail


class Flow:
    """A way to one target. `local` is what we show of ourselves on it; `reliable` for TCP and TLS.

    `trust` is the TLS context that it was opened with; None without TLS.
    """

    reliable = False
    trust: TlsTrust | None = None

    def __init__(self, target: Target, local: LocalFlow) -> None:
        self.target = target
        self.local = local
        self.connect_ms = 0
        self.heard = False
        """Whether the peer ever said something on it: one that did may since have let it go."""

    @property
    def label(self) -> str:
        """Address, port and transport for people."""
        return str(self.target)

    @property
    def failure(self) -> FlowFailed | None:
        """Why the way is closed, None while it is open."""
        return None

    def via(self) -> Via:
        """A Via with a new branch."""
        return self.local.via(new_branch())

    def send(self, data: bytes) -> None:
        """Send to the target; raise FlowFailed."""
        raise NotImplementedError

    def close(self) -> None:
        """Let it go."""


class DatagramFlow(Flow):
    """Through the agent's UDP socket."""

    def __init__(self, target: Target, local: LocalFlow, udp: UdpSocket) -> None:
        super().__init__(target, local)
        self._udp = udp

    def send(self, data: bytes) -> None:
        """Send a datagram. One that does not fit our buffer is left to the retransmission."""
        try:
            self._udp.send(data, (self.target.address, self.target.port))
        except OSError as error:
            detail = f"The network cannot be reached: {error.strerror}."
            raise FlowFailed("open", "no_answer", detail) from None


class ConnectionFlow(Flow):
    """Over a connection of our own."""

    reliable = True

    def __init__(
        self,
        target: Target,
        local: LocalFlow,
        connection: Connection,
        connected_s: float,
        trust: TlsTrust | None = None,
    ) -> None:
        super().__init__(target, local)
        self.trust = trust
        self.connection = connection
        self.connect_ms = round(connected_s * 1000)

    @property
    def failure(self) -> FlowFailed | None:
        """Why the connection is over, None while it is open."""
        return _as_flow_failure(self.connection.failure)

    def send(self, data: bytes) -> None:
        """Write to the connection."""
        try:
            self.connection.send(data)
        except ConnectionFailed as failure:
            raise FlowFailed(failure.stage, failure.cause, failure.detail) from None

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self.connection.close()


def _as_flow_failure(failure: ConnectionFailed | None) -> FlowFailed | None:
    return None if failure is None else FlowFailed(failure.stage, failure.cause, failure.detail)


def family_of(address: str) -> socket.AddressFamily:
    """The address family of a numeric address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def our_address(towards: str) -> str:
    """The address of ours that a target sees; raise FlowFailed when there is no route."""
    try:
        return outgoing_address(family_of(towards), towards)
    except OSError as error:
        detail = f"This machine has no route there: {error.strerror}."
        raise FlowFailed("connect", "connect_timeout", detail, is_ours=is_ours(error)) from None
