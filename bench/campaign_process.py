"""Lives a campaign in a database made for it, and prints one line of JSON: what was seen."""

# ruff: noqa: E402  # models can be imported once Django is set up
from __future__ import annotations

import json
import logging
import os
import random
import secrets
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.test import override_settings

from callsphere.outbound.models import CampaignContact
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import make_line
from tests.conftest import make_owner
from tests.outbound.campaigns.conftest import Desk, open_for_calls
from tests.outbound.campaigns.exchange import Exchange, running
from tests.outbound.campaigns.simulation import Simulation

_ROUNDS_FOR_EACH = 20


def main(size: int, seed: int) -> dict[str, Any]:
    """Return the figures of a campaign with so many contacts."""
    dice = random.Random(seed)
    person = make_owner(f"{secrets.token_hex(4)}@example.com", "Bench")
    line = make_line(person)
    agent = make_agent(person)
    publish(person, agent)
    open_for_calls(line)
    desk = Desk(person, line.number, agent)
    campaign = desk.campaign()
    desk.upload(campaign, "number\n" + "".join(f"+1212200{number:04}\n" for number in range(size)))
    desk.start(campaign)
    with running(Exchange(dice)) as exchange, override_settings(TWILIO_BASE_URL=exchange.url):
        simulation = Simulation(campaign, person.tenant, exchange, dice)
        simulation.run(most_rounds=size * _ROUNDS_FOR_EACH)
        faults = simulation.faults()
    print("\n".join(faults[:50]), file=sys.stderr)
    with tenant_context(person.tenant):
        done = CampaignContact.objects.filter(state__in=["reached", "unreached"]).count()
    return {
        "seed": seed,
        "rang": len(exchange.calls),
        "died": len(simulation.dead),
        "wrong": sum(count for went, count in exchange.asked.items() if went != "placed"),
        "done": done,
        "most": exchange.most,
        "faults": len(faults) + (simulation.stored().state != "finished"),
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2] or random.randrange(1_000_000)))))
