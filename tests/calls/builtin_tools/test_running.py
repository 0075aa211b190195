"""Each request of a model is done once and written down, whatever it asks for."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections

from agents.builtin_runs import claim_run
from agents.enums import BuiltinTool
from agents.invoking import KEPT, LONGEST_CALL, forget_old_invocations
from callsphere.calls.builtin_tools import After, BuiltinAnswer, run_builtin
from callsphere.calls.models import CallerMessage
from callsphere.lib.ids import uuid7
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.builtin_tools.conftest import Talk, make_talk
from tests.conftest import Person

MESSAGE = {"text": "Please call about the invoice.", "name": "Jane Roe"}


def test_what_is_written_down(talk: Talk) -> None:
    talk.ask("take_message", MESSAGE, "call_1")
    (row,) = talk.log()
    assert (row.builtin, row.tool, row.kind, row.outcome, row.tries) == (
        "take_message",
        None,
        "call",
        "ok",
        1,
    )
    assert (row.reference, row.function_call_id) == (str(talk.call.pk), "call_1")
    assert row.version_id == talk.version.pk
    assert row.arguments == {"text": "text of 30", "name": "text of 8"}
    assert row.answer == {"output": {"done": True, "callback_number": "text of 12"}, "then": "text of 7"}
    assert "Jane" not in f"{row.__dict__}"


def test_once_for_each_request(talk: Talk) -> None:
    first = talk.ask("take_message", MESSAGE, "call_1")
    assert talk.ask("take_message", {"text": "Another"}, "call_1") == first
    assert [each.text for each in talk.rows(CallerMessage)] == ["Please call about the invoice."]
    talk.ask("take_message", {"text": "Another"}, "call_2")
    assert len(talk.rows(CallerMessage)) == len(talk.log()) == 2


def test_the_same_request_in_another_call_is_another(talk: Talk, charlie: Person) -> None:
    others = make_talk(charlie, "+14155550102", "+4930901821")
    talk.ask("take_message", MESSAGE, "call_1")
    others.ask("take_message", MESSAGE, "call_1")
    assert (len(talk.rows(CallerMessage)), len(others.rows(CallerMessage))) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_at_once(talk: Talk) -> None:
    answers: list[BuiltinAnswer] = []

    def ask() -> None:
        answers.append(talk.ask("take_message", MESSAGE, "call_1"))
        close_old_connections()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 4
    assert {each.output for each in answers} == {answers[0].output}
    assert len(talk.rows(CallerMessage)) == 1


def test_a_crash_in_the_middle_undoes_all(talk: Talk, monkeypatch: Any) -> None:
    def die(*_arguments: Any, **_named: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("callsphere.calls.builtin_tools.running.store_run", die)
        with pytest.raises(MemoryError):
            talk.ask("take_message", MESSAGE, "call_1")
    assert (talk.rows(CallerMessage), talk.log()) == ([], [])
    assert talk.told("take_message", MESSAGE, "call_1")["done"] is True
    assert len(talk.rows(CallerMessage)) == 1


def test_what_nobody_knows_the_end_of_is_not_done_again(talk: Talk) -> None:
    with tenant_context(talk.person.tenant):
        claim_run(
            tenant=talk.person.tenant,
            version=talk.version,
            builtin=BuiltinTool.TAKE_MESSAGE,
            reference=str(talk.call.pk),
            function_call_id="call_1",
            arguments=MESSAGE,
        )
    assert talk.told("take_message", MESSAGE, "call_1") == {
        "done": False,
        "what_to_do": "It is not known whether this was done, and it is not done again. Tell the caller so.",
    }
    assert talk.rows(CallerMessage) == []


@pytest.mark.parametrize("name", ["dance", "free_times", ""])
def test_no_such_tool(talk: Talk, name: str) -> None:
    told = {"done": False, "what_to_do": "There is no such tool. Go on without it."}
    assert (talk.told(name), talk.log()) == (told, [])


def test_a_tool_that_was_not_chosen(talk: Talk) -> None:
    agent = make_agent(talk.person, "Night desk", builtin_tools=["hang_up"])
    talk.version = publish(talk.person, agent)
    assert talk.told("take_message", MESSAGE)["done"] is False
    assert talk.rows(CallerMessage) == []


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        ({}, "The arguments: text is missing."),
        ([], "The arguments are no object."),
        ("text", "The arguments are no object."),
        (None, "The arguments: text is missing."),
        ({"text": 1}, 'text: does not fit type "string".'),
        (
            {"text": "Hello", "to": "+12125550199"},
            "The arguments: there is something that the tool does not take.",
        ),
        ({"text": "x" * 2001}, "text: does not fit maxLength 2000."),
    ],
)
def test_arguments_that_do_not_fit(talk: Talk, arguments: Any, mistake: str) -> None:
    told = {"done": False, "what_to_do": f"Call it again with other arguments. {mistake}"}
    assert talk.told("take_message", arguments) == told
    (row,) = talk.log()
    assert (row.outcome, row.detail) == ("wrong_arguments", mistake)
    assert talk.rows(CallerMessage) == []


def test_text_that_the_database_does_not_take(talk: Talk) -> None:
    assert talk.told("take_message", {"text": "a\0b\ud800"})["done"] is True
    assert [each.text for each in talk.rows(CallerMessage)] == ["ab?"]


def test_a_call_of_somebody_else(talk: Talk, charlie: Person) -> None:
    others = make_talk(charlie, "+14155550102", "+4930901821")
    answer = run_builtin(
        tenant=charlie.tenant,
        call_id=talk.call.pk,
        version=others.version,
        name="take_message",
        arguments=MESSAGE,
        function_call_id="call_1",
    )
    assert json.loads(answer.output)["what_to_do"] == (
        "This call is not known here. Go on without this tool."
    )
    assert (talk.rows(CallerMessage), others.rows(CallerMessage)) == ([], [])


def test_without_an_id_of_the_request(talk: Talk) -> None:
    with pytest.raises(ValueError, match="needs the id"):
        run_builtin(
            tenant=talk.person.tenant,
            call_id=uuid7(),
            version=talk.version,
            name="hang_up",
            arguments={},
            function_call_id="",
        )


def test_hang_up(talk: Talk) -> None:
    first = talk.ask("hang_up", {}, "call_1")
    assert first.then == After.HANG_UP
    assert talk.ask("hang_up", {}, "call_1") == first


def test_answers_are_forgotten_when_the_call_is_over(talk: Talk) -> None:
    talk.ask("take_message", MESSAGE, "call_1")
    forget_old_invocations(lambda: database_now() + LONGEST_CALL - timedelta(hours=1))
    assert talk.log()[0].sealed_answer != ""
    forget_old_invocations(lambda: database_now() + LONGEST_CALL + timedelta(hours=1))
    assert talk.log()[0].sealed_answer == ""
    assert talk.told("take_message", MESSAGE, "call_1")["done"] is False
    assert len(talk.rows(CallerMessage)) == 1
    forget_old_invocations(lambda: database_now() + KEPT + timedelta(hours=1))
    assert talk.log() == []
