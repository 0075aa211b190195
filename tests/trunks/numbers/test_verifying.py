"""Own numbers that are proved by a call: placed once, watched, few, and never where it would do harm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import ReadOnly, Refused
from callsphere.local.doubles.twilio.caller_ids import CALLER_IDS, CALLS
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import Desk, after_lease, job_of, stored, verbs
from trunks import services
from trunks.enums import Verification
from trunks.models import NumberJob, NumberVerification, PhoneNumber
from trunks.numbers.jobs import claim_next
from trunks.numbers.verifying import (
    ANSWER_WITHIN,
    CALLS_A_DAY,
    CALLS_AN_HOUR,
    KEPT,
    PATIENCE,
    forget_old_verifications,
    why_not_called,
)
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
NUMBER = "+4930901820"
TAKEN = "Another organisation has this number. Ask support."


class Phone:
    """Somebody at the number's phone."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.store = desk.twilio.twilio.store

    def types(self, **values: str) -> str:
        """Pick up and type: the right code, or `digits`."""
        url = f"{self.desk.twilio.url}/_double/validations"
        picked_up = {"number": NUMBER, **values}
        return str(httpx.post(url, json=picked_up, trust_env=False, timeout=60).json()["status"])

    def rings(self) -> int:
        """How many calls wait for a code."""
        return len(list(self.store.all(CALLS)))

    def proved(self) -> list[str]:
        """The numbers that accounts may show."""
        return [row["phone_number"] for row in self.store.all(CALLER_IDS)]


@pytest.fixture
def phone(desk: Desk) -> Phone:
    return Phone(desk)


def add(person: Person, number: str = NUMBER) -> PhoneNumber:
    trunk = make_trunk(person, f"Line of {number}")
    with tenant_context(person.tenant):
        return services.add_own_number(tenant=person.tenant, actor=person.actor, trunk=trunk, number=number)


def call(person: Person, number: PhoneNumber, **values: str) -> NumberVerification:
    with tenant_context(person.tenant):
        return services.start_verification(tenant=person.tenant, actor=person.actor, number=number, **values)


def last(person: Person) -> NumberVerification:
    with tenant_context(person.tenant):
        return NumberVerification.objects.all()[0]


def later(span: timedelta) -> datetime:
    return database_now() + span + timedelta(seconds=1)


def provision_at(moment: datetime) -> None:
    provision_due(lambda: moment)


def test_number_is_verified_by_the_code(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    provision_due()
    calling = last(alice)
    assert (calling.state, len(calling.code), phone.rings()) == ("calling", 6, 1)
    assert phone.types(digits=calling.code) == "success"
    provision_at(later(timedelta(seconds=2)))
    row, ended = stored(alice), last(alice)
    assert (row.state, row.verified_by, ended.state, ended.code) == ("active", "call", "done", "")
    assert verbs(alice) == [
        "phone_number.added",
        "phone_number.verification_called",
        "phone_number.verified",
    ]


def test_asked_for_twice_it_is_called_once(alice: Person, phone: Phone) -> None:
    number = add(alice)
    assert call(alice, number).pk == call(alice, number).pk
    provision_due()
    assert phone.rings() == 1


@pytest.mark.parametrize("digits", ["", "wrong"])
def test_without_the_code_it_proves_nothing(alice: Person, phone: Phone, digits: str) -> None:
    call(alice, add(alice))
    provision_due()
    phone.types(digits=digits)
    provision_at(later(timedelta(seconds=2)))
    assert last(alice).state == "calling"
    provision_at(later(ANSWER_WITHIN))
    ended = last(alice)
    assert (ended.state, ended.error_code, ended.code) == ("failed", "code_not_typed", "")
    assert stored(alice).state == "unverified"


def test_extension_is_dialled(alice: Person, phone: Phone) -> None:
    call(alice, add(alice), extension=" 12 ")
    provision_due()
    asked = [each.request for each in phone.desk.twilio.twilio.exchanges if each.request.method == "POST"]
    assert asked[-1].form["Extension"] == ["12"]


@pytest.mark.parametrize("extension", ["1w2", "123456789", "٣"])
def test_what_is_no_extension_is_refused(alice: Person, phone: Phone, extension: str) -> None:
    with pytest.raises(ValidationError) as refused:
        call(alice, add(alice), extension=extension)
    assert list(refused.value.error_dict) == ["extension"]


def test_three_calls_an_hour_to_one_number(alice: Person, phone: Phone) -> None:
    for _ in range(CALLS_AN_HOUR):
        call(alice, _again(alice))
        provision_due()
        _end_all(alice)
    with pytest.raises(services.CalledTooOften) as refused:
        call(alice, _again(alice))
    assert "called 3 times within the hour. Try again in 60 minutes" in str(refused.value)
    assert 3500 < refused.value.retry_after_s <= 3600


def test_other_tenants_calls_count_too(alice: Person, charlie: Person, phone: Phone) -> None:
    for _ in range(CALLS_AN_HOUR):
        call(alice, _again(alice))
        provision_due()
        _end_all(alice)
    call(charlie, add(charlie))
    provision_due()
    assert (last(charlie).state, last(charlie).error_code) == ("failed", "called_too_often")
    assert phone.rings() == CALLS_AN_HOUR


def test_calls_a_day_of_one_tenant(alice: Person, phone: Phone) -> None:
    for index in range(CALLS_A_DAY):
        call(alice, add(alice, f"+49309018{index:02}1"))
        _end_all(alice)
    with pytest.raises(services.CalledTooOften, match="within a day"):
        call(alice, add(alice))


@pytest.mark.parametrize(
    ("number", "may"),
    [("+4930901820", True), ("+14155550101", True), ("+18005550100", True), ("+80012345678", True),
     ("+499001234567", False), ("+19005550100", False), ("+881612345678", False), ("+979123456789", False)],
)  # fmt: skip
def test_where_it_would_be_dear_nobody_is_called(number: str, may: bool) -> None:
    assert (why_not_called(number) == "") is may


def test_emergency_numbers_are_never_called() -> None:
    assert why_not_called("+49112") == "Emergency numbers are never called."


def test_costly_number_is_refused(alice: Person, phone: Phone) -> None:
    with pytest.raises(Refused) as refused:
        call(alice, add(alice, "+19005550100"))
    assert refused.value.code == "not_callable"


def test_installation_without_a_provider_calls_nobody(alice: Person, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    with pytest.raises(Refused) as refused:
        call(alice, add(alice))
    assert refused.value.code == "no_provider"


def test_bought_verified_and_released_numbers_need_no_call(alice: Person, phone: Phone) -> None:
    bought = phone.desk.order(alice)
    own = add(alice)
    with tenant_context(alice.tenant):
        mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
        services.verify_own_number(**mine, number=own, by=Verification.SUPPORT)
        released = services.release_number(**mine, number=add(alice, "+4930901821"))
    codes = []
    for number in (bought, own, released):
        with pytest.raises(Refused) as refused:
            call(alice, number)
        codes.append(refused.value.code)
    assert codes == ["not_own", "verified", "number_over"]


def test_read_only_tenant_calls_nobody(alice: Person, phone: Phone) -> None:
    number = add(alice)
    with tenant_context(alice.tenant):
        Tenant.objects.update(read_only_reason="Pay first.")
        alice.tenant.refresh_from_db()
    with pytest.raises(ReadOnly):
        call(alice, number)


def test_call_that_may_ring_without_a_code_is_not_repeated(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    phone.desk.twilio.fail(kind="lose", method="POST", path="OutgoingCallerIds")
    provision_due()
    assert (last(alice).state, last(alice).error_code, phone.rings()) == ("failed", "call_lost", 1)


def test_worker_that_died_while_it_called_is_not_followed_by_another_call(
    alice: Person, phone: Phone
) -> None:
    call(alice, add(alice))
    claimed = claim_next(NumberVerification, database_now())
    assert claimed is not None
    with tenant_context(alice.tenant):
        NumberVerification.objects.update(called_at=database_now())
    provision_at(after_lease())
    assert (last(alice).error_code, phone.rings()) == ("call_lost", 0)


def test_call_that_was_certainly_not_placed_is_tried_again(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    phone.desk.twilio.fail(status=429, method="POST", path="OutgoingCallerIds", retry_after=30)
    provision_due()
    assert (last(alice).state, last(alice).called_at, phone.rings()) == ("waiting", None, 0)
    provision_at(later(timedelta(seconds=30)))
    assert (last(alice).state, phone.rings()) == ("calling", 1)


def test_call_that_cannot_be_placed_is_given_up(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    phone.desk.twilio.fail(status=503, path="Accounts", times=100)
    provision_due()
    provision_at(later(PATIENCE))
    assert last(alice).state == "failed"


def test_refusal_is_told(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    phone.desk.twilio.fail(status=400, code=21215, method="POST", path="OutgoingCallerIds")
    provision_due()
    assert (last(alice).state, last(alice).error_code) == ("failed", "country_not_allowed")


def test_number_of_another_tenant_is_not_taken_over(alice: Person, charlie: Person, phone: Phone) -> None:
    call(charlie, add(charlie))
    provision_due()
    own = add(alice)
    with tenant_context(alice.tenant):
        services.verify_own_number(
            tenant=alice.tenant, actor=alice.actor, number=own, by=Verification.SUPPORT
        )
    phone.types()
    provision_at(later(timedelta(seconds=2)))
    assert (last(charlie).state, last(charlie).error_code, phone.proved()) == ("failed", "number_taken", [])
    assert TAKEN in last(charlie).error
    assert stored(charlie).state == "unverified"


def test_call_to_a_number_that_was_given_up_ends(alice: Person, phone: Phone) -> None:
    number = add(alice)
    call(alice, number)
    provision_due()
    with tenant_context(alice.tenant):
        services.release_number(tenant=alice.tenant, actor=alice.actor, number=number)
    provision_at(later(timedelta(seconds=2)))
    assert (last(alice).state, last(alice).error_code) == ("failed", "not_wanted")


@pytest.mark.parametrize("how", ["release", "withdraw"])
def test_proof_is_withdrawn_at_the_provider_too(alice: Person, phone: Phone, how: str) -> None:
    number = add(alice)
    call(alice, number)
    provision_due()
    phone.types()
    provision_at(later(timedelta(seconds=2)))
    assert phone.proved() == [NUMBER]
    mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "number": number}
    with tenant_context(alice.tenant):
        if how == "release":
            services.release_number(**mine)
        else:
            services.withdraw_verification(**mine, reason="It was somebody else's")
    provision_due()
    assert phone.proved() == []


def test_number_that_was_proved_again_as_another_row_stays_proved(
    alice: Person, phone: Phone, desk: Desk
) -> None:
    def prove(number: PhoneNumber) -> None:
        call(alice, number)
        provision_due()
        phone.types()
        provision_at(later(timedelta(seconds=2)))

    first = add(alice)
    prove(first)
    with tenant_context(alice.tenant):
        services.release_number(tenant=alice.tenant, actor=alice.actor, number=first)
    desk.twilio.fail(status=503, path="OutgoingCallerIds", times=50)
    provision_due()  # the proof is to be forgotten, which fails
    desk.twilio.twilio.faults.clear()
    with tenant_context(alice.tenant):
        NumberJob.objects.update(due_at=later(ANSWER_WITHIN))
        who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "trunk": first.trunk}
        second = services.add_own_number(**who, number=NUMBER)
    prove(second)
    provision_at(later(ANSWER_WITHIN))
    assert (job_of(alice).state, phone.proved()) == ("done", [NUMBER])


def test_proof_went_with_its_account(alice: Person, phone: Phone) -> None:
    number = add(alice)
    with tenant_context(alice.tenant):
        mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "number": number}
        services.verify_own_number(**mine, by=Verification.CALL)
        services.release_number(**mine)
    provision_due()
    with tenant_context(alice.tenant):
        assert list(NumberJob.objects.values_list("kind", "state")) == [("forget", "done")]


def test_old_calls_are_forgotten(alice: Person, phone: Phone) -> None:
    call(alice, add(alice))
    _end_all(alice)
    assert forget_old_verifications(lambda: later(KEPT - timedelta(days=1))) == 0
    assert forget_old_verifications(lambda: later(KEPT)) == 1


def _again(person: Person) -> PhoneNumber:
    """The number of before, or the same one added anew: neither makes room for more calls."""
    with tenant_context(person.tenant):
        there = PhoneNumber.objects.filter(number=NUMBER, state="unverified").first()
        if there is not None:
            services.release_number(tenant=person.tenant, actor=person.actor, number=there)
        trunk = there.trunk if there else None
    if trunk is None:
        return add(person)
    with tenant_context(person.tenant):
        return services.add_own_number(tenant=person.tenant, actor=person.actor, trunk=trunk, number=NUMBER)


def _end_all(person: Person) -> None:
    with tenant_context(person.tenant):
        NumberVerification.objects.filter(ended_at=None).update(
            state="failed", code="", due_at=None, ended_at=database_now()
        )
