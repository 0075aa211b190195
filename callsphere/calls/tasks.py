"""Background work of the calls app."""

import uuid

import structlog

from callsphere.calls import applying, provider_side, retention, ringing, sound_fetching, text_sending
from callsphere.celery import app
from tenants.clock import database_now

log = structlog.get_logger(__name__)

_BATCHES = 20
"""Batches of one run: what comes faster waits for the next, a second later."""


@app.task(name="calls.apply_events")
def apply_events() -> None:
    """Bring the log up to what was told of calls."""
    for _ in range(_BATCHES):
        if applying.apply_waiting() < applying.BATCH:
            return


@app.task(name="calls.end_calls")
def end_calls() -> None:
    """End the calls that are to end by now."""
    while provider_side.end_due_calls() == provider_side.AT_ONCE:
        pass


@app.task(name="calls.look_at_calls")
def look_at_calls() -> None:
    """Ask the provider about calls of which something is not known yet."""
    while provider_side.look_at_due_calls() == provider_side.AT_ONCE:
        pass


@app.task(name="calls.forget_calls")
def forget_calls() -> None:
    """Delete the calls that their tenants do not keep any longer, and before that what was said in them."""
    retention.forget_old_calls(database_now())


@app.task(name="calls.send_texts")
def send_texts() -> None:
    """Send the text messages that wait."""
    while text_sending.send_due_texts() == text_sending.AT_ONCE:
        pass


@app.task(name="calls.fetch_sounds")
def fetch_sounds() -> None:
    """Fetch the sound of some voice messages; what is left waits for the next run."""
    sound_fetching.fetch_due_sounds()


@app.task(name="calls.forget_events")
def forget_events() -> None:
    """Delete what was told of calls long ago."""
    retention.forget_old_events(database_now())


@app.task(name="calls.ring_double")
def ring_double(tenant_id: str, number_id: str, script: str) -> None:
    """Have Twilio's double call a number of the tenant's, where that double is in use."""
    try:
        ringing.ring_number(uuid.UUID(tenant_id), uuid.UUID(number_id), script)
    except ringing.CannotRing as error:
        log.warning("number_not_rung", tenant_id=tenant_id, number=number_id, why=str(error))
