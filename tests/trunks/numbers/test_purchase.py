"""A number is bought once or not at all, wherever a worker dies and whatever Twilio does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callsphere.local.doubles.twilio.store import KEYS
from callsphere.providers.twilio import numbers
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.keys import reveal
from tests.conftest import Person
from tests.trunks.numbers.conftest import (
    NUMBER,
    Desk,
    after_lease,
    after_long,
    after_patience,
    job_of,
    provision_job_once,
    stored,
    verbs,
)
from trunks.enums import Attestation, JobState, NumberState, PaperState
from trunks.models import NumberJob, ProviderAccount
from trunks.numbers.accounts import open_account
from trunks.numbers.intake import voice_urls
from trunks.numbers.jobs import Overtaken, claim_next
from trunks.numbers.saga import do_job
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db

ACCOUNT_STEPS = ["account made", "account kept", "key made", "key kept", "account followed"]
BUY_STEPS = ["bought", "purchase kept", "on the profile", "on the trust product", "purchase finished"]
RELEASE_STEPS = ["off the trust product", "off the profile", "released", "release finished"]
UNDO_STEPS = [*RELEASE_STEPS[:-1], "purchase undone"]


def test_order_becomes_a_number_of_the_tenants_own_account(alice: Person, desk: Desk) -> None:
    desk.order(alice, label="Front desk")
    assert provision_due() == 3  # the account, the number, and how far its business is approved

    row = stored(alice)
    with tenant_context(alice.tenant):
        owned = numbers.find_number(open_account(alice.tenant), NUMBER)
    assert owned is not None
    assert (row.state, row.provider_sid, row.label, row.error) == ("active", owned.sid, "Front desk", "")
    assert (row.country, row.has_voice, row.has_sms, row.has_mms) == ("US", True, True, True)
    assert (owned.urls, owned.label) == (voice_urls(row), str(row.pk))
    assert (row.attestation, row.emergency_state, row.messaging_state) == (
        Attestation.GATEWAY,
        PaperState.NONE,
        PaperState.NONE,
    )
    assert (job_of(alice).state, verbs(alice)) == (
        JobState.DONE,
        ["phone_number.ordered", "phone_number.bought"],
    )


def test_account_is_sealed_and_made_once(alice: Person, charlie: Person, desk: Desk) -> None:
    desk.order(alice)
    desk.order(alice, "+14155550102")
    desk.order(charlie, "+14155550103")
    provision_due()

    assert (desk.subaccounts(alice), desk.subaccounts(charlie)) == (["active"], ["active"])
    with tenant_context(alice.tenant):
        row = ProviderAccount.objects.get()
        token, secret = reveal(row, "auth_token"), reveal(row, "key_secret")
    assert (len(token), secret != "") == (32, True)
    assert token not in str(row.auth_token)
    assert secret not in str(row.key_secret)


@pytest.mark.parametrize(("approved", "level"), [(True, "A"), (False, "C")])
def test_number_is_on_profile_and_trust_product(
    alice: Person, desk: Desk, approved: bool, level: str
) -> None:
    desk.open(alice, approved=approved)
    desk.order(alice)
    provision_due()

    assert (stored(alice).attestation, desk.assigned()) == (level, (1, 1))


@pytest.mark.parametrize("count", range(len(ACCOUNT_STEPS) + 1))
def test_worker_dies_while_it_makes_the_account(alice: Person, desk: Desk, count: int) -> None:
    desk.order(alice)
    assert desk.die_after(count) == ACCOUNT_STEPS[:count]
    provision_due(after_lease)

    assert (desk.subaccounts(alice), desk.bought()) == (["active"], [NUMBER])
    assert stored(alice).state == NumberState.ACTIVE


@pytest.mark.parametrize("count", range(len(BUY_STEPS) + 1))
def test_worker_dies_while_it_buys(alice: Person, desk: Desk, count: int) -> None:
    desk.open(alice)
    desk.order(alice)
    assert desk.die_after(count) == BUY_STEPS[:count]
    provision_due(after_lease)

    posts = [each for each in desk.twilio.asked("POST") if each.endswith("/IncomingPhoneNumbers.json")]
    assert (len(posts), desk.bought(), desk.assigned()) == (1, [NUMBER], (1, 1))
    assert (stored(alice).state, job_of(alice).state) == (NumberState.ACTIVE, JobState.DONE)
    assert verbs(alice) == ["phone_number.ordered", "phone_number.bought"]


@pytest.mark.parametrize("kind", ["lose", "drop", "refuse"])
def test_answer_to_the_purchase_never_comes(alice: Person, desk: Desk, kind: str) -> None:
    desk.open(alice)
    desk.order(alice)
    desk.twilio.fail(kind=kind, method="POST", path="IncomingPhoneNumbers")
    provision_due()
    provision_due(after_lease)

    assert (stored(alice).state, desk.bought(), desk.assigned()) == (NumberState.ACTIVE, [NUMBER], (1, 1))


def test_number_that_somebody_else_took_is_given_up_at_once(alice: Person, desk: Desk) -> None:
    desk.order(alice, "+14155550139")
    provision_due()

    row, job = stored(alice), job_of(alice)
    assert (row.state, job.state, job.error_code) == (NumberState.FAILED, JobState.FAILED, "number_gone")
    assert "Somebody else has just taken this number" in row.error
    assert (desk.bought(), verbs(alice)[-1]) == ([], "phone_number.purchase_failed")


def test_of_two_tenants_one_gets_the_number(alice: Person, charlie: Person, desk: Desk) -> None:
    desk.order(alice)
    desk.order(charlie)
    provision_due()

    states = sorted([stored(alice).state, stored(charlie).state])
    assert (states, desk.bought()) == (["active", "failed"], [NUMBER])


def test_number_that_needs_papers_says_which(alice: Person, desk: Desk) -> None:
    desk.order(alice, "+493023125005")
    provision_due()

    assert (stored(alice).state, job_of(alice).error_code, desk.bought()) == (
        NumberState.FAILED,
        "address_required",
        [],
    )


@pytest.mark.parametrize("count", range(len(UNDO_STEPS) + 1))
def test_purchase_that_fails_later_is_undone_wherever_a_worker_dies(
    alice: Person, desk: Desk, count: int
) -> None:
    desk.open(alice)
    desk.order(alice)
    desk.twilio.fail(status=400, method="POST", path="TrustProducts/")
    provision_job_once()
    assert (job_of(alice).state, desk.bought()) == (JobState.UNDOING, [NUMBER])
    assert desk.die_after(count) == UNDO_STEPS[:count]
    provision_due(after_lease)

    assert (desk.bought(), desk.assigned()) == ([], (0, 0))
    assert (stored(alice).state, job_of(alice).state) == (NumberState.FAILED, JobState.FAILED)
    assert (job_of(alice).error_code, verbs(alice)[-1]) == (
        "request_refused",
        "phone_number.purchase_failed",
    )


def test_purchase_that_appears_after_it_was_given_up_is_undone(alice: Person, desk: Desk) -> None:
    """Its answer was lost and it was not there; a worker looks until it cannot come any more."""
    account = desk.open(alice)
    desk.order(alice)
    desk.twilio.fail(status=503, method="POST", path="IncomingPhoneNumbers")
    provision_job_once()
    assert job_of(alice).unsure_at is not None
    desk.twilio.fail(status=400, method="POST", path="IncomingPhoneNumbers")
    provision_due(after_lease)
    assert (job_of(alice).state, stored(alice).state) == (JobState.UNDOING, NumberState.ORDERED)
    numbers.buy_number(account, NUMBER, label="late")

    provision_due(after_long)
    assert (stored(alice).state, desk.bought()) == (NumberState.FAILED, [])


@pytest.mark.parametrize("count", range(len(RELEASE_STEPS) + 1))
def test_worker_dies_while_it_releases(alice: Person, desk: Desk, count: int) -> None:
    desk.open(alice)
    desk.order(alice)
    provision_due()
    desk.release(alice)
    assert stored(alice).state == NumberState.RELEASING
    assert desk.die_after(count) == RELEASE_STEPS[:count]
    provision_due(after_lease)

    assert (stored(alice).state, desk.bought(), desk.assigned()) == (NumberState.RELEASED, [], (0, 0))
    assert verbs(alice)[2:] == ["phone_number.release_requested", "phone_number.released"]


@pytest.mark.parametrize(("asked_s", "waits_s"), [(2000, 2000), (10**9, 3600)])
def test_refused_for_so_many_seconds_it_waits_as_long(
    alice: Person, desk: Desk, asked_s: int, waits_s: int
) -> None:
    desk.open(alice)
    desk.order(alice)
    desk.twilio.fail(status=429, retry_after=asked_s, method="POST", path="IncomingPhoneNumbers")
    provision_job_once()
    due_at = job_of(alice).due_at
    assert due_at is not None
    wait = due_at - database_now()
    assert timedelta(seconds=waits_s - 600) < wait <= timedelta(seconds=waits_s)


def test_twilio_is_away_for_too_long(alice: Person, desk: Desk) -> None:
    """The purchase is given up, and looked for until it cannot appear any more."""
    desk.open(alice)
    desk.order(alice)
    desk.twilio.fail(status=503, method="POST", path="IncomingPhoneNumbers", times=2)
    provision_job_once()
    provision_due(after_patience)
    assert job_of(alice).state == JobState.UNDOING
    provision_due(after_long)

    assert (stored(alice).state, desk.bought()) == (NumberState.FAILED, [])


def test_worker_that_was_overtaken_stores_nothing(alice: Person, desk: Desk) -> None:
    desk.open(alice)
    desk.order(alice)
    slow = claim_next(NumberJob, database_now())
    assert slow is not None
    steps = do_job(slow, database_now)
    assert next(steps) == "bought"
    provision_due(after_lease)
    with pytest.raises(Overtaken):
        list(steps)

    assert (stored(alice).state, desk.bought(), desk.assigned()) == (NumberState.ACTIVE, [NUMBER], (1, 1))


def test_key_that_nobody_stored_is_replaced(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    desk.die_after(3)
    provision_due(after_lease)
    with tenant_context(alice.tenant):
        account, row = open_account(alice.tenant), ProviderAccount.objects.get()

    keys = list(desk.twilio.twilio.store.all(KEYS, account_sid=row.sid))
    assert [key["sid"] for key in keys] == [account.key_sid]
