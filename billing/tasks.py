"""Background work of the billing app. Ticks only say "look now": what is due stands in the tables."""

from django.utils import timezone

from billing import doing, inbox, looking
from billing.affiliates import clicks, commissions
from billing.payments import is_configured
from callsphere.celery import app


@app.task(name="billing.do_requests")
def do_requests() -> None:
    """Do what people asked for. Any number of these may run at once."""
    if is_configured():
        doing.do_due()


@app.task(name="billing.process_events")
def process_events() -> None:
    """Process what Stripe told us. Any number of these may run at once."""
    if is_configured():
        inbox.process_due()


@app.task(name="billing.look_after")
def look_after() -> None:
    """Send reminders, end grace, give numbers up. Any number of these may run at once."""
    looking.look_after_due(timezone.now())


@app.task(name="billing.follow_commissions")
def follow_commissions() -> None:
    """Book what affiliates earn, and release what was held long enough. Any number may run at once."""
    now = timezone.now()
    commissions.follow_invoices(now)
    commissions.release_due(now)


@app.task(name="billing.sweep")
def sweep() -> None:
    """Forget what ended long ago."""
    inbox.sweep(timezone.now())
    clicks.forget_salts(timezone.now())
