"""Hours of registrations in seconds: outages, dying workers, and a pace that holds."""

from __future__ import annotations

import pytest

from bench.registration_day import Simulation


@pytest.mark.django_db(transaction=False)
def test_no_binding_lapses_while_its_registrar_is_there() -> None:
    simulation = Simulation(size=120, registrars=2, hours=1, rate=5.0, expires_s=240, tick_s=5, grace_s=60.0)
    day = simulation.run()
    assert day.lapsed == 0
    assert day.busiest_10_s <= 5 * 10 + 5 * 5  # what a tick finds due, it may ask at once
    assert day.died > 0
    assert day.lapsed_in_outages > 0
    assert day.attempts > 120 * 20


@pytest.mark.django_db(transaction=False)
def test_dying_workers_and_those_that_were_away_keep_the_pace() -> None:
    simulation = Simulation(
        size=400, registrars=1, hours=1, rate=2.0, expires_s=600, tick_s=5, dying=0.2, naps=((900, 1500),)
    )
    day = simulation.run()
    assert day.died > 400
    assert day.busiest_10_s <= 2 * 10 + 2 * 5


@pytest.mark.django_db(transaction=False)
def test_lines_that_are_deleted_at_once_keep_the_pace_and_cost_the_others_no_binding() -> None:
    simulation = Simulation(
        size=500, registrars=1, hours=1, rate=2.0, expires_s=900, dying=0.0, seed=4, leaving={1500: 200}
    )
    simulation._hosts["r0.bench.test"].outages.clear()
    day = simulation.run()
    assert day.taken_away == 200
    assert (day.lapsed, day.lapsed_in_outages) == (0, 0)
    assert day.busiest_10_s <= 2 * 10 + 2 * 5
