"""Workers and phones for the bench of escalations: `workers` go on with escalations until they are killed,
`phones` take the calls that are due and play who is there, by the last two digits as Twilio's double does.

The provider itself is left out: what it is asked, and what becomes of that when a worker dies, is measured
and tested with outbound calls.
"""

# ruff: noqa: E402  # models can be imported once Django is set up
from __future__ import annotations

import logging
import os
import secrets
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from callsphere.calls.enums import CallOutcome, CallState
from callsphere.calls.models import Call
from callsphere.escalations import following as asks
from callsphere.escalations import going_on
from callsphere.escalations.accepting import answer_person, take_key
from callsphere.outbound import following
from callsphere.outbound.claims import claim_calls
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.taking import take_sid
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant

TAKES = "97"
EVERY_S = 1.0


def work() -> None:
    """Do what a worker does each second."""
    while True:
        following.end_over_calls()
        asks.follow_calls()
        going_on.go_on_with_due()
        time.sleep(EVERY_S)


def play_phones() -> None:
    """Place what is due, and play who is there."""
    while True:
        for claimed in claim_calls():
            _play(claimed.order)
        time.sleep(0.05)


def _play(order: OutboundCall) -> None:
    with tenant_context(Tenant(pk=order.tenant_id)):
        placed = take_sid(order.pk, order.claim, f"CA{secrets.token_hex(16)}")
        call = placed.call if placed else None
    if placed is None or call is None:
        return
    takes = placed.to_number.endswith(TAKES)
    if takes:
        with tenant_context(Tenant(pk=order.tenant_id)):
            answer_person(placed, call, "")
        with tenant_context(Tenant(pk=order.tenant_id)):
            take_key(placed, call, "1")
    outcome = CallOutcome.PERSON if takes else CallOutcome.NO_ANSWER
    ended = {"state": CallState.ENDED, "outcome": outcome, "ended_at": database_now(), "end_due_at": None}
    with tenant_context(Tenant(pk=order.tenant_id)):
        Call.objects.filter(pk=call.pk).update(**ended)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    {"workers": work, "phones": play_phones}[sys.argv[1]]()
