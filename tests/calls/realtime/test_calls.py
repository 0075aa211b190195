"""Whole calls: told by the webhook, taken by a worker, held until they end, over sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents import services
from callsphere.calls.models import Call, FunctionCall, TranscriptLine
from callsphere.calls.realtime.offers import Code, reject
from tenants.context import tenant_context
from tests.agents.conftest import Backend, make_agent, make_route, make_tool, publish
from tests.calls.conftest import BASE, make_line
from tests.calls.realtime.conftest import GREETING, Desk, RunningWorker, make_desk, unwanted
from tests.conftest import Person
from tests.openai_double import DoubledOpenAI
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
Start = Callable[..., RunningWorker]


def over(desk: Desk) -> Any:
    """Return the session once it is over."""
    wait_until(lambda: desk.session().state in ("over", "rejected"), lambda: (desk.session(), desk.notes()))
    return desk.session()


def function_calls(person: Person) -> list[str]:
    with tenant_context(person.tenant):
        return list(FunctionCall.objects.filter(ended_at=None).values_list("name", flat=True))


DATE = {
    "type": "object",
    "properties": {"date": {"type": "string", "maxLength": 10}},
    "required": ["date"],
    "additionalProperties": False,
}


def with_tool(person: Person, endpoint: str) -> Desk:
    """Give a person a line whose agent looks for free times."""
    line = make_line(person)
    tool = make_tool(person, endpoint, parameters=DATE)
    agent = make_agent(person, greeting=GREETING)
    with tenant_context(person.tenant):
        services.edit_draft(
            tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None, tool_ids=[tool.pk]
        )
    publish(person, agent)
    make_route(person, line.number, agent)
    return Desk(line)


@pytest.fixture(autouse=True)
def _reachable(settings: Any) -> None:
    settings.PUBLIC_URL = BASE


def test_whole_call(
    alice: Person, backend: Backend, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    desk = with_tool(alice, backend.url)
    backend.answers.append((200, json.dumps({"times": ["Monday at nine", "Friday at six"]}).encode()))
    start_worker()

    call_id = desk.connect(openai_double, "books an appointment")
    session = over(desk)

    said = openai_double.transcript(call_id)
    assert said[0] == ("agent", GREETING)
    assert ("agent", "I have Monday at nine or Friday at six. Which one suits you?") in said
    assert desk.lines() == [each for each in said if each[0] in ("agent", "caller")]
    assert [body for _headers, body in backend.received] == [
        json.dumps(
            {
                "type": "tool.call",
                "tool": "free_times",
                "call": str(session.call_id),
                "arguments": {"date": "2026-12-01"},
            },
            separators=(",", ":"),
        ).encode()
    ]
    assert (session.state, session.why, session.openai_call_id) == ("over", "The call ended.", call_id)
    assert session.offered_at <= session.accepted_at <= session.greeted_at <= session.ended_at
    assert desk.notes()[:2] == ["The agent took the call.", "The agent was asked to greet the caller."]
    assert [note for note in desk.notes() if "free_times" in note] == []  # the log of invocations tells


def test_keys_that_a_caller_presses_are_kept(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    start_worker()
    call_id = desk.connect(openai_double, "presses keys")
    over(desk)
    assert ("caller", "[4]") in openai_double.transcript(call_id)
    assert ("caller", "Pressed ••••#") in desk.lines()
    with tenant_context(desk.person.tenant):
        keys = TranscriptLine.objects.get(is_keys=True)
    assert (keys.speaker, keys.text) == ("caller", "Pressed ••••#")


def test_what_was_used_is_summed(desk: Desk, openai_double: DoubledOpenAI, start_worker: Start) -> None:
    start_worker()
    call_id = desk.connect(openai_double)
    session = over(desk)
    usage = session.usage

    responses = [each for each in openai_double.transcript(call_id) if each[0] == "agent"]
    assert usage["responses"] == len(responses)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
    assert usage["transcription"]["seconds"] > 0
    assert "type" not in usage["transcription"]
    assert session.cost is not None
    assert 0 < session.cost < 1


def test_agent_hangs_up_when_its_farewell_was_heard(
    alice: Person, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    desk = make_desk(alice, builtin_tools=["hang_up"])
    start_worker()
    call_id = desk.connect(openai_double)
    session = over(desk)

    assert openai_double.state(call_id)["ended_by"] == "agent"
    assert (session.state, session.why) == ("over", "The agent hung up.")
    assert (desk.notes()[-1], desk.call().end_reason) == ("The agent hung up.", "agent")


def test_agent_that_is_done_while_another_worker_takes_its_call_up(
    alice: Person, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    """The first worker runs the function to its end; whoever has the call by then hangs it up."""
    desk = make_desk(alice, builtin_tools=["hang_up"])
    is_locked, may_go_on = threading.Event(), threading.Event()

    def lock() -> None:
        with tenant_context(alice.tenant):
            Call.objects.select_for_update(no_key=True).get()
            is_locked.set()
            may_go_on.wait(60)
        connection.close()

    first = start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: desk.session().greeted_at)
    locking = threading.Thread(target=lock, daemon=True)
    locking.start()
    is_locked.wait(60)
    wait_until(lambda: function_calls(alice) == ["hang_up"])
    free = first.die()
    start_worker()
    desk.hand_over()
    wait_until(lambda: "The line was taken up again." in desk.notes())
    may_go_on.set()

    session = over(desk)
    free()
    locking.join(60)
    assert (session.why, session.claim) == ("The agent hung up.", 2)
    assert openai_double.state(call_id)["ended_by"] == "agent"


def test_call_that_openai_does_not_hang_up_is_ended_by_the_provider(
    alice: Person, openai_double: DoubledOpenAI, start_worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callsphere.calls.realtime.functions.FAREWELL_WITHIN", timedelta(hours=1))
    desk = make_desk(alice, builtin_tools=["hang_up"])
    openai_double.fail(action="hangup", status=400, times=1000)
    start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: "The agent hung up." in desk.notes(), desk.notes)
    wait_until(lambda: (due := desk.call().end_due_at) is not None and due <= timezone.now())
    openai_double.hang_up(call_id)  # as the provider's end of the call does
    assert over(desk).why == "The agent hung up."


def test_longest_call(alice: Person, openai_double: DoubledOpenAI, start_worker: Start) -> None:
    desk = make_desk(alice, longest_call_s=60)
    openai_double.ways.pace = 1000.0
    worker = start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: desk.session().greeted_at)
    worker.kill()
    now = timezone.now()
    desk.change_session(accepted_at=now - 60 * SECOND, due_at=now)
    start_worker()

    session = over(desk)
    assert (session.why, desk.call().end_reason) == ("The call reached its longest time.", "too_long")
    assert openai_double.state(call_id)["ended_by"] == "agent"


def test_half_a_character_in_a_tools_answer_is_told_as_a_question_mark(
    alice: Person, backend: Backend, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    desk = with_tool(alice, backend.url)
    backend.answers.append((200, b'{"times": ["Monday \\ud83d"]}'))
    start_worker()
    call_id = desk.connect(openai_double, "books an appointment")
    over(desk)
    results = [text for kind, text in openai_double.transcript(call_id) if kind == "result"]
    assert results[0] == '{"times": ["Monday ?"]}'


def test_response_that_fails_is_asked_for_again(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.fail(kind="fail", action="response", times=2)
    start_worker()
    call_id = desk.connect(openai_double)
    assert over(desk).state == "over"
    assert openai_double.transcript(call_id)[0] == ("agent", GREETING)


def test_caller_who_speaks_first_is_greeted_all_the_same(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.ways.greeting_s, openai_double.ways.pace = 0, 0.05  # it answers when it is asked to greet
    start_worker()
    call_id = desk.connect(openai_double)
    assert over(desk).state == "over"
    assert ("agent", GREETING) in openai_double.transcript(call_id)


# What is not taken


def test_caller_who_hung_up_before(desk: Desk, openai_double: DoubledOpenAI, start_worker: Start) -> None:
    call_id = desk.connect(openai_double)
    openai_double.hang_up(call_id)
    start_worker()
    session = over(desk)
    assert (session.state, session.why) == ("rejected", "The caller had hung up.")


def test_session_that_openai_does_not_take_goes_elsewhere(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    call_id = desk.connect(openai_double)
    openai_double.fail(action="accept", status=400)
    start_worker()
    session = over(desk)
    assert (session.state, session.why) == (
        "rejected",
        "OpenAI does not take this call's session. Write to support.",
    )
    assert openai_double.wait_for(call_id, "rejected")["status_code"] == 503


def test_accept_is_tried_again_while_it_rings(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.fail(action="accept", status=503, times=3)
    call_id = desk.connect(openai_double)
    start_worker()
    assert over(desk).state == "over"
    assert openai_double.transcript(call_id)[0] == ("agent", GREETING)


def test_lost_answer_to_accept_is_found_out(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.fail(kind="lose", action="accept")
    call_id = desk.connect(openai_double)
    start_worker()
    assert over(desk).state == "over"
    assert openai_double.transcript(call_id)[0] == ("agent", GREETING)


@pytest.mark.parametrize("accepting", [{}, {"kind": "lose", "action": "accept"}])
def test_call_that_openai_does_not_know_for_a_moment(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start, accepting: dict[str, str]
) -> None:
    if accepting:
        openai_double.fail(**accepting)
    openai_double.fail(action="attach", status=404, times=2)
    call_id = desk.connect(openai_double)
    start_worker()
    assert (over(desk).state, openai_double.state(call_id)["ended_by"]) == ("over", "caller")
    assert openai_double.transcript(call_id)[0] == ("agent", GREETING)


def test_call_that_openai_does_not_know_and_the_provider_says_is_over(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callsphere.calls.realtime.troubles.KNOWN_WITHIN", timedelta(hours=1))
    openai_double.ways.pace = 1000.0
    openai_double.fail(action="attach", status=404, times=1000)
    desk.connect(openai_double)
    start_worker()
    wait_until(lambda: desk.session().state == "accepted")
    now = timezone.now()
    desk.change_call(state="ended", outcome="missed", ended_at=now, end_due_at=None)
    assert over(desk).why == "The call ended."


def test_line_that_is_refused_for_a_while(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can be asked to lead this caller elsewhere, so they stay with the agent."""
    monkeypatch.setattr("callsphere.calls.realtime.troubles.REFUSED_FOR", timedelta(0))
    openai_double.fail(action="attach", status=401, times=2)
    start_worker()
    call_id = desk.connect(openai_double)
    session = over(desk)
    assert (session.state, session.why) == ("over", "The call ended.")
    assert openai_double.transcript(call_id)[0] == ("agent", GREETING)
    assert desk.call().action == "realtime"


@pytest.mark.parametrize("code", list(Code))
def test_unwanted_call_is_rejected_with_its_code(
    openai_double: DoubledOpenAI, start_worker: Start, code: Code
) -> None:
    call_id = openai_double.ring()
    reject(call_id, code)
    reject(call_id, Code.BUSY)
    start_worker()
    assert openai_double.wait_for(call_id, "rejected")["status_code"] == code
    wait_until(lambda: unwanted() == [], unwanted)


def test_unwanted_call_that_is_gone_is_forgotten(openai_double: DoubledOpenAI, start_worker: Start) -> None:
    reject("rtc_gone", Code.NOBODYS)
    assert unwanted() == [("rtc_gone", Code.NOBODYS)]
    start_worker()
    wait_until(lambda: unwanted() == [], unwanted)
    assert unwanted() == []


# Workers among each other


def test_two_workers_never_hold_one_session(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.ways.pace = 1000.0
    workers = [start_worker(), start_worker()]
    ids = [desk.connect(openai_double) for _ in range(6)]

    wait_until(lambda: sum(each.holds() for each in workers) == 6)
    wait_until(lambda: [openai_double.call(each)["attached"] for each in ids] == [1] * 6)
    held = [each for worker in workers for each in worker.worker.held]
    assert {each.openai_call_id for each in held} == set(ids)
    assert {each.claim for each in held} == {1}


def test_worker_takes_no_more_than_it_may(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.ways.pace = 1000.0
    ids = [desk.connect(openai_double) for _ in range(3)]
    first = start_worker(most_calls=2)
    wait_until(lambda: first.holds() == 2)
    second = start_worker(most_calls=2)
    wait_until(lambda: second.holds() == 1)
    assert {each.openai_call_id for each in (*first.worker.held, *second.worker.held)} == set(ids)


def test_worker_that_died_is_followed_by_another(
    alice: Person, backend: Backend, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    """Nobody is greeted twice, no tool is called twice, and the result is given by whoever holds the call."""
    desk = with_tool(alice, backend.url)
    backend.hold.clear()
    first = start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: backend.received)
    free = first.die()
    start_worker()
    desk.hand_over()
    backend.hold.set()

    session = over(desk)
    free()
    said = openai_double.transcript(call_id)
    assert said.count(("agent", GREETING)) == 1
    assert [kind for kind, _text in said].count("result") == 1
    assert len(backend.received) == 1
    assert (session.claim, session.state) == (2, "over")
    assert "The line was taken up again." in desk.notes()
    assert said[-1][0] == "agent"


def test_function_of_a_worker_that_died_is_not_repeated(
    alice: Person, backend: Backend, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    desk = with_tool(alice, backend.url)
    backend.hold.clear()
    first = start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: backend.received)
    free = first.die()
    with tenant_context(alice.tenant):
        FunctionCall.objects.update(created_at=timezone.now() - 60 * SECOND)
    start_worker()
    desk.hand_over()

    over(desk)
    backend.hold.set()
    free()
    results = [text for kind, text in openai_double.transcript(call_id) if kind == "result"]
    assert results == ['{"error": "It was interrupted and may have been done. Do not repeat it."}']
    assert len(backend.received) == 1


def test_worker_that_stops_hands_over_at_once(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.ways.pace = 1000.0
    first = start_worker()
    call_id = desk.connect(openai_double)
    wait_until(lambda: desk.session().greeted_at)
    first.stop()
    second = start_worker()
    wait_until(lambda: second.holds() == 1)
    wait_until(lambda: openai_double.call(call_id)["attached"] == 1)
    assert (desk.session().state, desk.session().claim) == ("accepted", 2)


def test_holder_lets_go_when_another_has_the_session(
    desk: Desk, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    openai_double.ways.pace = 1000.0
    first = start_worker()
    desk.connect(openai_double)
    wait_until(lambda: desk.session().greeted_at)
    first.worker.most_calls = 0
    second = start_worker(most_calls=1)
    desk.hand_over()
    wait_until(lambda: (first.holds(), second.holds()) == (0, 1))
    assert desk.session().claim == second.worker.held[0].claim


def test_line_that_breaks_is_taken_up_again(
    alice: Person, backend: Backend, openai_double: DoubledOpenAI, start_worker: Start
) -> None:
    """The function that the model wanted meanwhile was not heard: asked to go on, it wants it again."""
    desk = with_tool(alice, backend.url)
    openai_double.fail(kind="cut", action="attach", events=1)
    start_worker()
    call_id = desk.connect(openai_double)
    session = over(desk)
    assert (session.state, session.claim) == ("over", 1)
    assert openai_double.transcript(call_id).count(("agent", GREETING)) == 1
    assert "The line was taken up again." in desk.notes()
    assert len(backend.received) == 1
