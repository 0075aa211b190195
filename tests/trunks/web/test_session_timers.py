"""The session timers of a trunk: the form, its preview, and what the trunk's page says of them."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page, text_of
from trunks.models import SessionTimerPolicy, Trunk

FORM: dict[str, Any] = {
    "mode": "required",
    "session_interval_s": 600,
    "min_se_s": 120,
    "refresher": "uac",
    "refresh_method": "invite",
    "longest_call_s": "",
}


def send(person: Person, trunk: Trunk, **changes: Any) -> Any:
    """Send the form as it was shown."""
    return person.client().post(page("session-timers", person, trunk), {**FORM, "version": 1, **changes})


def test_alice_changes_the_timers(alice: Person, trunk: Trunk) -> None:
    assert send(alice, trunk, longest_call_s=3600)["Location"] == page("detail", alice, trunk)
    with tenant_context(alice.tenant):
        stored = SessionTimerPolicy.objects.values(*FORM).get()
    assert stored == {**FORM, "longest_call_s": 3600}
    shown = text_of(alice.client().get(page("detail", alice, trunk)).content)
    assert "Each call is refreshed after 5 min, half the interval, by the side that calls" in shown
    assert "Without a refresh, calls end after 9 min 28 s: the interval less 32 s." in shown
    assert "No call lasts longer than 1 h." in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "maybe"), ("session_interval_s", 89), ("session_interval_s", ""), ("min_se_s", 601),
     ("min_se_s", 89), ("refresher", "both"), ("refresh_method", "x"), ("longest_call_s", 59)],
)  # fmt: skip
def test_wrong_values_are_refused(alice: Person, trunk: Trunk, field: str, value: object) -> None:
    response = send(alice, trunk, **{field: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert response.context["sentences"] == []  # not what the stored policy means


def test_a_lost_update_is_refused(alice: Person, trunk: Trunk) -> None:
    send(alice, trunk)

    refused = send(alice, trunk, session_interval_s=900)

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "Session interval", "theirs": "600", "yours": "900"}
    ]


def test_the_meaning_follows_the_form(alice: Person, trunk: Trunk) -> None:
    client = alice.client()
    address = page("session-timers-preview", alice, trunk)

    known = client.get(address, {**FORM, "mode": "off"}).content.decode()
    unknown = client.get(address, {**FORM, "min_se_s": 900}).content.decode()

    assert "No session timer: a call that breaks silently is not noticed by either side." in known
    assert "Use numbers within the ranges above." in unknown


def test_who_may(alice: Person, bob: Person, charlie: Person, trunk: Trunk) -> None:
    address = page("session-timers", alice, trunk)
    assert bob.client().get(address).status_code == 403
    assert charlie.client().get(address).status_code == 404
    detail = bob.client().get(page("detail", alice, trunk)).content
    assert "Each call is refreshed after 15 min" in text_of(detail)
    assert address not in detail.decode()


def test_the_pages_say_what_providers_cannot_be_told(alice: Person, trunk: Trunk) -> None:
    client = alice.client()
    form, detail = (
        text_of(client.get(page(name, alice, trunk)).content) for name in ("session-timers", "detail")
    )
    assert "Twilio Session timer Cannot be told: it has no setting for session timers." in form
    assert "Twilio and OpenAI cannot be told of the session timer." in detail

    send(alice, trunk, mode="off", longest_call_s=3600)
    form, detail = (
        text_of(client.get(page(name, alice, trunk)).content) for name in ("session-timers", "detail")
    )
    assert "Longest call Told (TimeLimit): it ends the call after 1 h." in form
    assert "cannot be told" not in detail
