"""Background work of the escalations app."""

from callsphere.celery import app
from callsphere.escalations import following, forgetting, going_on
from tenants.clock import database_now


@app.task(name="escalations.go_on")
def go_on() -> None:
    """Go on with escalations whose time has come, and keep up with the calls of all."""
    following.follow_calls()
    going_on.go_on_with_due()


@app.task(name="escalations.forget")
def forget() -> None:
    """Delete escalations whose tenants do not keep what was said any longer."""
    forgetting.forget_old_escalations(database_now())
