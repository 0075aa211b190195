"""The process that `bench_register` measures: many registrations through one user agent.

`python -m bench.register_process PORT USERS IN_FLIGHT`: registers that many users at 127.0.0.1, each
challenged and answered, and prints one line of JSON: the CPU and wall seconds of this process from the
first send to the last answer, start-up apart.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator

import uvloop

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.flow import Flow
from callsphere.sip.agent.registration import Registration
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.digest import Authenticator, Credentials
from callsphere.sip.resolver import Resolver, Target
from callsphere.sip.trace import NoTrace
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.uri import parse_gateway_uri

EXPIRES_S = 3600
TIMEOUT_S = 10.0


async def register_all(port: int, users: int, in_flight: int) -> dict[str, float]:
    """Register users with the passwords that tests/peers/registrar.cfg knows."""
    policy = AddressPolicy.from_strings(["127.0.0.0/8"])
    agent = UserAgent(
        policy=policy,
        resolver=Resolver(None, policy),
        trust=TlsTrust(),
        product="CallSphere",
        trace=NoTrace(),
    )
    flow = await agent.open(Target("127.0.0.1", port, "udp", "127.0.0.1"), timeout=TIMEOUT_S)
    numbers = iter(range(users))
    gc.collect()
    cpu, wall = time.process_time(), time.monotonic()
    await asyncio.gather(*(_register_some(agent, flow, port, numbers) for _ in range(in_flight)))
    result = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
    agent.close()
    return result


async def _register_some(agent: UserAgent, flow: Flow, port: int, numbers: Iterator[int]) -> None:
    uri = parse_gateway_uri(f"sip:127.0.0.1:{port}")
    for number in numbers:
        user = f"u{number}"
        authenticator = Authenticator(Credentials(user, f"secret of {user}"))
        registration = Registration(
            agent, flow, uri, user, authenticator, expires=EXPIRES_S, timeout=TIMEOUT_S
        )
        granted = await registration.register()
        if granted != EXPIRES_S or [attempt.status for attempt in registration.attempts] != [401, 200]:
            raise RuntimeError(f"{user} was bound for {granted} s after {registration.attempts}")


def main() -> None:
    """Read the arguments, measure, print."""
    port, users, in_flight = (int(argument) for argument in sys.argv[1:])
    print(json.dumps(uvloop.run(register_all(port, users, in_flight))))


if __name__ == "__main__":
    main()
