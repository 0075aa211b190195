"""DNS questions with a bounded cache, each asked once however many wait for its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from callsphere.lib.bounded_cache import BoundedCache
from callsphere.sip.resolver.questions import ask
from callsphere.sip.resolver.records import Naptr, Srv
from callsphere.sip.resolver.wire import ABSENT_S, Reply, Unusual, make_query, read_reply

MAX_RECORDS = 8
"""How many records of one answer are used; what a name may make us do is bounded."""
RECORDS_PER_NAME = 6
"""NAPTR, two or three SRV, A, AAAA: what one SIP name makes us keep, absent ones included."""
NAMES_KEPT = 50_000

SILENT_S = 60.0
"""How long an unanswered question for a record that names need not have is not asked again."""
_OPTIONAL = frozenset({"NAPTR", "SRV", "AAAA"})

Question = tuple[str, str]
"""Name in lower case without final dot, record type."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one question, all of them and at most some thousands.

    Addresses are texts, the others `Srv` and `Naptr`. `failure` is None when the question was
    answered ("no such name" is an answer), else why it was not. The answer may be used again until
    the clock passes `fresh_until`.
    """

    records: tuple[Any, ...] = ()
    fresh_until: float = 0.0
    failure: str | None = None


class DnsLookup:
    """Asks name servers, never search domains or the hosts file.

    `nameservers` are (address, port) pairs, None for those of the system. `timeout_s` bounds one
    try at one server, `lifetime_s` one question. Answers are kept for their TTL, at least and at
    most the seconds in `ttl_bounds`: gateways are probed every half minute, and carriers with a TTL
    of less would be asked every time. The news that there is no such record is kept as the zone's
    SOA says (RFC 2308 §5), within the same bounds. `cache_size` bounds the records kept, an absent
    one counting as one. `clock` gives monotonic seconds. For use in one event loop.
    """

    def __init__(
        self,
        nameservers: Sequence[tuple[str, int]] | None,
        *,
        timeout_s: float = 1.5,
        lifetime_s: float = 4.0,
        ttl_bounds: tuple[float, float] = (60.0, 3600.0),
        cache_size: int = NAMES_KEPT * RECORDS_PER_NAME,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.cache_size = cache_size
        self._nameservers = nameservers
        self._timeout_s = timeout_s
        self._lifetime_s = lifetime_s
        self._ttl_bounds = ttl_bounds
        self._cache: BoundedCache[Question, Answer] = BoundedCache(cache_size)
        self._asking: dict[Question, asyncio.Task[Answer]] = {}
        self._resolver: dns.asyncresolver.Resolver | None = None

    def cached(self, question: Question) -> Answer | None:
        """The answer, when it is known and fresh."""
        answer = self._cache.get(question)
        return answer if answer is not None and answer.fresh_until > self.clock() else None

    async def ask(self, name: str, rdtype: str) -> Answer:
        """The answer for a name (without final dot) and record type; never raises for what DNS does."""
        question = (name.lower(), rdtype)
        answer = self.cached(question)
        if answer is not None:
            return answer
        task = self._asking.get(question)
        if task is None:
            task = asyncio.ensure_future(self._ask_servers(question))
            self._asking[question] = task
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        # Shielded: one impatient asker must not take the answer from the others.
        return await asyncio.shield(task)

    def doubt_absence(self, questions: Iterable[Question], seconds: float) -> None:
        """Ask again after `seconds` at the latest for those of these records that are absent.

        For names that led nowhere: their owner may be putting them right.
        """
        until = self.clock() + seconds
        for question in questions:
            answer = self._cache.get(question)
            if answer is not None and not answer.records and answer.fresh_until > until:
                self._cache.put(question, replace(answer, fresh_until=until))

    def give_up(self, question: Question) -> Answer:
        """Nobody answered; not asked again soon where names need not have such a record."""
        if question[1] not in _OPTIONAL:
            return Answer(failure="timed out")
        answer = Answer(failure="timed out", fresh_until=self.clock() + SILENT_S)
        self._cache.put(question, answer)
        return answer

    def forget(self) -> None:
        """Drop all cached answers."""
        self._cache.clear()

    async def _ask_servers(self, question: Question) -> Answer:
        until = time.monotonic() + self._lifetime_s
        reply = await self._plain_reply(question, until)
        if reply is not None:
            return self._keep(question, reply.records, reply.ttl)
        left = until - time.monotonic()
        return await self._ask_fully(question, left) if left > 0 else Answer(failure="timed out")

    async def _plain_reply(self, question: Question, until: float) -> Reply | None:
        """Ask each server once; None when none gave a plain answer. Takes a quarter of dnspython's CPU."""
        query = make_query(*question)
        if query is None:
            return None
        for server in self._servers():
            patience = min(self._timeout_s, until - time.monotonic())
            if patience <= 0:
                break
            try:
                reply = await ask(
                    server, query.data, lambda data: read_reply(data, query), timeout_s=patience
                )
            except Unusual:
                break
            if reply is not None:
                return reply
        return None

    def _servers(self) -> Sequence[tuple[str, int]]:
        """Addresses and ports to ask over UDP."""
        if self._nameservers is not None:
            return self._nameservers
        try:
            resolver = self._configured()
        except dns.resolver.NoResolverConfiguration:
            return ()
        return [(server, resolver.port) for server in resolver.nameservers if isinstance(server, str)]

    async def _ask_fully(self, question: Question, lifetime_s: float) -> Answer:
        """Ask by all the rules: again, over TCP, for whatever records there are."""
        name, rdtype = question
        try:
            absolute = dns.name.from_text(f"{name}.")
            answer = await self._configured().resolve(
                absolute, rdtype, search=False, raise_on_no_answer=False, lifetime=lifetime_s
            )
        except dns.resolver.NXDOMAIN as absent:
            return self._keep(question, (), absence_ttl(absent.response(absolute)))
        except dns.resolver.NoResolverConfiguration:
            return Answer(failure="no name server is configured")
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return Answer()
        except dns.exception.Timeout:
            return self.give_up(question)
        except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN):
            return Answer(failure="refused or failed")
        except (dns.exception.DNSException, OSError) as error:
            return Answer(failure=type(error).__name__)
        if answer.rrset is None:
            return self._keep(question, (), absence_ttl(answer.response))
        records = tuple(map(_READERS.get(rdtype, str), answer.rrset))
        return self._keep(question, records, answer.chaining_result.minimum_ttl)

    def _keep(self, question: Question, records: tuple[Any, ...], ttl: float) -> Answer:
        shortest, longest = self._ttl_bounds
        answer = Answer(records, self.clock() + min(max(ttl, shortest), longest))
        self._cache.put(question, answer, max(1, len(records)))
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


def absence_ttl(response: dns.message.Message) -> float:
    """Seconds for which "there is no such record" holds: the lesser of the SOA's TTL and MINIMUM.

    RFC 2308 §5. The SOA must be of the name's own zone or one above; without one it is ABSENT_S, and
    a CNAME on the way never holds longer than its own TTL.
    """
    name = response.question[0].name
    ttls: list[float] = []
    for rrset in response.answer:
        if rrset.rdtype == dns.rdatatype.CNAME and rrset.name == name:
            ttls.append(rrset.ttl)
            name = rrset[0].target
    zones = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA]
    absence = [min(rrset.ttl, rrset[0].minimum) for rrset in zones if name.is_subdomain(rrset.name)]
    return min([*ttls, *(absence or [ABSENT_S])])


def _read_srv(record: Any) -> Srv:
    return Srv(record.priority, record.weight, record.port, _name(record.target))


def _read_naptr(record: Any) -> Naptr:
    return Naptr(
        record.order,
        record.preference,
        record.flags.decode("ascii", "replace").lower(),
        record.service.decode("ascii", "replace").lower(),
        record.regexp.decode("ascii", "replace"),
        _name(record.replacement),
    )


def _read_address(record: Any) -> str:
    return str(record.address)


def _name(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower() if len(name) > 1 else ""


_READERS: dict[str, Callable[[Any], Any]] = {
    "A": _read_address,
    "AAAA": _read_address,
    "NAPTR": _read_naptr,
    "SRV": _read_srv,
}
