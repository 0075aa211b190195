"""Sounds open in their own row alone, outlive a change of keys, and go with their message."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from callsphere.calls.models import VoiceMessage, VoiceSound
from callsphere.calls.models.recordings import LONGEST_SOUND
from callsphere.calls.sound_keeping import keep_sound, sound_of
from callsphere.lib.crypto import SecretUnreadable
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.services.key_rotation import replace_data_keys
from tests.calls.left import leave
from tests.calls.pages.calls import make_call
from tests.conftest import Person

pytestmark = pytest.mark.django_db
DATA = b"RIFF\0\0\0\0WAVE" + b"sound " * 100


def kept(person: Person, data: bytes = DATA) -> VoiceMessage:
    message: VoiceMessage = leave(make_call(person), VoiceMessage)
    with tenant_context(person.tenant):
        keep_sound(message, data)
    return message


def test_what_is_kept_first_stays(alice: Person) -> None:
    message = kept(alice)
    with tenant_context(alice.tenant):
        keep_sound(message, b"another")
        assert sound_of(alice.tenant, message.pk) == DATA


def test_another_tenants_are_not_there(alice: Person, charlie: Person) -> None:
    message = kept(alice)
    with tenant_context(charlie.tenant):
        assert sound_of(charlie.tenant, message.pk) is None


def test_copied_to_another_row_it_cannot_be_opened(alice: Person) -> None:
    message, other = kept(alice), kept(alice, b"other")
    with tenant_context(alice.tenant):
        content = VoiceSound.objects.get(message=message).content
        VoiceSound.objects.filter(message=other).update(content=content)
        with pytest.raises(SecretUnreadable):
            sound_of(alice.tenant, other.pk)


def test_it_opens_after_the_tenants_key_was_replaced(alice: Person) -> None:
    message = kept(alice)
    replace_data_keys(Actor.system("test"))
    with tenant_context(alice.tenant):
        assert sound_of(alice.tenant, message.pk) == DATA


def test_replacing_the_tenants_key_reads_no_sound(alice: Person) -> None:
    kept(alice)
    with CaptureQueriesContext(connection) as queries:
        replace_data_keys(Actor.system("test"))
    asked = [query["sql"] for query in queries if "calls_voicesound" in query["sql"]]
    assert (len(asked), [sql for sql in asked if "content" in sql]) == (2, [])


def test_it_goes_with_its_message(alice: Person) -> None:
    message = kept(alice)
    with tenant_context(alice.tenant):
        message.delete()
        assert not VoiceSound.objects.exists()


@pytest.mark.parametrize("length", [0, LONGEST_SOUND + 1])
def test_the_database_bounds_it(alice: Person, length: int) -> None:
    message = kept(alice)
    with tenant_context(alice.tenant), pytest.raises(IntegrityError, match="bounded"), transaction.atomic():
        VoiceSound.objects.filter(message=message).update(length=length)
