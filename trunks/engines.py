"""What the SIP engines of a worker process share: one of each kind, where they may send, and their end."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from django.conf import settings

from callsphere.lib.netguard import AddressPolicy

_stopping = threading.Event()


class Engine(Protocol):
    """Something with a thread of its own, which a fork does not take along."""

    @property
    def running(self) -> bool:
        """Whether it takes work, in this process."""

    def start(self) -> None:
        """Begin to take work."""

    def stop(self) -> None:
        """End what is under way, and take no more."""


_Kind = TypeVar("_Kind", bound=Engine)


class OfThisProcess(Generic[_Kind]):
    """The one engine of its kind in this process, for all its threads.

    Called, it is made and started when first asked for, and anew after a fork or its end.
    """

    def __init__(self, make: Callable[[], _Kind]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._engine: _Kind | None = None

    def __call__(self) -> _Kind:
        with self._lock:
            if self._engine is None or not self._engine.running:
                made = self._make()
                made.start()
                self._engine = made
            return self._engine

    def stop(self) -> None:
        """End it, if this process has it."""
        with self._lock:
            if self._engine is not None and self._engine.running:
                self._engine.stop()


def address_policy() -> AddressPolicy:
    """Return the operator's policy on addresses."""
    return AddressPolicy.from_strings(settings.NETGUARD_ALLOW)


def stop_claiming() -> None:
    """Let runs end after the batch they are at: the process is going down."""
    _stopping.set()


def is_stopping() -> bool:
    """Whether the process is going down."""
    return _stopping.is_set()
