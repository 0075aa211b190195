"""What OpenAI counts is summed."""

from __future__ import annotations

from callsphere.calls.realtime.usage import added


def test_numbers_are_added_however_deep_and_words_left_out() -> None:
    first = {"type": "tokens", "total_tokens": 3, "details": {"audio": 1}, "seconds": None}
    total = added(added({}, first), {"total_tokens": 4, "details": {"audio": 2, "text": 5}, "is_it": True})
    assert total == {"total_tokens": 7, "details": {"audio": 3, "text": 5}}


def test_the_first_count_stays_as_it_was() -> None:
    total = {"details": {"audio": 1}}
    added(total, {"details": {"audio": 1}})
    assert total == {"details": {"audio": 1}}
