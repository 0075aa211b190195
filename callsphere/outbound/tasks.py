"""Background work of the outbound app."""

from callsphere.celery import app
from callsphere.outbound import following, forgetting, looking, placing
from callsphere.outbound.campaigns.finishing import finish_campaigns
from tenants.clock import database_now

_ROUNDS = 10
"""Of one run; the next comes a second later."""


@app.task(name="outbound.place_calls")
def place_calls() -> None:
    """Place calls that are due; end those that are over, and campaigns with nobody left to call."""
    following.end_over_calls()
    finish_campaigns()
    for _ in range(_ROUNDS):
        if not placing.place_due_calls():
            return


@app.task(name="outbound.look_for_lost_calls")
def look_for_lost_calls() -> None:
    """Find out what became of calls whose worker did not come back."""
    while looking.look_for_lost_calls() == looking.AT_ONCE:
        pass


@app.task(name="outbound.forget")
def forget() -> None:
    """Delete calls that were asked for and whose tenants do not keep them any longer."""
    forgetting.forget_old_orders(database_now())
