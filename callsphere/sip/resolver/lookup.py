"""DNS questions with a bounded cache, each asked once however many wait for its answer."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

MAX_RECORDS = 8
"""How many records of one answer are used; what a name may make us do is bounded."""

_UNREADABLE = "the name is no DNS name"


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one question: presentation data of dnspython, all of them and at most some thousands.

    `failure` is None when the question was answered ("no such name" is an answer), else why it was not.
    """

    records: tuple[Any, ...] = ()
    failure: str | None = None


class DnsLookup:
    """Asks name servers, never search domains or the hosts file.

    `nameservers` are (address, port) pairs, None for those of the system. `timeout_s` bounds one
    try at one server, `lifetime_s` one question. Answers are kept for their TTL, at least and at
    most the seconds in `ttl_bounds`, `cache_size` of them. For use in one event loop.
    """

    def __init__(
        self,
        nameservers: Sequence[tuple[str, int]] | None,
        *,
        timeout_s: float = 1.5,
        lifetime_s: float = 4.0,
        ttl_bounds: tuple[float, float] = (30.0, 3600.0),
        cache_size: int = 20_000,
    ) -> None:
        self._nameservers = nameservers
        self._timeout_s = timeout_s
        self._lifetime_s = lifetime_s
        self._ttl_bounds = ttl_bounds
        self._cache_size = cache_size
        self._cache: OrderedDict[tuple[str, str], tuple[float, Answer]] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Task[Answer]] = {}
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def ask(self, name: str, rdtype: str) -> Answer:
        """The answer for a name (without final dot) and record type; never raises for what DNS does."""
        key = (name.lower(), rdtype)
        cached = self._cache.get(key)
        if cached is not None and cached[0] > time.monotonic():
            self._cache.move_to_end(key)
            return cached[1]
        task = self._asking.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask_servers(key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        # Shielded: one impatient asker must not take the answer from the others.
        return await asyncio.shield(task)

    def forget(self) -> None:
        """Drop all cached answers."""
        self._cache.clear()

    async def _ask_servers(self, key: tuple[str, str]) -> Answer:
        name, rdtype = key
        try:
            absolute = dns.name.from_text(f"{name}.")
            answer = await self._configured().resolve(
                absolute, rdtype, search=False, raise_on_no_answer=False, lifetime=self._lifetime_s
            )
        except dns.resolver.NXDOMAIN:
            return self._keep(key, Answer(), 0)
        except dns.resolver.NoResolverConfiguration:
            return Answer(failure="no name server is configured")
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return Answer(failure=None)
        except dns.exception.Timeout:
            return Answer(failure="timed out")
        except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN):
            return Answer(failure="refused or failed")
        except (dns.exception.DNSException, OSError) as error:
            return Answer(failure=type(error).__name__)
        if answer.rrset is None:
            return self._keep(key, Answer(), 0)
        return self._keep(key, Answer(tuple(answer.rrset)), answer.chaining_result.minimum_ttl)

    def _keep(self, key: tuple[str, str], answer: Answer, ttl: float) -> Answer:
        shortest, longest = self._ttl_bounds
        self._cache[key] = (time.monotonic() + min(max(ttl, shortest), longest), answer)
        self._cache.move_to_end(key)
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return answer

    def _configured(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=self._nameservers is None)
            if self._nameservers is not None:
                resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(str(ip_address(address)), port)
                    for address, port in self._nameservers
                ]
            resolver.timeout = self._timeout_s
            resolver.cache = None
            self._resolver = resolver
        return self._resolver
