"""Pings made by a process that is short of something. Prints how many were alive, ours, and the peer's fault.

Arguments: transport, port, how many peers (127.0.0.1 and up), and how many descriptors are left after the
engine's start ("all": as many as the limit allows).
"""

import json
import resource
import sys
from pathlib import Path

from callsphere.sip.engine import PingTarget
from callsphere.sip.uri import SipUri
from tests.sip.pinging import LONG_S, flat, new_engine

transport, port, count, left = sys.argv[1:]
with new_engine() as engine:
    if left != "all":
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + int(left), hard))
    uris = [f"sip:127.0.0.{number + 1}:{port};transport={transport}" for number in range(int(count))]
    targets = [PingTarget(uri, SipUri.parse(uri), LONG_S) for uri in uris]
    outcomes = flat(engine.ping_many(targets, in_flight=len(targets)))
alive = sum(outcome.alive for outcome in outcomes)
ours = sum(outcome.is_ours for outcome in outcomes)
sys.stdout.write(json.dumps([alive, ours, len(outcomes) - alive - ours]))
