"""Background work of the calls app."""

from callsphere.calls import retention
from callsphere.celery import app
from tenants.clock import database_now


@app.task(name="calls.forget_events")
def forget_events() -> None:
    """Delete what was told of calls long ago."""
    retention.forget_old_events(database_now())
