"""What people do with calls."""

from callsphere.calls.services.keeping import FIELDS as RETENTION_FIELDS
from callsphere.calls.services.keeping import set_retention
from callsphere.calls.services.live import hang_up
from callsphere.calls.services.messages import handle_callback, handle_message

__all__ = ("RETENTION_FIELDS", "handle_callback", "handle_message", "hang_up", "set_retention")
