"""What people do with calls."""

from callsphere.calls.services.keeping import set_retention
from callsphere.calls.services.live import hang_up

__all__ = ("hang_up", "set_retention")
