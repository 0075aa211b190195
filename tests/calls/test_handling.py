"""Dealing with what callers left, and opening it again: once, told in the audit log."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.calls import services
from callsphere.calls.models import CallbackRequest, CallerMessage, VoiceMessage
from callsphere.lib.errors import Refused
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.calls.left import leave
from tests.calls.pages.calls import make_call
from tests.conftest import Person

pytestmark = pytest.mark.django_db
KINDS = [
    (CallerMessage, services.handle_message, services.reopen_message, "message", "caller_message"),
    (CallbackRequest, services.handle_callback, services.reopen_callback, "callback", "callback"),
    (VoiceMessage, services.handle_voice_message, services.reopen_voice_message, "message", "voice_message"),
]


@pytest.mark.parametrize(("model", "handle", "reopen", "argument", "noun"), KINDS)
def test_done_and_open_again(
    alice: Person, model: Any, handle: Any, reopen: Any, argument: str, noun: str
) -> None:
    row = leave(make_call(alice), model)
    who = {"tenant": alice.tenant, "actor": alice.actor, argument: row}
    with tenant_context(alice.tenant):
        handle(**who)
        done = model.objects.get()
        with pytest.raises(Refused, match="already") as twice:
            handle(**who)
        reopen(**who)
        reopened = model.objects.get()
        with pytest.raises(Refused, match="open already") as again:
            reopen(**who)
        verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert (done.is_open, done.handled_at is not None, done.handled_by) == (False, True, alice.actor.label)
    assert (reopened.is_open, reopened.handled_at, reopened.handled_by) == (True, None, "")
    assert (twice.value.code, again.value.code) == ("handled_already", "open_already")
    assert verbs[-2:] == [f"{noun}.handled", f"{noun}.reopened"]


@pytest.mark.parametrize(("model", "handle", "reopen", "argument", "noun"), KINDS)
def test_one_that_was_forgotten_meanwhile(
    alice: Person, model: Any, handle: Any, reopen: Any, argument: str, noun: str
) -> None:
    row = leave(make_call(alice), model)
    who = {"tenant": alice.tenant, "actor": alice.actor, argument: row}
    with tenant_context(alice.tenant):
        model.objects.all().delete()
        for act in (handle, reopen):
            with pytest.raises(Refused, match="was deleted in the meantime") as refusal:
                act(**who)
            assert refusal.value.code == "deleted_meanwhile"
