"""Background work of the trunks app. Ticks only say "look now": what is due stands in the tables."""

from typing import Any

from celery.signals import worker_process_shutdown, worker_shutdown, worker_shutting_down
from django.utils import timezone

from callsphere.celery import app
from tenants.clock import database_now
from tenants.context import platform_context
from trunks import engines
from trunks.bindings import pace, registrar
from trunks.certificates import expiry
from trunks.checks import runs
from trunks.health import probing, rollup
from trunks.live_calls import sweep, watching
from trunks.numbers import refreshing, search, verifying, worker
from trunks.provisioning import worker as reconciler
from trunks.services import forget_ended_shares, start_due_checks


@app.task(name="trunks.probe_due_gateways")
def probe_due_gateways() -> None:
    """Probe the gateways that are due now. Any number of these may run at once."""
    probing.probe_due(probing.engine())


@app.task(name="trunks.refresh_registrations")
def refresh_registrations() -> None:
    """Register what is due now. Any number of these may run at once."""
    registrar.refresh_due(registrar.engine())


@app.task(name="trunks.forget_registrar_paces")
def forget_registrar_paces() -> None:
    """Forget registrars that nobody asks any more."""
    pace.forget_idle_hosts(database_now())


@app.task(name="trunks.run_checks")
def run_checks() -> None:
    """Begin queued readiness checks, and end the calls of checks whose worker is gone."""
    runs.runner().run_due()


@app.task(name="trunks.sweep_live_calls")
def sweep_live_calls() -> None:
    """End calls whose refresh is overdue or that outlived their time. Any number may run at once."""
    sweep.sweep(database_now())


@app.task(name="trunks.forget_old_calls")
def forget_old_calls() -> None:
    """Delete live calls that have been over for a while."""
    watching.forget_old_calls(timezone.now())


@app.task(name="trunks.start_scheduled_checks")
def start_scheduled_checks() -> None:
    """Start the readiness checks that schedules ask for now."""
    start_due_checks()


@app.task(name="trunks.sweep_shares")
def sweep_shares() -> None:
    """Forget links to reports that have ended, or whose report is gone."""
    with platform_context("sweep links to reports"):
        forget_ended_shares()


@app.task(name="trunks.provision_numbers")
def provision_numbers() -> None:
    """Buy and release phone numbers, and see to the accounts that hold them. Any number may run at once."""
    worker.provision_due()


@app.task(name="trunks.provision_trunks")
def provision_trunks() -> None:
    """Compare trunks with what Twilio has of them, and put there what was asked for. Any number may run."""
    reconciler.reconcile_due()


@app.task(name="trunks.forget_number_searches")
def forget_number_searches() -> None:
    """Delete what was found among the numbers for sale more than a day ago, and calls of last month."""
    search.forget_old_searches()
    verifying.forget_old_verifications()


@app.task(name="trunks.plan_number_refreshes")
def plan_number_refreshes() -> None:
    """Have what others decide of bought numbers read once a day."""
    refreshing.plan_refreshes()


@app.task(name="trunks.watch_certificates")
def watch_certificates() -> None:
    """Open incidents of certificates that end soon, or have ended."""
    expiry.watch_certificates(timezone.now())


@app.task(name="trunks.roll_up_history")
def roll_up_history() -> None:
    """Make hours of history from the five-minute buckets of hours that are over."""
    rollup.roll_up(timezone.now())


@app.task(name="trunks.maintain_partitions")
def maintain_partitions() -> None:
    """Make the coming days' partitions of the history and drop what is too old."""
    rollup.maintain_partitions(timezone.now())


@worker_shutting_down.connect
def _stop_claiming(**_kwargs: Any) -> None:
    engines.stop_claiming()


@worker_shutdown.connect
@worker_process_shutdown.connect
def _stop_checks(**_kwargs: Any) -> None:
    runs.runner.stop()
