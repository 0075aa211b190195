"""The sound of voice messages is fetched once, bounded, tried again, and said to be missing where it is."""

from __future__ import annotations

import io
import time
import wave
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from callsphere.calls import sound_fetching
from callsphere.calls.models import VoiceMessage, VoiceSound
from callsphere.calls.sound_fetching import MOST_TRIES, MOST_TRIES_MISSING, fetch_due_sounds
from callsphere.calls.sound_keeping import sound_of
from callsphere.calls.tasks import fetch_sounds
from callsphere.providers.twilio.account import TwilioAccount
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.calls.conftest import new_sid
from tests.calls.left import leave
from tests.calls.pages.calls import make_call
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.twilio_double import DoubledTwilio

pytestmark = pytest.mark.django_db(transaction=True)  # threads fetch


@dataclass
class Machine:
    """A person's account at the double, and voice messages that were recorded there."""

    person: Person
    account: TwilioAccount
    twilio: DoubledTwilio

    def record(self, seconds: int = 3) -> str:
        """Have Twilio keep a recording; return its id."""
        of_call = {"account_sid": self.account.account_sid, "sid": new_sid("CA")}
        ledger = self.twilio.twilio.switchboard.ledger
        row = ledger.add_recording(of_call, source="RecordVerb", seconds=seconds, channels=1, at=time.time())
        return str(row["sid"])

    def left(self, sid: str, **fields: Any) -> VoiceMessage:
        """Return a message of which nothing but the recording's id is known here."""
        waiting = {"sound_state": "waiting", "sound_due_at": database_now(), "recording_sid": sid}
        message: VoiceMessage = leave(make_call(self.person), VoiceMessage, **{**waiting, **fields})
        return message

    def stored(self) -> VoiceMessage:
        with tenant_context(self.person.tenant):
            return VoiceMessage.objects.get()

    def change(self, **fields: Any) -> None:
        with tenant_context(self.person.tenant):
            VoiceMessage.objects.update(**fields)

    def asked(self) -> int:
        return sum(each.endswith(".wav") for each in self.twilio.asked("GET"))


@pytest.fixture
def machine(alice: Person, twilio: DoubledTwilio) -> Machine:
    return Machine(alice, Desk(twilio).open(alice), twilio)


def test_fetched_once_and_kept_encrypted(machine: Machine) -> None:
    message = machine.left(machine.record(seconds=3))
    fetch_sounds()
    fetch_sounds()
    stored = machine.stored()
    assert (stored.sound_state, stored.sound_due_at, stored.sound_error) == ("there", None, "")
    assert machine.asked() == 1
    with tenant_context(machine.person.tenant):
        data = sound_of(machine.person.tenant, message.pk)
        row = VoiceSound.objects.get()
    assert data is not None
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 24_000)
    assert (row.length, len(data)) == (len(data), 3 * 16_000 + 44)
    assert data[44:1044] not in bytes(row.content)


def test_nothing_is_fetched_before_the_provider_says_that_it_is_there(machine: Machine) -> None:
    machine.left(machine.record(), duration_s=None)
    assert (fetch_due_sounds(), machine.asked()) == (0, 0)
    machine.change(duration_s=3)
    assert (fetch_due_sounds(), machine.stored().sound_state) == (1, "there")


def test_trouble_at_twilio_is_said_and_tried_again_later(machine: Machine) -> None:
    machine.left(machine.record())
    machine.twilio.fail(path="Recordings", status=503)
    assert (fetch_due_sounds(), fetch_due_sounds()) == (1, 0)
    stored = machine.stored()
    assert (stored.sound_state, stored.sound_tries, stored.sound_error != "") == ("waiting", 1, True)
    assert stored.sound_due_at is not None
    assert stored.sound_due_at > database_now()
    machine.change(sound_due_at=database_now())
    assert fetch_due_sounds() == 1
    assert (machine.stored().sound_state, machine.stored().sound_error) == ("there", "")


def test_each_wait_is_twice_as_long(machine: Machine) -> None:
    machine.left("RE" + "0" * 32, sound_tries=4)
    before = database_now()
    fetch_due_sounds()
    due = machine.stored().sound_due_at
    assert due is not None
    assert due - before >= timedelta(seconds=15 * 2**4)


@pytest.mark.parametrize(
    ("tries", "state"), [(MOST_TRIES_MISSING - 2, "waiting"), (MOST_TRIES_MISSING - 1, "failed")]
)
def test_what_twilio_does_not_have_is_given_up(machine: Machine, tries: int, state: str) -> None:
    machine.left("RE" + "0" * 32, sound_tries=tries)
    fetch_due_sounds()
    stored = machine.stored()
    assert (stored.sound_state, stored.sound_error) == (
        state,
        "Twilio does not have this recording: it was deleted there, or nothing was recorded.",
    )


def test_a_provider_that_stays_away_is_given_up(machine: Machine) -> None:
    machine.left(machine.record(), sound_tries=MOST_TRIES - 1)
    machine.twilio.fail(path="Recordings", status=503, times=100)
    fetch_due_sounds()
    assert (machine.stored().sound_state, machine.stored().sound_due_at) == ("failed", None)


def test_what_is_too_long_is_not_kept(machine: Machine, monkeypatch: Any) -> None:
    monkeypatch.setattr(sound_fetching, "LONGEST_SOUND", 2**20)
    machine.left(machine.record(seconds=70))
    fetch_due_sounds()
    stored = machine.stored()
    assert (stored.sound_state, stored.sound_error) == ("failed", "It is longer than the 1 MB that are kept.")
    with tenant_context(machine.person.tenant):
        assert not VoiceSound.objects.exists()


def test_a_worker_that_died_while_fetching(machine: Machine) -> None:
    machine.left(machine.record(), sound_tries=1, sound_due_at=database_now() + timedelta(seconds=120))
    assert fetch_due_sounds() == 0
    machine.change(sound_due_at=database_now())
    assert (fetch_due_sounds(), machine.stored().sound_state) == (1, "there")


def test_without_an_account(alice: Person) -> None:
    waiting: dict[str, Any] = {"sound_state": "waiting", "sound_due_at": database_now()}
    leave(make_call(alice), VoiceMessage, **waiting)
    assert fetch_due_sounds() == 1
    with tenant_context(alice.tenant):
        stored = VoiceMessage.objects.get()
    assert (stored.sound_state, stored.sound_error) == (
        "waiting",
        "Your account for phone numbers is being set up.",
    )
