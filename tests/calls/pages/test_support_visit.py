"""Support reads the log on a visit: every call that it opens is told to the tenant."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from callsphere.calls.models import VoiceMessage
from callsphere.calls.sound_keeping import keep_sound
from tenants.context import tenant_context
from tenants.models import AuditEvent, User
from tests.calls.left import leave
from tests.calls.pages.calls import address, answered, make_agent, make_call, say
from tests.conftest import Person, make_user
from tests.tenants.conftest import signed_in
from tests.tenants.test_admin import visit
from tests.trunks.web.conftest import text_of


@pytest.fixture
def desk(alice: Person) -> Client:
    """Support, on a visit to Alice's organisation."""
    user = make_user("sam@callsphere.example")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.refresh_from_db()
    client = signed_in(user, with_code=True)
    assert visit(client, alice) == 302
    return client


def opened(person: Person) -> list[tuple[str, str]]:
    with tenant_context(person.tenant):
        events = AuditEvent.objects.filter(verb="support.call_read")
        return [(event.actor_label, str(event.object_id)) for event in events]


def test_the_log_is_read_and_the_side_bar_leads_there(desk: Client, alice: Person) -> None:
    make_call(alice)
    response = desk.get(address("list", alice))
    html = response.content.decode()
    assert len(response.context["rows"]) == 1
    assert f'<a class="nav-link" href="{address("list", alice)}"' in html
    assert "Export as CSV" not in html
    assert opened(alice) == []


def test_each_call_that_is_opened_is_in_the_audit_log(desk: Client, alice: Person) -> None:
    version = make_agent(alice).published
    assert version is not None
    call = make_call(alice, **answered(version))
    say(call, "Harbor Dental, how can I help?")
    url = address("detail", alice, call)

    assert "Harbor Dental, how can I help?" in text_of(desk.get(url).content)
    desk.get(url, headers={"HX-Request": "true"})  # the page refreshes itself
    alice.client().get(url)

    assert opened(alice) == [("sam@callsphere.example", str(call.pk))]
    audit = alice.client().get(f"/t/{alice.tenant.slug}/audit/").content
    assert "read the call" in text_of(audit)


def test_what_is_said_in_calls_that_go_on_stays_out_of_the_list(desk: Client, alice: Person) -> None:
    say(make_call(alice, state="in_progress"), "My birthday is the first of May.")
    text = text_of(desk.get(address("list", alice)).content)
    assert "Not shown to support" in text
    assert "birthday" not in text
    assert "birthday" in text_of(alice.client().get(address("list", alice)).content)


def test_a_visit_acts_on_no_call_and_takes_none_along(desk: Client, alice: Person) -> None:
    call = make_call(alice, state="in_progress")
    assert desk.get(address("export", alice)).status_code == 403
    assert desk.get(address("hang-up", alice, call)).status_code == 403
    assert desk.post(address("hang-up", alice, call)).status_code == 403


def test_a_call_is_told_of_however_its_page_is_asked_for(desk: Client, alice: Person) -> None:
    call = make_call(alice)
    desk.get(address("detail", alice, call), headers={"HX-Request": "true"})
    assert opened(alice) == [("sam@callsphere.example", str(call.pk))]


def test_each_visit_tells_of_it_once_again(desk: Client, alice: Person) -> None:
    call = make_call(alice)
    for _ in range(2):
        desk.get(address("detail", alice, call))
    assert visit(desk, alice) == 302
    desk.get(address("detail", alice, call))
    assert opened(alice) == [("sam@callsphere.example", str(call.pk))] * 2


def test_a_sound_that_is_heard_in_ranges_is_told_of_once(desk: Client, alice: Person) -> None:
    message = leave(make_call(alice), VoiceMessage)
    with tenant_context(alice.tenant):
        keep_sound(message, b"RIFF" + bytes(96))
    of_one = {"tenant": alice.tenant.slug, "voice_message_id": message.pk}
    for wanted in ("bytes=0-1", "bytes=2-49", "bytes=50-"):
        answer = desk.get(
            reverse("inbox:sound", kwargs=of_one), headers={"Range": wanted, "HX-Request": "true"}
        )
        assert answer.status_code == 206
    with tenant_context(alice.tenant):
        assert AuditEvent.objects.filter(verb="support.messages_read").count() == 1


@pytest.mark.parametrize("name", ["list", "texts"])
def test_reading_what_callers_left_is_in_the_audit_log(desk: Client, alice: Person, name: str) -> None:
    assert desk.get(reverse(f"inbox:{name}", kwargs={"tenant": alice.tenant.slug})).status_code == 200
    with tenant_context(alice.tenant):
        (event,) = AuditEvent.objects.filter(verb="support.messages_read")
    assert event.actor_label == "sam@callsphere.example"
    assert "read messages of" in text_of(alice.client().get(f"/t/{alice.tenant.slug}/audit/").content)
