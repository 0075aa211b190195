"""Many registrations at once: none waits for another one's registrar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.registration import Identity
from callsphere.sip.engine import BindingJob, RegistrarEngine
from callsphere.sip.uri import parse_gateway_uri
from tests.sip.carriers.laboratory import Carrier, Heard, Send, serving


@pytest.fixture
def engine() -> Iterator[RegistrarEngine]:
    with RegistrarEngine(policy=AddressPolicy.from_strings(["127.0.0.0/8"]), user_agent="test") as engine:
        yield engine


class Registrar(Carrier):
    """Accepts every REGISTER."""

    def __init__(self) -> None:
        super().__init__(challenge=None)

    def register(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "200 OK", f"Contact: {request.get('contact')}\r\n")


class Held(Registrar):
    """Keeps its answers until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = Event()

    def register(self, request: Heard, send: Send) -> None:
        self.let_go.wait(60)
        super().register(request, send)


class Crowded(Registrar):
    """Answers nobody before so many have asked."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.many = many
        self.asked: dict[str, tuple[Heard, Send]] = {}

    def register(self, request: Heard, send: Send) -> None:
        self.asked[request.get("call-id")] = request, send
        if len(self.asked) >= self.many:
            for each in self.asked.values():
                super().register(*each)


def job(key: str, uri: str) -> BindingJob:
    identity = Identity(f"{key}-at-test", "tag", "", 0)
    return BindingJob(key, parse_gateway_uri(uri), "clinic", None, 3600, identity, timeout_s=60.0)


def test_what_is_answered_is_told_while_others_are_waited_for(engine: RegistrarEngine) -> None:
    held = Held()
    with serving(held) as slow, serving(Registrar()) as quick:
        told = engine.register_many([job("slow", slow), job("quick", quick)])
        first = [result.key for result in next(told)]
        held.let_go.set()
        rest = [result.key for results in told for result in results]
    assert (first, rest) == (["quick"], ["slow"])


def test_all_begin_at_once_since_the_lease_of_each_has_begun(engine: RegistrarEngine) -> None:
    many = 250
    with serving(Crowded(many)) as uri:
        told = engine.register_many([job(f"line-{number}", uri) for number in range(many)])
        causes = [result.cause for results in told for result in results]
    assert causes == [""] * many


def test_a_job_that_nobody_can_do_is_told_and_costs_no_other(engine: RegistrarEngine) -> None:
    with serving(Registrar()) as uri:
        odd = replace(job("odd", uri), username="\ud800")
        found = {
            each.key: each.cause
            for results in engine.register_many([odd, job("line", uri)])
            for each in results
        }
    assert found == {"odd": "unexpected_answer", "line": ""}
