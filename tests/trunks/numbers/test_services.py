"""Numbers are ordered, labelled and released by people, within the plan's room."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import LimitReached, ReadOnly, Refused, VersionConflict
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.room import room_of
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk, stored, verbs
from trunks import services
from trunks.enums import NumberState, Verification
from trunks.models import NumberJob, PhoneNumber
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def add_own(person: Person, number: str = NUMBER) -> PhoneNumber:
    trunk = make_trunk(person)
    with tenant_context(person.tenant):
        return services.add_own_number(tenant=person.tenant, actor=person.actor, trunk=trunk, number=number)


def verify(person: Person, **values: Any) -> PhoneNumber:
    with tenant_context(person.tenant):
        return services.verify_own_number(
            tenant=person.tenant,
            actor=person.actor,
            number=PhoneNumber.objects.get(),
            by=Verification.SUPPORT,
            **values,
        )


def limit_to(person: Person, limit: int) -> None:
    with tenant_context(person.tenant):
        Tenant.objects.update(number_limit=limit)


@pytest.mark.parametrize("text", ["+1 (415) 555-0101", " +14155550101 "])
def test_number_is_stored_as_e164(alice: Person, desk: Desk, text: str) -> None:
    row = desk.order(alice, text)
    assert (row.number, row.country, row.state) == (NUMBER, "US", NumberState.ORDERED)


@pytest.mark.parametrize("text", ["", "4155550101", "+1415", "+1415555010x", "sip:+14155550101"])
def test_what_is_no_number_is_refused(alice: Person, desk: Desk, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        desk.order(alice, text)
    assert list(refused.value.error_dict) == ["number"]


def test_number_is_ordered_once(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    with pytest.raises(ValidationError) as refused:
        desk.order(alice)
    assert refused.value.message_dict == {"number": ["You have this number."]}


def test_own_and_bought_numbers_share_the_room(alice: Person, desk: Desk) -> None:
    limit_to(alice, 2)
    add_own(alice)
    desk.order(alice, "+14155550102")
    with pytest.raises(LimitReached, match="room for 2 phone numbers"):
        desk.order(alice, "+14155550103")
    with tenant_context(alice.tenant):
        used = {use.counted.column: use.used for use in room_of(alice.tenant)}
    assert used["number_limit"] == 2


def test_purchase_that_failed_gives_its_room_back(alice: Person, desk: Desk) -> None:
    limit_to(alice, 1)
    desk.order(alice, "+14155550139")
    provision_due()
    desk.order(alice)
    provision_due()
    assert desk.bought() == [NUMBER]


def test_number_takes_its_room_until_it_is_released(alice: Person, desk: Desk) -> None:
    limit_to(alice, 1)
    desk.order(alice)
    provision_due()
    desk.release(alice)
    with pytest.raises(LimitReached):
        desk.order(alice, "+14155550102")
    provision_due()
    assert desk.order(alice, "+14155550102").state == NumberState.ORDERED


def test_released_number_can_be_ordered_again(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    provision_due()
    desk.release(alice)
    provision_due()
    desk.order(alice)
    provision_due()
    assert desk.bought() == [NUMBER]


def test_nothing_is_bought_without_a_provider(alice: Person, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    with tenant_context(alice.tenant), pytest.raises(Refused) as refused:
        services.order_number(tenant=alice.tenant, actor=alice.actor, number=NUMBER)
    assert refused.value.code == "no_provider"


def test_read_only_tenant_orders_nothing(alice: Person, desk: Desk) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(read_only_reason="Pay first.")
        alice.tenant.refresh_from_db()
    with pytest.raises(ReadOnly):
        desk.order(alice)
    with tenant_context(alice.tenant):
        assert (PhoneNumber.objects.count(), NumberJob.objects.count()) == (0, 0)


def test_number_that_is_being_bought_is_not_released(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    with pytest.raises(Refused) as refused:
        desk.release(alice)
    assert refused.value.code == "being_bought"


def test_release_is_asked_for_once(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    provision_due()
    desk.release(alice)
    desk.release(alice)
    with tenant_context(alice.tenant):
        assert list(NumberJob.objects.values_list("kind", flat=True)) == ["release", "buy"]


def test_label_is_changed_with_its_version(alice: Person, desk: Desk) -> None:
    row = desk.order(alice)
    mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "number": row}
    with tenant_context(alice.tenant):
        changed = services.label_number(expected_version=1, label=" Front desk ", **mine)
        with pytest.raises(VersionConflict):
            services.label_number(expected_version=1, label="Back door", **mine)
        with pytest.raises(ValidationError):
            services.label_number(expected_version=2, label="x" * 65, **mine)
    assert (changed.label, changed.version) == ("Front desk", 2)


def test_own_number_is_verified_and_withdrawn(alice: Person) -> None:
    assert add_own(alice).state == NumberState.UNVERIFIED
    row = verify(alice, reason="They sent an invoice of their carrier")
    assert (row.state, row.verified_by, row.verified_at is not None) == ("active", "support", True)
    with tenant_context(alice.tenant):
        row = services.withdraw_verification(
            tenant=alice.tenant, actor=alice.actor, number=row, reason="It was somebody else's"
        )
    assert (row.state, row.verified_by, row.verified_at) == ("unverified", "", None)
    assert verbs(alice) == [
        "phone_number.added",
        "phone_number.verified",
        "phone_number.verification_withdrawn",
    ]


def test_number_is_verified_by_one_tenant(alice: Person, charlie: Person) -> None:
    add_own(alice)
    add_own(charlie)
    verify(alice)
    with pytest.raises(ValidationError) as refused:
        verify(charlie)
    assert refused.value.message_dict == {"number": ["Another organisation has this number. Ask support."]}
    assert stored(charlie).state == NumberState.UNVERIFIED


def test_bought_number_needs_no_verification(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    with pytest.raises(Refused) as refused:
        verify(alice)
    assert refused.value.code == "not_own"


def test_own_number_is_released_at_once(alice: Person, desk: Desk) -> None:
    add_own(alice)
    assert desk.release(alice).state == NumberState.RELEASED
    with pytest.raises(Refused) as refused:
        desk.release(alice)
    assert refused.value.code == "number_over"


def test_own_number_goes_with_its_trunk(alice: Person) -> None:
    trunk = add_own(alice).trunk
    assert trunk is not None
    with tenant_context(alice.tenant):
        services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        assert PhoneNumber.objects.count() == 0


def test_purchase_of_a_number_that_another_tenant_verified_is_undone(
    alice: Person, charlie: Person, desk: Desk
) -> None:
    add_own(charlie)
    verify(charlie)
    desk.order(alice)
    provision_due()
    assert (stored(alice).state, stored(alice).error, desk.bought()) == (
        NumberState.FAILED,
        "Another organisation has this number. Ask support.",
        [],
    )
