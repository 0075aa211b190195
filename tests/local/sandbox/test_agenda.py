"""Who is next."""

from __future__ import annotations

from callsphere.local.sandbox.agenda import Agenda


def test_the_earliest_is_first_and_the_latest_word_counts() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 3.0)
    agenda.put("b", 2.0)
    agenda.put("a", 1.0)
    agenda.put("c", 1.5)
    agenda.put("c", None)
    assert agenda.next() == 1.0
    assert agenda.take(0.5) is None
    assert [agenda.take(9.0), agenda.take(9.0), agenda.take(9.0)] == ["a", "b", None]
    assert agenda.next() is None


def test_what_is_out_of_date_is_not_kept() -> None:
    agenda: Agenda[int] = Agenda()
    for item in range(10_000):
        agenda.put(item, 1e9)
        agenda.put(item, None)
    assert len(agenda._heap) < 100
