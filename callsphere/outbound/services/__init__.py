"""What people do with outbound calls."""

from callsphere.outbound.services.do_not_call import allow_calls, forbid_calls
from callsphere.outbound.services.on_call import order_on_call, withdraw_orders
from callsphere.outbound.services.orders import cancel_call, order_call

__all__ = (
    "allow_calls",
    "cancel_call",
    "forbid_calls",
    "order_call",
    "order_on_call",
    "withdraw_orders",
)
