"""A campaign with many contacts, whose workers die at any moment, and whose calls end in all ways.

Workers do what tasks do. One that dies stops between two of its steps: after it has claimed, before it asks;
or after it has asked, before it keeps the answer. The clock is turned for what waits, never for what a worker
that lives is about to do.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from callsphere.calls.models import Call
from callsphere.outbound import looking, placing
from callsphere.outbound.campaigns.finishing import finish_campaigns
from callsphere.outbound.claims import Claimed, claim_calls
from callsphere.outbound.following import end_over_calls
from callsphere.outbound.models import Campaign, CampaignContact, Dialler, OutboundCall
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tests.outbound.campaigns.exchange import Exchange

LONG_AGO = "2026-01-01T00:00Z"
OUTCOMES = {"agent": 5, "busy": 2, "no_answer": 2, "machine": 2, "failed": 1}
DIES_BEFORE, DIES_AFTER = 0.03, 0.05
LASTS = 0.3
"""How likely a call is to go on for another round."""


class Died(Exception):
    """A worker was killed."""


@dataclass
class Simulation:
    """A campaign of a tenant's at an exchange, and how far it is."""

    campaign: Campaign
    tenant: Tenant
    exchange: Exchange
    dice: random.Random
    workers: int = 3
    dead: set[uuid.UUID] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, most_rounds: int) -> None:
        """Let workers work until the campaign is over, for so many rounds at most."""
        with ThreadPoolExecutor(self.workers) as pool:
            for number in range(most_rounds):
                list(pool.map(self._work, range(self.workers)))
                self._live()
                if number % 5 == 0:
                    self._recover()
                if self.stored().state != "running":
                    return

    def stored(self) -> Campaign:
        """Return the campaign as it is."""
        with tenant_context(self.tenant):
            return Campaign.objects.get(pk=self.campaign.pk)

    def faults(self) -> list[str]:
        """Return what must not have happened: empty is right."""
        with tenant_context(self.tenant):
            orders = {str(order.pk): order for order in OutboundCall.objects.all()}
            contacts = list(CampaignContact.objects.all())
        attempts = Counter(
            (orders[_order_of(call.url)].contact_id, orders[_order_of(call.url)].attempt)
            for call in self.exchange.calls.values()
        )
        tries = Counter(call.to for call in self.exchange.calls.values())
        faults = [f"attempt {each} rang {count} times" for each, count in attempts.items() if count > 1]
        faults += [f"{number} rang {count} times" for number, count in tries.items() if count > 3]
        faults += [
            f"{contact.number} is {contact.state} after {contact.attempts}, and rang {tries[contact.number]}"
            for contact in contacts
            if contact.state not in ("reached", "unreached") or contact.attempts != tries[contact.number]
        ]
        if self.exchange.most > self.campaign.most_at_once:
            faults.append(f"{self.exchange.most} rang at a time")
        live = [order.pk for order in orders.values() if order.state not in ("ended", "failed")]
        return [*faults, *(f"order {pk} goes on" for pk in live)]

    def _work(self, _: int) -> None:
        """Claim and place calls, as a worker does within some seconds."""
        try:
            for _second in range(3):
                with platform_context("turn the clock"):
                    Dialler.objects.update(free_at=LONG_AGO)
                for claimed in claim_calls():
                    self._place(claimed)
        except Died:
            pass
        finally:
            close_old_connections()

    def _place(self, claimed: Claimed) -> None:
        self._may_die(claimed, DIES_BEFORE)
        store = placing._ask(claimed)
        self._may_die(claimed, DIES_AFTER)
        with tenant_context(self.tenant):
            store()

    def _may_die(self, claimed: Claimed, chance: float) -> None:
        with self.lock:
            if self.dice.random() < chance:
                self.dead.add(claimed.order.pk)
                raise Died

    def _live(self) -> None:
        """Have calls end that go on, let a second pass, and finish what is over."""
        with tenant_context(self.tenant):
            placed = list(OutboundCall.objects.filter(state="placed").values_list("call_sid", "call_id"))
        for sid, call_id in placed:
            if self.dice.random() < LASTS:
                continue
            self.exchange.hang_up(sid)
            (outcome,) = self.dice.choices(list(OUTCOMES), list(OUTCOMES.values()))
            with tenant_context(self.tenant):
                Call.objects.filter(pk=call_id).update(
                    state="ended", outcome=outcome, ended_at=timezone.now()
                )
        end_over_calls()
        finish_campaigns()
        with platform_context("turn the clock"):
            CampaignContact.objects.filter(state="waiting").update(due_at=LONG_AGO)

    def _recover(self) -> None:
        """Look for calls whose worker died, or heard no answer: after so long that the exchange has them."""
        with platform_context("turn the clock"):
            dead = OutboundCall.objects.filter(state="placing", pk__in=self.dead)
            dead.update(due_at=LONG_AGO)
            # what is looked for was placed when it was, or never: two minutes have passed
            lost: dict[str, Any] = {"due_at": LONG_AGO, "placed_at": LONG_AGO}
            OutboundCall.objects.filter(state="lost").update(**lost)
        while looking.look_for_lost_calls() == looking.AT_ONCE:
            pass


def _order_of(url: str) -> str:
    return url.split("/voice/order/")[1].split("/")[0]
