"""Callers who are to be put through, where that cannot be; tests/e2e/test_transfers.py has where it can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.builtin_runs import claim_run
from agents.enums import BuiltinTool
from callsphere.alerts.models import Incident
from callsphere.calls.builtin_tools import After
from callsphere.calls.models import CallerMessage, CallNote
from tenants.context import tenant_context
from tests.calls.builtin_tools.conftest import PERSON, Talk
from tests.calls.conftest import CALLER

NO_TRANSFER = {
    "done": False,
    "what_to_do": "The caller cannot be put through. Tell them so, and offer to take a message.",
}
ALARMED = {
    "done": True,
    "transferred": False,
    "what_to_do": "Nobody can take the call now, but people are told that it is urgent. Tell the caller so.",
}
UNDER_WAY = {"done": False, "what_to_do": "The caller is being put through already. Say nothing more."}
NOT_YOURS = {
    "done": False,
    "what_to_do": "The caller is put through to a person: the call goes on without you. Say nothing.",
}
ASKED = {"reason": "The kitchen burns.", "name": "Jane Roe"}


def nobody_to_call(talk: Talk) -> None:
    tools = [name for name in talk.version.builtin_tools if name != "transfer_to_human"]
    talk.choose(builtin_tools=tools, transfer_number="")


def urgent(talk: Talk) -> list[tuple[str, str, str, bool]]:
    return [(row.name, row.number, row.text, row.is_urgent) for row in talk.rows(CallerMessage)]


def test_the_provider_cannot_be_asked(talk: Talk) -> None:
    assert talk.told("transfer_to_human") == NO_TRANSFER
    (row,) = talk.log()
    why = "Your account for phone numbers is being set up."
    assert (row.outcome, row.detail) == ("declined", why)
    (note,) = talk.rows(CallNote)
    assert note.text == f"The agent could not transfer the caller to {PERSON}: {why}"


def test_the_call_is_over(talk: Talk) -> None:
    talk.change(state="ended", outcome="agent", ended_at=talk.call.started_at)
    told = {"done": False, "what_to_do": "The call is over."}
    assert (talk.told("transfer_to_human"), talk.told("escalate", ASKED)) == (told, told)
    assert (talk.rows(CallNote), talk.rows(Incident)) == ([], [])


def test_a_caller_who_was_put_through_is_a_persons(talk: Talk) -> None:
    talk.change(action="person", sent_to=PERSON)
    assert talk.told("transfer_to_human") == talk.told("escalate", ASKED) == UNDER_WAY
    assert talk.told("hang_up") == NOT_YOURS
    assert talk.ask("hang_up").then == After.NOTHING
    assert talk.rows(CallNote) == []


@pytest.mark.parametrize(("name", "told"), [("hang_up", NOT_YOURS), ("escalate", UNDER_WAY)])
def test_of_two_tools_at_once_the_transfer_that_is_under_way_wins(
    talk: Talk, name: str, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(talk.person.tenant):
        claim_run(
            tenant=talk.person.tenant,
            version=talk.version,
            builtin=BuiltinTool.TRANSFER_TO_HUMAN,
            reference=str(talk.call.pk),
            function_call_id="call_1",
            arguments={},
        )
    arguments = ASKED if name == "escalate" else {}
    assert talk.told(name, arguments) == told
    monkeypatch.setattr("callsphere.calls.builtin_tools.handing_over.LONGEST_TRANSFER", timedelta(0))
    assert talk.told(name, arguments)["done"] is True  # its worker died


def test_hanging_up_after_a_transfer_that_failed(talk: Talk) -> None:
    assert talk.told("transfer_to_human") == NO_TRANSFER
    assert talk.ask("hang_up").then == After.HANG_UP


def test_a_crash_while_the_provider_is_asked(talk: Talk, monkeypatch: Any) -> None:
    def die(*_arguments: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("callsphere.calls.builtin_tools.transfer.redirect_call", die)
        patch.setattr("callsphere.calls.builtin_tools.transfer.account_of", lambda _tenant_id: None)
        with pytest.raises(MemoryError):
            talk.ask("transfer_to_human", {}, "call_1")
    assert talk.told("transfer_to_human", {}, "call_1")["what_to_do"] == (
        "It is not known whether this was done, and it is not done again. Tell the caller so."
    )
    (row,) = talk.log()
    assert (row.outcome, row.ended_at, talk.rows(CallNote)) == ("", None, [])


def test_escalating_where_nobody_can_be_called(talk: Talk) -> None:
    nobody_to_call(talk)
    assert talk.told("escalate", ASKED) == ALARMED
    assert urgent(talk) == [("Jane Roe", CALLER, "The kitchen burns.", True)]
    (incident,) = talk.rows(Incident)
    assert (incident.kind, incident.severity, incident.subject_id) == (
        "call_escalated",
        "critical",
        talk.call.pk,
    )
    assert incident.title == "Front desk: a caller needs a person, and could not be put through"
    assert "Jane" not in f"{incident.__dict__}"


def test_escalating_when_the_transfer_fails(talk: Talk) -> None:
    assert talk.told("escalate", ASKED) == ALARMED
    assert urgent(talk) == [("Jane Roe", CALLER, "The kitchen burns.", True)]
    assert len(talk.rows(Incident)) == 1


def test_escalating_again_is_the_same_trouble(talk: Talk) -> None:
    nobody_to_call(talk)
    for _ in range(7):
        assert talk.told("escalate", ASKED) == ALARMED
    assert [incident.count for incident in talk.rows(Incident)] == [7]
    assert len(talk.rows(CallerMessage)) == 5


def test_a_version_of_before_there_was_a_number(talk: Talk) -> None:
    nobody_to_call(talk)
    talk.version.builtin_tools = ["transfer_to_human"]  # as it may have been published then
    assert talk.told("transfer_to_human") == NO_TRANSFER
