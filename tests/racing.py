"""Actions at the same time, as requests and workers come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections

from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tests.conftest import Person


def at_once(*actions: Callable[[], Any]) -> list[Exception | None]:
    """Run the actions together, each on a connection of its own; return what refused each, or None."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Exception | None:
        try:
            barrier.wait(60)
            action()
            return None
        except (ValidationError, Refused) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def endings_of(person: Person, *actions: Callable[[], Any]) -> list[str]:
    """Run a person's actions together, each in a transaction of its own; return how they ended, sorted."""

    def within(action: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            with tenant_context(person.tenant):
                action()

        return run

    return sorted(ending(refusal) for refusal in at_once(*map(within, actions)))


def ending(refusal: Exception | None) -> str:
    """Return the name of what refused an action, or "done"."""
    return type(refusal).__name__ if refusal else "done"


def code_of(refusal: Exception | None) -> str:
    """Return the code of what refused an action, or "done"."""
    return str(getattr(refusal, "code", type(refusal).__name__)) if refusal else "done"
