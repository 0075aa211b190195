"""Workers die, the provider goes wrong: nobody is called twice for one attempt, nor beyond five at once.

`make bench NAME=campaign` does the same with 2,000 contacts.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.outbound.campaigns.conftest import Desk
from tests.outbound.campaigns.exchange import Exchange, running
from tests.outbound.campaigns.simulation import Simulation

CONTACTS = 30


@pytest.mark.django_db(transaction=True)
def test_a_campaign_whose_workers_die(desk: Desk, settings: Any) -> None:
    seed = random.randrange(1_000_000)
    dice = random.Random(seed)
    campaign = desk.running(*(f"+1212200{number:04}" for number in range(CONTACTS)))
    with running(Exchange(dice)) as exchange:
        settings.TWILIO_BASE_URL = exchange.url
        simulation = Simulation(campaign, desk.tenant, exchange, dice)
        simulation.run(most_rounds=1_000)
        assert (simulation.stored().state, simulation.faults()) == ("finished", []), f"seed {seed}"
    assert len(exchange.calls) >= CONTACTS, f"seed {seed}"
