"""Pinging many peers at once: an event loop in a thread of its own, used from any other thread."""

from __future__ import annotations

from callsphere.sip.engine.batch import EngineStopped, PingOutcome, PingRun, PingTarget
from callsphere.sip.engine.engine import PingEngine

__all__ = ["EngineStopped", "PingEngine", "PingOutcome", "PingRun", "PingTarget"]
