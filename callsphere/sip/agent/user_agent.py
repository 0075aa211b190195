"""A user agent on asyncio: sockets, transactions, and who hears what (RFC 3261 §8, §17, §18)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from callsphere.lib.netguard import AddressPolicy, AddressRefused
from callsphere.sip.agent.exchange import Exchange
from callsphere.sip.agent.flow import (
    ConnectionFlow,
    DatagramFlow,
    Flow,
    FlowFailed,
    family_of,
    our_address,
)
from callsphere.sip.agent.ports import DatagramPorts, Source
from callsphere.sip.dialog import answer_outside
from callsphere.sip.errors import SipParseError
from callsphere.sip.message import Request, Response, parse_message
from callsphere.sip.nat import LocalFlow, response_address, stamp_via, stays_on_flow
from callsphere.sip.resolver import ResolutionError, Resolver, Target
from callsphere.sip.trace import Trace
from callsphere.sip.transaction import (
    ClientTransaction,
    Event,
    IncomingAck,
    IncomingRequest,
    InviteClientTransaction,
    Send,
    StrayResponse,
    TransactionLayer,
)
from callsphere.sip.transport.connection import Connection, ConnectionFailed, open_connection
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.transport.udp import Unreachable
from callsphere.sip.uri import SipUri

Way = Callable[[bytes], None]
"""Where the answers to a request of the peer's go."""

MAX_ODDITIES = 256


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Where a request of the peer's came from, for its answers and the trace."""

    way: Way
    label: str


class DialogOwner(Protocol):
    """Whoever has dialogs that the peer may send requests in."""

    def take_request(self, request: Request, way: Way) -> Response | None:
        """Answer a request of one's own dialogs; None for others'."""

    def take_ack(self, request: Request) -> bool:
        """Take an ACK of one's own dialogs; whether it was one."""


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
        self._policy = policy
        self._trust = trust
        self._advertised_host = advertised_host
        self._loop = asyncio.get_running_loop()
        self._layer = TransactionLayer()
        self._ports = DatagramPorts(self._datagram_received, self._unreachable)
        self._flows: dict[Target, Flow] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._watched_branches: dict[str, Callable[[str], None]] = {}
        self._oddities: deque[tuple[float, str, str]] = deque(maxlen=MAX_ODDITIES)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # Ways

    async def open(self, target: Target, *, timeout: float) -> Flow:
        """The way to a target, opened when there is none; raise FlowFailed."""
        known = self._flows.get(target)
        if known is not None and known.failure is None:
            return known
        try:
            self._policy.check(target.address)
        except AddressRefused as refusal:
            raise FlowFailed("connect", "address_refused", str(refusal)) from None
        host = our_address(target.address)
        if target.transport == "udp":
            flow: Flow = self._open_datagrams(target, host)
        else:
            flow = await self._open_connection(target, timeout)
        self._flows[target] = flow
        return flow

    async def hop(self, uri: SipUri, current: Flow, *, timeout: float) -> Flow:
        """The way that a next hop names: the current connection where it leads there, else a new one.

        Raises FlowFailed with what became of the last address tried.
        """
        remote = (current.target.address, current.target.port)
        usable = current.failure is None
        if current.reliable and stays_on_flow(uri, current.target.transport, remote):
            # Dialled again where the peer has closed it: the certificate is still for the name first used.
            return current if usable else await self.open(current.target, timeout=timeout)
        try:
            async with asyncio.timeout(timeout):
                targets = await self.resolver.resolve(uri)
        except ResolutionError as error:
            raise FlowFailed("dns", error.cause, error.detail) from None
        except TimeoutError:
            raise FlowFailed("dns", "dns_timeout", f"{uri.host}: no answer in time") from None
        failure: FlowFailed | None = None
        for target in targets:
            here = (target.address, target.port) == remote
            if here and usable and (target.transport == current.target.transport or _unnamed(uri, current)):
                return current
            try:
                return await self.open(target, timeout=timeout)
            except FlowFailed as failed:
                failure = failed
        raise failure or FlowFailed("dns", "dns_not_found", f"{uri.host}: no address")

    def _open_datagrams(self, target: Target, host: str) -> Flow:
        try:
            udp = self._ports.get(family_of(target.address))
        except OSError as error:
            raise FlowFailed("connect", "connect_timeout", f"{error.strerror}.") from None
        return DatagramFlow(target, LocalFlow("udp", host, udp.port, self._advertised_host), udp)

    async def _open_connection(self, target: Target, timeout: float) -> Flow:
        tls = self._trust.client(target.server_name) if target.transport == "tls" else None
        try:
            connection, took = await open_connection(self, target.address, target.port, tls, timeout=timeout)
        except ConnectionFailed as failure:
            raise FlowFailed(failure.stage, failure.cause, failure.detail) from None
        host, port = connection.local
        local = LocalFlow(target.transport, host, port, self._advertised_host)
        return ConnectionFlow(target, local, connection, took)

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
        now = time.monotonic()
        transaction = self._layer.request(request, reliable=flow.reliable, now=now, timeout=timeout)
        exchange = Exchange(transaction, flow, listener)
        transaction.context = exchange
        self._exchanges[request.via.branch or ""] = exchange
        self._send(exchange, transaction.outgoing())
        self._schedule()
        return exchange

    async def ask(self, request: Request, flow: Flow, *, timeout: float) -> Response:
        """Send a request and wait for its final response; raise NoFinalAnswer."""
        exchange = self.start(request, flow, timeout=timeout)
        return await exchange.final

    def cancel(self, exchange: Exchange, *, wait: float) -> None:
        """Give an INVITE up (RFC 3261 §9.1)."""
        transaction = exchange.transaction
        if isinstance(transaction, InviteClientTransaction):
            self._carry_out(self._layer.cancel(transaction, time.monotonic(), wait=wait))

    def send_ack(self, ack: Request, flow: Flow, unreachable: Callable[[str], None] | None = None) -> None:
        """Send an ACK for a 2xx; `unreachable` hears of an ICMP error about it. Raises FlowFailed."""
        if unreachable is not None and not flow.reliable:
            self._watched_branches[ack.via.branch or ""] = unreachable
        data = ack.to_bytes()
        flow.send(data)
        self.trace.add("sent", data, flow.label, time.monotonic(), ack)

    def oddity(self, address: str, since: float) -> str | None:
        """What unusable thing came from an address since then, None when nothing did."""
        return next((what for at, source, what in self._oddities if at >= since and source == address), None)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something run beside; `settle` waits for it."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, *, timeout: float) -> None:
        """Wait until what runs beside is done, but not for ever."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout)

    def close(self) -> None:
        """Close all sockets."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        for flow in self._flows.values():
            flow.close()
        self._ports.close()

    # What arrives

    def message_received(self, connection: Connection, message: Request | Response) -> None:
        """A message came over a connection."""
        flow = self._flow_of(connection)
        label = flow.label if flow is not None else ""
        self.trace.add("received", message.to_bytes(), label, time.monotonic(), message)

        def answer(data: bytes) -> None:
            with contextlib.suppress(ConnectionFailed):
                connection.send(data)

        address = flow.target.address if flow is not None else ""
        self._take(message, (address, 0), answer, label, reliable=True)

    def oddity_received(self, connection: Connection, what: str, data: bytes) -> None:
        """Something unreadable came over a connection."""
        flow = self._flow_of(connection)
        if flow is not None:
            self._note(flow.target.address, what)
            self.trace.add("received", data, flow.label, time.monotonic())

    def connection_ended(self, connection: Connection, failure: ConnectionFailed) -> None:
        """A connection is over: whatever waits on it will get no answer (RFC 3261 §17.1.4)."""
        flow = self._flow_of(connection)
        for exchange in list(self._exchanges.values()):
            if exchange.flow is flow and not exchange.transaction.finished:
                self._fail(exchange, FlowFailed(failure.stage, failure.cause, failure.detail))

    def _datagram_received(self, family: socket.AddressFamily, data: bytes, source: Source) -> None:
        label = f"{_hostport(source)}/udp"
        if not data.strip(b"\r\n\0 "):
            return  # a keep-alive (RFC 5626 §3.5.1)
        now = time.monotonic()
        try:
            message = parse_message(data)
        except SipParseError as error:
            self.trace.add("received", data, label, now)
            self._note(source[0], error.reason)
            return
        self.trace.add("received", data, label, now, message)
        destination = source
        if isinstance(message, Request):
            stamp_via(message, *source)
            destination = response_address(message.via, source)
        self._take(
            message, source, lambda reply: self._ports.send(family, reply, destination), label, reliable=False
        )

    def _unreachable(self, branch: str, error: Unreachable) -> None:
        """ICMP said that a datagram did not arrive (RFC 3261 §18.4)."""
        if error.errno != errno.ECONNREFUSED:
            return  # routers say so in passing faults as well
        exchange = self._exchanges.get(branch)
        watcher = self._watched_branches.get(branch)
        detail = "The port is closed: ICMP port unreachable came back."
        if watcher is not None:
            watcher(detail)
        elif exchange is not None and exchange.flow.target.port == error.port:
            self._fail(exchange, FlowFailed("open", "connect_refused", detail))

    def _take(
        self, message: Request | Response, source: Source, way: Way, label: str, *, reliable: bool
    ) -> None:
        if self._closed:
            return
        for event in self._layer.receive(message, time.monotonic(), reliable=reliable):
            if isinstance(event, IncomingRequest):
                event.transaction.context = _Arrival(way, label)
                self._answer(event, way)
            elif isinstance(event, IncomingAck):
                any(owner.take_ack(event.request) for owner in self.owners)
            elif isinstance(event, StrayResponse) and event.ended is None:
                self._note(source[0], "an answer to another transaction")
            else:
                self._carry_out([event])
        self._schedule()

    def _answer(self, event: IncomingRequest, way: Way) -> None:
        request = event.request
        response: Response | None = None
        if event.merged:
            response = request.respond(482, to_tag=_tag())
        elif request.method == "CANCEL":
            response = request.respond(200 if event.cancels is not None else 481, to_tag=_tag())
        for owner in self.owners if response is None else ():
            response = owner.take_request(request, way)
            if response is not None:
                break
        response = response or answer_outside(request, to_tag=_tag(), user_agent=self.product)
        if response is not None:
            self._carry_out(self._layer.respond(event.transaction, response, time.monotonic()))

    # Carrying out

    def _carry_out(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Send):
                self._transmit(event)
                continue
            ended = event.ended if isinstance(event, StrayResponse) else None
            transaction = ended or getattr(event, "transaction", None)
            exchange = transaction.context if isinstance(transaction, ClientTransaction) else None
            # A CANCEL shares the context of its INVITE; what becomes of it is of no interest.
            if isinstance(exchange, Exchange) and exchange.transaction is transaction:
                exchange.take(event, self.oddity(exchange.flow.target.address, exchange.sent_at))
        self._schedule()

    def _transmit(self, event: Send) -> None:
        transaction = event.transaction
        if isinstance(transaction.context, _Arrival):
            transaction.context.way(event.data)
            self.trace.add("sent", event.data, transaction.context.label, time.monotonic())
        elif isinstance(transaction, ClientTransaction) and isinstance(transaction.context, Exchange):
            self._send(transaction.context, event.data, transaction)

    def _send(self, exchange: Exchange, data: bytes, transaction: ClientTransaction | None = None) -> None:
        try:
            exchange.flow.send(data)
        except FlowFailed as failure:
            if transaction is None or transaction is exchange.transaction:
                self._loop.call_soon(self._fail, exchange, failure)
            return
        self.trace.add("sent", data, exchange.flow.label, time.monotonic())

    def send_again(self, response: Response, way: Way) -> None:
        """Repeat a 2xx of ours to a peer's INVITE."""
        data = response.to_bytes()
        way(data)
        self.trace.add("sent", data, "", time.monotonic(), response)

    def _fail(self, exchange: Exchange, failure: FlowFailed) -> None:
        if self._closed or exchange.transaction.finished:
            return
        exchange.failure = failure
        reason = failure.detail
        self._carry_out(self._layer.transport_failed(exchange.transaction, reason, time.monotonic()))

    def _note(self, address: str, what: str) -> None:
        self._oddities.append((time.monotonic(), address, what))

    def _flow_of(self, connection: Connection) -> Flow | None:
        for flow in self._flows.values():
            if isinstance(flow, ConnectionFlow) and flow.connection is connection:
                return flow
        return None

    # Time

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._layer.next_timer()
        if due is not None and not self._closed:
            self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._tick)

    def _tick(self) -> None:
        self._carry_out(self._layer.handle_timer(time.monotonic()))


def _unnamed(uri: SipUri, current: Flow) -> bool:
    """Whether a URI with the address of our connection leaves out, or blurs, which transport it means."""
    if not current.reliable or (uri.scheme == "sips" and current.target.transport != "tls"):
        return False
    # ";transport=tcp" at a port that speaks TLS names what TLS runs on (RFC 3261 §26.2.2).
    return uri.explicit_transport in (None, "tcp")


def _hostport(source: Source) -> str:
    host, port = source
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tag() -> str:
    return os.urandom(6).hex()
