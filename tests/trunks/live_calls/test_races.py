"""Several workers sweep at once, or a slow one comes back late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tests.trunks.live_calls.conftest import Calls, after
from tests.trunks.live_calls.provider import Provider
from trunks.live_calls.enders import Ending
from trunks.live_calls.sweep import sweep
from trunks.live_calls.watching import LEASE_S, claim_due, settle_ended, settle_not_ended

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4
ROUNDS = 5


def test_any_number_of_sweeps_at_once_end_each_call_once(calls: Calls, provider: Provider) -> None:
    provider.slow_s = 0.05
    barrier = Barrier(WORKERS)

    def work() -> tuple[int, int]:
        try:
            barrier.wait(60)
            swept = sweep(after(1768))
            return swept.ended, swept.not_ended
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(ROUNDS):
            references = [f"r{number}-{each}" for each in range(8)]
            for reference in references:
                calls.answer(reference)
            swept = [each.result() for each in [pool.submit(work) for _ in range(WORKERS)]]
            assert (sum(ended for ended, _ in swept), sum(failed for _, failed in swept)) == (8, 0)
            assert sorted(provider.asked) == sorted(references)
            provider.asked.clear()
    assert [count for _kind, _title, count, _end in calls.incidents()] == [8 * ROUNDS]


def test_a_worker_whose_lease_ran_out_puts_nothing_off(calls: Calls) -> None:
    calls.answer()
    (slow,) = claim_due(after(1768), 10)
    (quick,) = claim_due(after(1768 + LEASE_S), 10)
    lent_until = calls.stored().next_look_at

    assert settle_not_ended(slow, "too late", after(1830)) is None
    assert (calls.stored().next_look_at, calls.stored().outcome) == (lent_until, "")
    assert settle_ended(quick, Ending("completed"), after(1831))
    assert settle_not_ended(quick, "again", after(1832)) is None
    assert calls.stored().state == "ended"


def test_the_end_is_told_once_whoever_stores_it(calls: Calls) -> None:
    calls.answer()
    (slow,) = claim_due(after(1768), 10)
    (quick,) = claim_due(after(1768 + LEASE_S), 10)

    assert settle_ended(slow, Ending("completed"), after(1830))
    assert not settle_ended(quick, Ending("completed"), after(1831))
    assert calls.stored().ended_at == after(1830)
    assert [count for _kind, _title, count, _end in calls.incidents()] == [1]


def test_a_refresh_during_an_attempt_voids_its_failure(calls: Calls) -> None:
    calls.answer()
    (claim,) = claim_due(after(1768), 10)
    calls.refresh(1769)
    assert settle_not_ended(claim, "busy", after(1770)) is None
    assert (calls.stored().state, calls.incidents()) == ("live", [])


def test_a_refresh_during_an_attempt_does_not_undo_its_success(calls: Calls) -> None:
    calls.answer()
    (claim,) = claim_due(after(1768), 10)
    calls.refresh(1769)
    assert settle_ended(claim, Ending("completed"), after(1770))
    assert calls.stored().state == "ended"
