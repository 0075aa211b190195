"""The page that says how long calls are kept."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls.models import CallRetention
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import AuditEvent
from tests.calls.pages.calls import address
from tests.conftest import Person, make_member
from tests.trunks.web.conftest import text_of


def send(person: Person, version: int = 1, calls: Any = 60, said: Any = 7) -> Any:
    data = {"version": version, "calls_kept_days": calls, "transcripts_kept_days": said}
    return person.client().post(address("keeping", person), data)


def stored(person: Person) -> list[tuple[int, int]]:
    with tenant_context(person.tenant):
        return list(CallRetention.objects.values_list("calls_kept_days", "transcripts_kept_days"))


def test_it_begins_with_what_holds_unless_somebody_says_otherwise(alice: Person) -> None:
    page = alice.client().get(address("keeping", alice)).content.decode()
    assert 'value="365"' in page
    assert 'value="90"' in page
    assert stored(alice) == []


def test_it_names_all_that_goes(alice: Person) -> None:
    text = text_of(alice.client().get(address("keeping", alice)).content)
    for words in ("messages that agents took, open ones too", "sound of voice messages", "words of texts"):
        assert words in text
    assert "messages that were left" not in text


def test_days_are_stored_and_told_in_the_audit_log(alice: Person) -> None:
    answer = send(alice)
    assert (answer.status_code, answer.url) == (302, address("list", alice))
    assert stored(alice) == [(60, 7)]
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="call_retention.updated")
    assert event.object_label == "of calls for 60 days, of transcripts for 7 days"


@pytest.mark.parametrize(
    ("calls", "said", "words"),
    [
        (5, 7, "Use 30 to 1095 days."),
        (60, 0, "Use 1 to 1095 days."),
        ("long", 7, "Use 30 to 1095 days."),
        ("", 7, "This field is required."),
    ],
)
def test_what_cannot_be_kept_is_refused(alice: Person, calls: Any, said: Any, words: str) -> None:
    answer = send(alice, calls=calls, said=said)
    assert answer.status_code == 422
    assert words in text_of(answer.content)
    assert stored(alice) == []


def test_two_people_at_once_are_told_of_each_other(alice: Person) -> None:
    send(alice)
    answer = send(alice, calls=90)
    assert answer.status_code == 409
    assert stored(alice) == [(60, 7)]


def test_the_log_leads_there_for_those_who_may(alice: Person) -> None:
    link = f'href="{address("keeping", alice)}"'
    assert link in alice.client().get(address("list", alice)).content.decode()
    reader = make_member(alice.tenant, "dana@example.com", Role.VIEWER)
    assert link not in reader.client().get(address("list", alice)).content.decode()
