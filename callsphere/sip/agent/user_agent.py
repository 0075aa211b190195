"""A user agent on asyncio: sockets, transactions, and who hears what (RFC 3261 §8, §17, §18)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.answering import Arrival, DialogOwner, ReplyPath, answer_to
from callsphere.sip.agent.exchange import Exchange
from callsphere.sip.agent.exchanges import Exchanges
from callsphere.sip.agent.flow import Flow, FlowFailed
from callsphere.sip.agent.ports import DatagramPorts, Source
from callsphere.sip.agent.redialling import AcksInDoubt
from callsphere.sip.agent.ways import Ways
from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Request, Response, parse_message
from callsphere.sip.nat import response_address, stamp_via
from callsphere.sip.resolver import Resolver, Target
from callsphere.sip.trace import Trace
from callsphere.sip.transaction import IncomingRequest
from callsphere.sip.transport.connection import Connection, ConnectionFailed
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.transport.udp import Unreachable
from callsphere.sip.uri import SipUri

REDIAL_S = 4.0
"""How long a new connection for an ACK may take."""


class UserAgent:
    """Sends requests, answers the peer's, and keeps a trace. For one event loop; `close` it at the end.

    Every address passes `policy` before anything is sent there. `advertised_host` stands in Via and
    Contact instead of our address.
    """

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        resolver: Resolver,
        trust: TlsTrust,
        product: str,
        trace: Trace,
        advertised_host: str | None = None,
    ) -> None:
        self.product = product
        self.trace = trace
        self.resolver = resolver
        self.owners: list[DialogOwner] = []
        self._loop = asyncio.get_running_loop()
        self._ports = DatagramPorts(self._datagram_received, self._unreachable)
        self._ways = Ways(
            self, self._ports, policy=policy, resolver=resolver, trust=trust, advertised_host=advertised_host
        )
        self._acks = AcksInDoubt()
        self._exchanges = Exchanges(trace, self._acks, self._answer, self._acknowledged)
        self._watched_branches: dict[str, Callable[[str], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self, target: Target, *, timeout: float, trust: TlsTrust | None = None) -> Flow:
        """The way to a target, opened when there is none; raise FlowFailed.

        `trust` is the TLS context towards it, None for the agent's own.
        """
        return await self._ways.open(target, timeout=timeout, trust=trust)

    async def reopen(self, flow: Flow, *, timeout: float) -> Flow:
        """The way to where a flow led, opened anew when it is closed; raise FlowFailed."""
        return await self._ways.open(flow.target, timeout=timeout, trust=flow.trust)

    async def hop(self, uri: SipUri, current: Flow, *, timeout: float) -> Flow:
        """The way that a next hop names, `current` where it leads there; raise FlowFailed."""
        return await self._ways.hop(uri, current, timeout=timeout)

    # Asking

    def start(
        self,
        request: Request,
        flow: Flow,
        *,
        timeout: float,
        listener: Callable[[Response], None] | None = None,
    ) -> Exchange:
        """Send a request as a transaction of its own; `timeout` bounds the wait for its first answer."""
        return self._exchanges.start(request, flow, timeout=timeout, listener=listener)

    async def ask(self, request: Request, flow: Flow, *, timeout: float) -> Response:
        """Send a request and wait for its final response; raise NoFinalAnswer."""
        exchange = self.start(request, flow, timeout=timeout)
        return await exchange.final

    def was_repeated(self, request: Request) -> bool:
        """Whether a request went out more than once: its first copy may have used up the nonce it carries."""
        return self._exchanges.was_repeated(request)

    def cancel(self, exchange: Exchange, *, wait: float) -> None:
        """Give an INVITE up (RFC 3261 §9.1)."""
        self._exchanges.cancel(exchange, wait=wait)

    def send_ack(self, ack: Request, flow: Flow, unreachable: Callable[[str], None] | None = None) -> None:
        """Send an ACK for a 2xx; `unreachable` hears of an ICMP error about it. Raises FlowFailed."""
        if unreachable is not None and not flow.reliable:
            self._watched_branches[ack.via.branch or ""] = unreachable
        data = ack.to_bytes()
        self._acks.sent(flow, data)
        flow.send(data)
        self.trace.add("sent", data, flow.label, time.monotonic(), ack)

    def send_again(self, response: Response, path: ReplyPath) -> None:
        """Repeat a 2xx of ours to a peer's INVITE."""
        data = response.to_bytes()
        path(data)
        self.trace.add("sent", data, "", time.monotonic(), response)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something run beside; `settle` waits for it."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self, *, timeout: float) -> None:
        """Wait until what runs beside is done, but not for ever."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)

    def close(self) -> None:
        """Close all sockets."""
        self._closed = True
        self._exchanges.close()
        for task in self._tasks:
            task.cancel()
        self._ways.close()
        self._ports.close()

    # What arrives

    def message_received(self, connection: Connection, message: Request | Response) -> None:
        """A message came over a connection."""
        flow = self._ways.flow_of(connection)
        label = flow.label if flow is not None else ""
        if self.trace.keeps:
            self.trace.add("received", message.to_bytes(), label, time.monotonic(), message)
        if flow is not None:
            flow.heard = True
            exchange = self._exchanges.waiting(message.via.branch or "")
            if isinstance(message, Response) and exchange is not None:
                self._acks.heard(flow, exchange.sent_at)

        def answer(data: bytes) -> None:
            with contextlib.suppress(ConnectionFailed):
                connection.send(data)

        address = flow.target.address if flow is not None else ""
        self._exchanges.take(message, address, Arrival(answer, label), reliable=True)

    def oddity_received(self, connection: Connection, what: str, data: bytes) -> None:
        """Something unreadable came over a connection."""
        flow = self._ways.flow_of(connection)
        if flow is not None:
            self._exchanges.note(flow.target.address, what)
            self.trace.add("received", data, flow.label, time.monotonic())

    def connection_ended(self, connection: Connection, failure: ConnectionFailed) -> None:
        """A connection is over: whatever waits on it will get no answer (RFC 3261 §17.1.4)."""
        flow = self._ways.flow_of(connection)
        if flow is None:
            return
        ack = self._acks.ended(flow)
        if ack is not None and not self._closed:
            self.spawn(self._send_ack_anew(ack, flow))
        self._exchanges.fail_all(flow, FlowFailed(failure.stage, failure.cause, failure.detail))

    async def _send_ack_anew(self, ack: bytes, old: Flow) -> None:
        # Apart from the connection of our next request: some peers close theirs after an ACK as well.
        with contextlib.suppress(FlowFailed):
            flow = await self._ways.open_apart(old, timeout=REDIAL_S)
            flow.send(ack)
            self.trace.add("sent", ack, flow.label, time.monotonic())

    def _datagram_received(self, family: socket.AddressFamily, data: bytes, source: Source) -> None:
        label = f"{_hostport(source)}/udp"
        if not data.strip(b"\r\n\0 "):
            return  # a keep-alive (RFC 5626 §3.5.1)
        now = time.monotonic()
        try:
            message = parse_message(data)
        except SipParseError as error:
            self.trace.add("received", data, label, now)
            self._exchanges.note(source[0], error.reason)
            return
        self.trace.add("received", data, label, now, message)
        destination = source
        if isinstance(message, Request):
            stamp_via(message, *source)
            destination = response_address(message.via, source)
        arrival = Arrival(lambda reply: self._ports.send(family, reply, destination), label)
        self._exchanges.take(message, source[0], arrival, reliable=False)

    def _unreachable(self, branch: str, error: Unreachable) -> None:
        """ICMP said that a datagram did not arrive (RFC 3261 §18.4)."""
        if error.errno != errno.ECONNREFUSED:
            return  # routers say so in passing faults as well
        exchange = self._exchanges.waiting(branch)
        watcher = self._watched_branches.get(branch)
        detail = "The port is closed: ICMP port unreachable came back."
        if watcher is not None:
            watcher(detail)
        elif exchange is not None and exchange.flow.target.port == error.port:
            self._exchanges.fail(exchange, FlowFailed("open", "connect_refused", detail))

    def _answer(self, event: IncomingRequest, arrival: Arrival) -> Response | None:
        return answer_to(event, arrival.path, self.owners, self.product)

    def _acknowledged(self, ack: Request) -> None:
        any(owner.take_ack(ack) for owner in self.owners)


def _hostport(source: Source) -> str:
    host, port = source
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
