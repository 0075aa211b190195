"""Keys that callers press: which are kept, and which make one run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callsphere.calls.keys import LONGEST_RUN, shown_keys
from callsphere.calls.realtime.keypad import PAUSE, Keypad


@pytest.mark.parametrize(
    ("pressed", "shown"),
    [
        ("1", "1"),
        ("471#", "471#"),
        ("4711#", "••••#"),
        ("*#A", "*#A"),
        ("47110", "•••••"),
        ("4111111111111111#", "••••••••••••••••#"),
        ("12*34#5", "••*••#•"),
    ],
)
def test_digits_are_hidden_when_they_are_many(pressed: str, shown: str) -> None:
    assert shown_keys(pressed) == shown


def test_a_pause_begins_another_run() -> None:
    keypad, start = Keypad(), timezone.now()
    assert keypad.press("1", start) == start
    assert keypad.press("2", start + PAUSE) == start
    assert (keypad.run, keypad.keys) == (1, "12")
    later = start + 2 * PAUSE + timedelta(seconds=1)
    assert keypad.press("3", later) == later
    assert (keypad.run, keypad.keys) == (2, "3")


def test_what_is_no_key_and_what_is_too_much_is_left_out() -> None:
    keypad, now = Keypad(), timezone.now()
    assert keypad.press("12", now) is None
    for _ in range(LONGEST_RUN):
        assert keypad.press("0", now) == now
    assert keypad.press("0", now) is None
    assert keypad.keys == "0" * LONGEST_RUN
