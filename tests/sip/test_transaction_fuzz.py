"""Any order of messages, answers and time: transactions do not raise, do not spin, and always end."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.transaction import (
    ClientTransaction,
    Event,
    Final,
    FurtherSuccess,
    IncomingRequest,
    InviteClientTransaction,
    ServerTransaction,
    TimedOut,
    TransactionLayer,
    TransportFailed,
)
from tests.sip.transacting import make_request, run_out

METHODS = st.sampled_from(["INVITE", "OPTIONS", "BYE", "CANCEL", "ACK"])
BRANCHES = st.sampled_from(["z9hG4bKa", "z9hG4bKb", "old"])
STATUSES = st.sampled_from([100, 180, 200, 302, 401, 487, 500])
STEPS = st.one_of(
    st.tuples(st.just("ask"), METHODS, BRANCHES, st.booleans()),
    st.tuples(st.just("request"), METHODS, BRANCHES, st.booleans()),
    st.tuples(st.just("response"), METHODS, BRANCHES, STATUSES),
    st.tuples(st.just("answer"), st.integers(0, 5), STATUSES),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("fail"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.5, 4.0, 33.0])),
)


class Run:
    """One user agent to which anything may happen."""

    def __init__(self) -> None:
        self.layer = TransactionLayer()
        self.now = 0.0
        self.clients: list[ClientTransaction] = []
        self.servers: list[ServerTransaction] = []
        self.ended: dict[ClientTransaction, int] = {}

    def note(self, events: list[Event]) -> None:
        """Keep what came in, and count how often each request was told its end."""
        for event in events:
            if isinstance(event, IncomingRequest):
                self.servers.append(event.transaction)
            if isinstance(event, FurtherSuccess):
                assert event.transaction.status is not None
            if isinstance(event, Final | TimedOut | TransportFailed) and isinstance(
                event.transaction, ClientTransaction
            ):
                self.ended[event.transaction] = self.ended.get(event.transaction, 0) + 1

    def step(self, step: tuple[object, ...]) -> None:
        """Let one thing happen; what the documentation refuses is refused."""
        with contextlib.suppress(ValueError):
            getattr(self, str(step[0]))(*step[1:])

    def ask(self, method: str, branch: str, reliable: bool) -> None:
        request = make_request(method, branch=branch)
        self.clients.append(self.layer.request(request, reliable=reliable, now=self.now))

    def request(self, method: str, branch: str, reliable: bool) -> None:
        self.note(self.layer.receive(make_request(method, branch=branch), self.now, reliable=reliable))

    def response(self, method: str, branch: str, status: int) -> None:
        answer = make_request(method, branch=branch).respond(status, to_tag="b")
        self.note(self.layer.receive(answer, self.now))

    def answer(self, index: int, status: int) -> None:
        if index < len(self.servers):
            transaction = self.servers[index]
            self.note(
                self.layer.respond(transaction, transaction.request.respond(status, to_tag="b"), self.now)
            )

    def cancel(self, index: int) -> None:
        if index < len(self.clients):
            transaction = self.clients[index]
            if isinstance(transaction, InviteClientTransaction):
                self.note(self.layer.cancel(transaction, self.now))

    def fail(self, index: int) -> None:
        both: list[ClientTransaction | ServerTransaction] = [*self.clients, *self.servers]
        if index < len(both):
            self.note(self.layer.transport_failed(both[index], "closed", self.now))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.note(self.layer.handle_timer(self.now))
        due = self.layer.next_timer()
        assert due is None or due > self.now


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens(steps: list[tuple[object, ...]]) -> None:
    run = Run()
    for step in steps:
        run.step(step)
    run_out(run.layer, see=lambda event: run.note([event]))
    assert run.layer.next_timer() is None
    # What is still there waits for a person: an INVITE that rings, or a request of theirs we never answered.
    for transaction in run.clients:
        if not transaction.finished:
            assert isinstance(transaction, InviteClientTransaction)
            assert transaction.status is None
        else:
            assert run.ended[transaction] == 1
    assert all(transaction.finished for transaction in run.servers if transaction.final is not None)
