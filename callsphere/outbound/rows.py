"""What pages show of outbound calls: lines ready to print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callsphere.calls.enums import CallOutcome
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import OutboundCall

_LOOKS = {
    OrderState.WAITING: "pending",
    OrderState.PLACING: "pending",
    OrderState.LOST: "warn",
    OrderState.PLACED: "active",
    OrderState.FAILED: "fail",
    OrderState.CANCELED: "skipped",
}
_ENDS = {
    CallOutcome.FAILED.value: "fail",
    CallOutcome.BUSY.value: "warn",
    CallOutcome.NO_ANSWER.value: "warn",
}
_REACHED = (CallOutcome.AGENT, CallOutcome.PERSON)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A call that was asked for: how its state looks, and the word for it."""

    order: OutboundCall
    looks: str
    label: str
    can_cancel: bool


def order_rows(orders: Iterable[OutboundCall]) -> list[OrderRow]:
    """Return calls that were asked for as lines."""
    return [_row(order) for order in orders]


def _row(order: OutboundCall) -> OrderRow:
    state = OrderState(order.state)
    if state != OrderState.ENDED:
        return OrderRow(order, _LOOKS[state], state.label, state == OrderState.WAITING)
    looks = "pass" if order.outcome in _REACHED else _ENDS.get(order.outcome, "skipped")
    return OrderRow(order, looks, CallOutcome(order.outcome).label if order.outcome else state.label, False)
