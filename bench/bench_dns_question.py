"""What a question to a name server costs, beside dnspython with the same questions to the same server."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

import dns.asyncresolver
import dns.nameserver
import uvloop

from bench.framework import Figure, alternate
from bench.name_server import name_server
from callsphere.sip.resolver import DnsLookup

NAME = "dns"
GOAL = "at most half of dnspython's CPU for a plain question over UDP"

NAMES = 1_500
IN_FLIGHT = 100

Ask = Callable[[str, str], Awaitable[object]]


def run() -> list[Figure]:
    """Microseconds of CPU for each question; half of the records are there, half are not."""
    with name_server() as server:
        ours, peer = alternate(lambda: _cost_us(_ours(server)), lambda: _cost_us(_dnspython(server)))
    return [
        Figure(
            "dns question",
            round(ours, 1),
            "us",
            peer="dnspython",
            peer_value=round(peer, 1),
            goal="ratio <= 0.5",
        )
    ]


def _ours(server: tuple[str, int]) -> Ask:
    return DnsLookup([server]).ask


def _dnspython(server: tuple[str, int]) -> Ask:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(*server)]
    resolver.cache = None

    async def ask(name: str, rdtype: str) -> object:
        return await resolver.resolve(f"{name}.", rdtype, search=False, raise_on_no_answer=False)

    return ask


def _cost_us(ask: Ask) -> float:
    questions = [(f"g{number}.bench.test", rdtype) for number in range(NAMES) for rdtype in ("A", "AAAA")]

    async def ask_all() -> float:
        waiting = iter(questions)

        async def work() -> None:
            for question in waiting:
                await ask(*question)

        await asyncio.gather(*(ask(*question) for question in itertools.islice(waiting, IN_FLIGHT)))
        before = time.process_time()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return time.process_time() - before

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ask_all()) / (len(questions) - IN_FLIGHT) * 1e6
