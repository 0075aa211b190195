"""Background work of the escalations app."""

from callsphere.celery import app
from callsphere.escalations import following, going_on


@app.task(name="escalations.go_on")
def go_on() -> None:
    """Go on with escalations whose time has come, and keep up with the calls of all."""
    following.follow_calls()
    going_on.go_on_with_due()
