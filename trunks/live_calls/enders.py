"""Who can end a call of which provider. Apps that place or take calls add theirs in `AppConfig.ready`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from trunks.enums import EndReason


@dataclass(frozen=True, slots=True)
class EndingCall:
    """A call lent to this worker, to be ended. `number` proves the claim, `attempt` counts from 1."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    provider: str
    reference: str
    reason: EndReason
    number: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Ending:
    """That a call is over: what the other side said, and whether it was this attempt that ended it."""

    said: str
    by_us: bool = True


class NotEnded(Exception):
    """A call could not be ended now; the text says why, for the log and the incident, without secrets."""


Ender = Callable[[EndingCall], Ending]
"""Ends one call: in a thread of its own, outside any transaction, within ENDER_S. Raises NotEnded.

It may be asked twice about the same call, when a worker died: a call that is over is an Ending, not an error.
"""
ENDER_S = 25.0

_enders: dict[str, Ender] = {}


def add_ender(provider: str, ender: Ender) -> None:
    """Make known who ends the calls of a provider."""
    _enders[provider] = ender


def ender_of(provider: str) -> Ender | None:
    """Return who ends the calls of a provider, None when nobody here can."""
    return _enders.get(provider)
