"""Waiting for what comes about by itself: for the condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""How long anything may take on a machine that is busy with much else."""


def wait_until(holds: Callable[[], object], what: Callable[[], object] = lambda: "") -> None:
    """Wait until something is so; `what` says in the failure how things stood instead."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what()}"
        time.sleep(0.02)
