"""Doing SIP work for many peers at once: event loops in threads of their own, used from any other thread."""

from __future__ import annotations

from callsphere.sip.engine.batch import EngineStopped, PingOutcome, PingRun, PingTarget
from callsphere.sip.engine.engine import PingEngine
from callsphere.sip.engine.registrar import BindingJob, BindingResult, RegistrarEngine

__all__ = [
    "BindingJob",
    "BindingResult",
    "EngineStopped",
    "PingEngine",
    "PingOutcome",
    "PingRun",
    "PingTarget",
    "RegistrarEngine",
]
