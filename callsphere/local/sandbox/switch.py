"""A sandbox carrier without sockets and clock: messages and the time in, messages and timers out."""

from __future__ import annotations

from dataclasses import dataclass

from callsphere.local.sandbox.agenda import Agenda
from callsphere.local.sandbox.behaviour import Behaviour
from callsphere.local.sandbox.call import Call
from callsphere.local.sandbox.doorkeeper import Doorkeeper
from callsphere.local.sandbox.refusals import ALLOWED, refuse
from callsphere.local.sandbox.registrar import Registrar
from callsphere.local.sandbox.way import Way
from callsphere.sip.dialog import answer_outside
from callsphere.sip.message import Request, Response
from callsphere.sip.transaction import (
    Event,
    Final,
    FurtherSuccess,
    IncomingAck,
    IncomingRequest,
    Send,
    ServerTransaction,
    TimedOut,
    TransactionLayer,
)

MAX_CALLS = 5000
"""Calls at once; more are refused with 503."""
MAX_REQUESTS = 20_000
"""Requests kept at once, each for 32 s over UDP (RFC 3261 §17.2.2): a call has two to five."""
CLEAN_UP_S = 60.0
"""How often ended registrations are looked for."""

GUARDED = frozenset({"REGISTER", "INVITE"})
NOBODY_THERE = 480
"""What a user agent without dialogs answers a call with; everything else is a refusal that we share."""

Outgoing = tuple[Way, bytes]
DialogKey = tuple[str, str, str]


@dataclass(slots=True)
class Thread:
    """The way of a transaction's messages, and the call that it is about."""

    way: Way
    call: Call | None = None


class Switch:
    """One carrier, whatever sockets it has. `now` is monotonic seconds everywhere."""

    def __init__(self, name: str, behaviour: Behaviour, now: float) -> None:
        self.product = f"CallSphere sandbox ({name})"
        self.registrar = Registrar(behaviour.registry)
        self._behaviour = behaviour
        self._doorkeeper = None if behaviour.guard is None else Doorkeeper(behaviour.guard)
        self._layer = TransactionLayer(capacity=MAX_REQUESTS)
        self._calls: dict[DialogKey, Call] = {}
        self._agenda: Agenda[Call] = Agenda()
        self._started = now
        self._clean_up_at: float | None = None
        self._out: list[Outgoing] = []

    def __len__(self) -> int:
        """How many calls, transactions and bindings are kept."""
        return len(self._calls) + len(self._layer) + len(self.registrar)

    def receive(self, message: Request | Response, way: Way, now: float) -> list[Outgoing]:
        """Take a message; give what is to be sent."""
        if not self._behaviour.hears(now - self._started):
            return []
        if isinstance(message, Response):
            self._take(self._layer.receive(message, now), way, now)
            return self._emptied(now)
        back = way.back(message)
        if message.method == "OPTIONS" and message.to_tag is None:
            # Without state (RFC 3261 §8.2.7): pings come by the ten thousand, and repetitions get the same.
            answer = self._refused(message) or self._answer_outside(message)
            self.send(back, self._signed(answer).to_bytes())
        else:
            self._take(self._layer.receive(message, now, reliable=way.reliable), back, now)
        return self._emptied(now)

    def next_timer(self) -> float | None:
        """When `handle_timer` is due, None when nothing is going on."""
        times = (self._layer.next_timer(), self._agenda.next(), self._clean_up_at)
        return min((due for due in times if due is not None), default=None)

    def handle_timer(self, now: float) -> list[Outgoing]:
        """Do what is due; give what is to be sent."""
        self._take(self._layer.handle_timer(now), None, now)
        while (call := self._agenda.take(now)) is not None:
            call.handle_timer(now)
            self._settle(call)
        if self._clean_up_at is not None and self._clean_up_at <= now:
            self.registrar.forget_expired(now)
            self._clean_up_at = now + CLEAN_UP_S if len(self.registrar) else None
        return self._emptied(now)

    # What calls need

    def respond(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        """Answer a request."""
        self._take(self._layer.respond(transaction, self._signed(response), now), None, now)

    def send(self, way: Way, data: bytes) -> None:
        """Send what belongs to no transaction."""
        self._out.append((way, data))

    def ask(self, request: Request, call: Call, now: float) -> None:
        """Send a request of a call's."""
        # Nobody waits for what is said to a BYE, and the layer remembers its transactions for a while.
        thread = Thread(call.way, None if request.method == "BYE" else call)
        transaction = self._layer.request(request, reliable=call.way.reliable, now=now, context=thread)
        self.send(call.way, transaction.outgoing())

    # Events

    def _take(self, events: list[Event], way: Way | None, now: float) -> None:
        for event in events:
            if isinstance(event, Send):
                self._transmit(event)
            elif isinstance(event, IncomingRequest) and way is not None:
                event.transaction.context = Thread(way)
                self._take_request(event, way, now)
            elif isinstance(event, IncomingAck):
                self._take_ack(event.request, now)
            elif isinstance(event, Final | FurtherSuccess | TimedOut):
                self._take_answer(event, now)

    def _transmit(self, event: Send) -> None:
        thread = event.transaction.context
        if isinstance(thread, Thread):
            self.send(thread.way, event.data)

    def _take_request(self, event: IncomingRequest, way: Way, now: float) -> None:
        request, transaction = event.request, event.transaction
        if request.method == "CANCEL":
            self._cancel(event, now)
        elif event.merged:
            self.respond(transaction, request.respond(482, to_tag=_tag(request)), now)  # RFC 3261 §8.2.2.2
        elif request.to_tag is not None:
            self._take_inside(transaction, way, now)
        else:
            self._take_outside(transaction, way, now)

    def _cancel(self, event: IncomingRequest, now: float) -> None:
        cancelled = event.cancels.context if event.cancels is not None else None
        call = cancelled.call if isinstance(cancelled, Thread) else None
        to_tag = call.dialog.local.tag if call is not None else _tag(event.request)
        status = 481 if event.cancels is None else 200
        self.respond(event.transaction, event.request.respond(status, to_tag=to_tag), now)
        if call is not None:
            call.cancel(now)
            self._settle(call)

    def _take_inside(self, transaction: ServerTransaction, way: Way, now: float) -> None:
        call = self._call_of(transaction.request)
        if call is None:
            request = transaction.request
            self.respond(transaction, self._refused(request) or self._answer_outside(request), now)
            return
        call.receive(transaction, way, now)
        self._settle(call)

    def _take_outside(self, transaction: ServerTransaction, way: Way, now: float) -> None:
        request = transaction.request
        refusal = self._refused(request) or self._challenged(request, now)
        if refusal is not None:
            self.respond(transaction, refusal, now)
        elif request.method == "REGISTER":
            self.respond(transaction, self.registrar.answer(request, now, _tag(request)), now)
            self._clean_up_at = self._clean_up_at or now + CLEAN_UP_S
        else:
            self._answer_or_ring(transaction, way, now)

    def _answer_or_ring(self, transaction: ServerTransaction, way: Way, now: float) -> None:
        request = transaction.request
        answer = self._answer_outside(request)
        if request.method != "INVITE" or answer.status != NOBODY_THERE:
            self.respond(transaction, answer, now)
        elif len(self._calls) >= MAX_CALLS:
            self.respond(transaction, refuse(request, 503, _tag(request)), now)
        else:
            call = Call(self, self._behaviour, transaction, way)
            transaction.context = Thread(way, call)
            self._calls[call.dialog.id] = call
            call.begin(now)
            self._settle(call)

    def _refused(self, request: Request) -> Response | None:
        status = self._behaviour.refuses(request)
        return None if status is None else refuse(request, status, _tag(request))

    def _challenged(self, request: Request, now: float) -> Response | None:
        if self._doorkeeper is None or request.method not in GUARDED:
            return None
        return self._doorkeeper.refuse(request, now, _tag(request))

    def _answer_outside(self, request: Request) -> Response:
        answer = answer_outside(request, to_tag=_tag(request))
        assert answer is not None  # noqa: S101 (only an ACK gets none)
        if "allow" in answer.headers:
            answer.headers.set("Allow", ALLOWED)
        return answer

    def _take_ack(self, ack: Request, now: float) -> None:
        call = self._call_of(ack)
        if call is not None:
            call.acknowledge(ack, now)
            self._settle(call)

    def _take_answer(self, event: Final | FurtherSuccess | TimedOut, now: float) -> None:
        thread = event.transaction.context
        call = thread.call if isinstance(thread, Thread) else None
        if call is None or call.over:
            return
        if isinstance(event, Final):
            call.answered(event.transaction.request, event.response, now)
        elif isinstance(event, FurtherSuccess):
            call.answered_again(event.response)
        else:
            call.hang_up(now)
        self._settle(call)

    # Keeping

    def _call_of(self, request: Request) -> Call | None:
        return self._calls.get((request.call_id, request.to_tag or "", request.from_tag or ""))

    def _settle(self, call: Call) -> None:
        self._agenda.put(call, call.next_timer())
        if call.over:
            self._calls.pop(call.dialog.id, None)

    def _signed(self, response: Response) -> Response:
        response.headers.set("Server", self.product)
        return response

    def _emptied(self, now: float) -> list[Outgoing]:
        out, self._out = self._out, []
        return out if self._behaviour.hears(now - self._started) else []


def _tag(request: Request) -> str:
    # The same for each repetition of a request, as a stateless server's must be (RFC 3261 §8.2.7).
    return f"sandbox{abs(hash((request.call_id, request.via.branch))):x}"
