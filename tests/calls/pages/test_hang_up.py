"""Hanging a call up: asked once more, done by a worker, refused to those who may only look."""

from __future__ import annotations

from callsphere.calls.models import Call
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.pages.calls import address, make_call
from tests.conftest import Person
from tests.trunks.web.conftest import text_of


def test_it_is_asked_once_more_and_then_done(alice: Person) -> None:
    call = make_call(alice, state="in_progress")
    client, url = alice.client(), address("hang-up", alice, call)

    assert "The line is cut within seconds" in text_of(client.get(url).content)
    answer = client.post(url, follow=True)

    text = text_of(answer.content)
    assert answer.redirect_chain == [(address("detail", alice, call), 302)]
    assert "Hanging up…" in text
    assert "The call is being hung up." in text
    with tenant_context(alice.tenant):
        row = Call.objects.get()
        assert (row.end_reason, row.end_due_at is not None) == ("asked", True)
        assert AuditEvent.objects.filter(verb="call.hung_up", object_id=call.pk).count() == 1
    assert "It is being hung up" in text_of(client.get(url).content)


def test_what_is_over_is_said_to_be(alice: Person) -> None:
    call = make_call(alice)
    client, url = alice.client(), address("hang-up", alice, call)
    assert "There is nothing left to hang up." in text_of(client.get(url).content)
    assert "This call has ended already." in text_of(client.post(url, follow=True).content)


def test_a_viewer_may_not(alice: Person, bob: Person) -> None:
    call = make_call(alice, state="in_progress")
    url = address("hang-up", bob, call)
    assert (bob.client().get(url).status_code, bob.client().post(url).status_code) == (403, 403)
    with tenant_context(alice.tenant):
        assert Call.objects.get().end_reason == ""
