"""ACKs for 2xx responses, and what became of them (RFC 3261 §13.2.2.4)."""

from __future__ import annotations

from collections.abc import Callable

from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.dialog import Dialog
from callsphere.sip.message import Request


class Acks:
    """The ACKs of one call's dialogs. `lost` hears why one did not arrive."""

    def __init__(self, agent: UserAgent, lost: Callable[[str], None]) -> None:
        self._agent = agent
        self._lost = lost
        self._flows: dict[str, Flow] = {}

    def way_of(self, dialog: Dialog) -> Flow | None:
        """Where the ACK of a dialog went, None while none was sent."""
        return self._flows.get(dialog.remote.tag or "")

    def send(self, dialog: Dialog, invite: Request, flow: Flow) -> None:
        """Acknowledge the 2xx that made a dialog; raise FlowFailed."""
        ack = dialog.ack(invite, via=flow.via())
        self._flows[dialog.remote.tag or ""] = flow
        self._agent.send_ack(ack, flow, self._lost)

    def repeat(self, dialog: Dialog, ack: Request | None) -> None:
        """The 2xx came again: so does its ACK, the same way."""
        flow = self.way_of(dialog)
        if ack is None or flow is None:
            return
        try:
            self._agent.send_ack(ack, flow)
        except FlowFailed as failure:
            self._lost(failure.detail)
