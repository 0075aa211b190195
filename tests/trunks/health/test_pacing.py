"""The limit on probes for one address, whoever asks."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsphere.lib.netguard import AddressPolicy
from tests.trunks.watching import NOON
from trunks.health.pacing import BURST_S, take_allowances, within_limit
from trunks.models import AddressAllowance

pytestmark = pytest.mark.django_db
HERE, THERE = "203.0.113.5", "2001:db8::5"


def test_an_idle_address_gets_five_seconds_worth_at_once() -> None:
    assert take_allowances({HERE: 1000, THERE: 3}, rate=20, now=NOON) == {HERE: 100, THERE: 3}
    assert take_allowances({HERE: 1, THERE: 1000}, rate=20, now=NOON) == {HERE: 0, THERE: 97}


def test_the_allowance_comes_back_with_time_up_to_the_burst() -> None:
    take_allowances({HERE: 100}, rate=20, now=NOON)
    assert take_allowances({HERE: 100}, rate=20, now=NOON + timedelta(seconds=0.5)) == {HERE: 10}
    assert take_allowances({HERE: 100}, rate=20, now=NOON + timedelta(seconds=1)) == {HERE: 10}
    assert take_allowances({HERE: 1000}, rate=20, now=NOON + timedelta(hours=1)) == {HERE: 100}


def test_parts_of_a_probe_add_up() -> None:
    take_allowances({HERE: 5}, rate=1, now=NOON)
    got = [
        take_allowances({HERE: 1}, rate=1, now=NOON + timedelta(seconds=0.4 * step))[HERE]
        for step in range(1, 11)
    ]
    assert sum(got) == 4


def test_a_clock_that_goes_back_gives_nothing() -> None:
    take_allowances({HERE: 100}, rate=20, now=NOON)
    assert take_allowances({HERE: 5}, rate=20, now=NOON - timedelta(hours=1)) == {HERE: 0}
    assert take_allowances({HERE: 5}, rate=20, now=NOON) == {HERE: 0}


def test_nothing_wanted_takes_nothing() -> None:
    assert take_allowances({}, rate=20, now=NOON) == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.integers(1, 30),
    steps=st.lists(st.tuples(st.floats(0, 4), st.integers(0, 200)), min_size=1, max_size=15),
)
def test_no_address_ever_gets_more_than_rate_and_burst(rate: int, steps: list[tuple[float, int]]) -> None:
    AddressAllowance.objects.all().delete()
    taken: list[tuple[float, int]] = []
    elapsed = 0.0
    for pause, wanted in steps:
        elapsed += pause
        now = NOON + timedelta(seconds=elapsed)
        taken.append((elapsed, take_allowances({HERE: wanted}, rate=rate, now=now)[HERE]))
    for index, (start, _count) in enumerate(taken):
        for end, _count in taken[index:]:
            got = sum(count for at, count in taken if start <= at <= end)
            assert got <= rate * (end - start + BURST_S) + 1e-3  # moments are whole microseconds


LOOPBACK = AddressPolicy.from_strings(["127.0.0.0/8"])


def test_strangers_get_what_their_allowance_covers_and_the_rest_later() -> None:
    probes = [(number, (HERE if number % 2 else THERE,)) for number in range(24)]
    sent, late = within_limit(probes, rate=2, policy=LOOPBACK, now=NOON)
    assert sent == list(range(20))
    assert late == [(20, 1.5), (21, 1.5), (22, 2.0), (23, 2.0)]
    sent, late = within_limit(probes[:4], rate=2, policy=LOOPBACK, now=NOON + timedelta(seconds=0.5))
    assert (sent, late) == ([0, 1], [(2, 1.5), (3, 1.5)])


def test_the_operators_own_addresses_have_no_limit() -> None:
    probes = [(number, ("127.0.0.1",)) for number in range(50)]
    assert within_limit(probes, rate=1, policy=LOOPBACK, now=NOON) == (list(range(50)), [])
    assert AddressAllowance.objects.count() == 0


def test_a_name_with_many_targets_takes_as_much_as_it_may_send() -> None:
    probes = [("many ports", (HERE, HERE, HERE, THERE)), ("again", (HERE, HERE, HERE)), ("other", (THERE,))]
    sent, late = within_limit(probes, rate=1, policy=LOOPBACK, now=NOON)
    assert (sent, late) == (["many ports", "other"], [("again", 4.0)])


def test_a_name_with_more_targets_than_an_allowance_holds_gets_its_turn() -> None:
    assert within_limit([("big", (HERE,) * 16)], rate=1, policy=LOOPBACK, now=NOON) == (["big"], [])
    assert within_limit([("big", (HERE,) * 16)], rate=1, policy=LOOPBACK, now=NOON)[0] == []
