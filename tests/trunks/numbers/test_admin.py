"""What the support desk sees of numbers, and does with them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.tenants.conftest import desk as support
from tests.tenants.conftest import sam
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk, job_of, stored
from tests.trunks.numbers.pages.conftest import add_own, searched
from trunks import services
from trunks.enums import AccountStatus, Verification
from trunks.models import NumberJob, NumberVerification, PhoneNumber, ProviderAccount
from trunks.numbers.worker import provision_due

__all__ = ["sam", "support"]
pytestmark = pytest.mark.django_db
OWN = "+4930901820"


def address(name: str, page: str, row: Any = None) -> str:
    return reverse(f"admin:trunks_{name}_{page}", args=[row.pk] if row else [])


def act(support: Client, name: str, page: str, row: Any, reason: str = "Ticket 7") -> Any:
    return support.post(address(name, page, row), {"reason": reason})


def last_event(person: Person, verb: str) -> AuditEvent:
    with tenant_context(person.tenant):
        return AuditEvent.objects.filter(verb=verb).order_by("-created_at")[0]


@pytest.fixture
def own(alice: Person) -> PhoneNumber:
    return add_own(alice, make_trunk(alice, "Main line"))


@pytest.mark.parametrize(
    ("query", "is_there"),
    [("", True), ("?q=4930901820", True), ("?q=Acme", True), ("?state__exact=unverified", True),
     ("?q=415", False), ("?state__exact=active", False)],
)  # fmt: skip
def test_numbers_are_found(support: Client, own: PhoneNumber, query: str, is_there: bool) -> None:
    html = support.get(address("phonenumber", "changelist") + query).content.decode()
    assert (OWN in html) is is_there


def test_a_number_is_found_by_its_whole_id(support: Client, own: PhoneNumber) -> None:
    """Not by a part of it: an area code would find numbers whose id happens to hold it."""
    html = support.get(address("phonenumber", "changelist") + f"?q={own.pk}").content.decode()
    assert OWN in html
    html = support.get(address("phonenumber", "changelist") + f"?q={str(own.pk)[:8]}").content.decode()
    assert OWN not in html


@pytest.mark.parametrize("name", ["phonenumber", "numberjob", "provideraccount", "numbersearch"])
def test_support_looks_and_edits_nothing(support: Client, alice: Person, desk: Desk, name: str) -> None:
    desk.order(alice)
    provision_due()
    search = searched(alice, area_code="415")
    with tenant_context(alice.tenant):
        rows = {
            "phonenumber": PhoneNumber.objects.get(),
            "numberjob": NumberJob.objects.get(),
            "provideraccount": ProviderAccount.objects.get(),
            "numbersearch": search,
        }
    row = rows[name]
    assert support.get(address(name, "changelist")).status_code == 200
    assert support.get(address(name, "change", row)).status_code == 200
    assert support.post(address(name, "change", row), {"number": "x"}).status_code == 403
    assert support.post(address(name, "delete", row)).status_code == 403
    assert support.get(address(name, "add")).status_code == 403


def test_keys_are_never_shown(support: Client, alice: Person, desk: Desk) -> None:
    account = desk.open(alice)
    with tenant_context(alice.tenant):
        row = ProviderAccount.objects.get()
    html = support.get(address("provideraccount", "change", row)).content.decode()
    assert account.account_sid in html
    for secret in (account.key_secret, row.auth_token, row.key_secret):
        assert secret not in html


def test_code_of_a_call_is_the_customers(
    support: Client, alice: Person, own: PhoneNumber, desk: Desk
) -> None:
    with tenant_context(alice.tenant):
        services.start_verification(tenant=alice.tenant, actor=alice.actor, number=own)
    provision_due()
    with tenant_context(alice.tenant):
        code = NumberVerification.objects.get(phone_number=own).code
    html = support.get(address("phonenumber", "change", own)).content.decode()
    assert ("Being called" in html, f">{code}<" in html) == (True, False)


def test_support_verifies_with_a_reason(support: Client, alice: Person, own: PhoneNumber) -> None:
    response = act(support, "phonenumber", "verify", own)
    row, event = stored(alice), last_event(alice, "phone_number.verified")
    assert response["Location"] == address("phonenumber", "change", own)
    assert (row.state, row.verified_by) == ("active", "support")
    assert (event.actor_kind, event.actor_label, event.reason) == (
        "staff",
        "sam@callsphere.example",
        "Ticket 7",
    )


def test_support_withdraws_with_a_reason(support: Client, alice: Person, own: PhoneNumber) -> None:
    with tenant_context(alice.tenant):
        services.verify_own_number(
            tenant=alice.tenant, actor=alice.actor, number=own, by=Verification.SUPPORT
        )
    act(support, "phonenumber", "withdraw", own)
    event = last_event(alice, "phone_number.verification_withdrawn")
    assert (stored(alice).state, event.actor_kind, event.reason) == ("unverified", "staff", "Ticket 7")


@pytest.mark.parametrize("page", ["verify", "withdraw"])
def test_nothing_is_decided_without_a_reason(
    support: Client, alice: Person, own: PhoneNumber, page: str
) -> None:
    response = act(support, "phonenumber", page, own, reason="")
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert stored(alice).state == "unverified"


def test_number_of_another_customer_is_not_verified_too(
    support: Client, alice: Person, charlie: Person, own: PhoneNumber
) -> None:
    act(support, "phonenumber", "verify", own)
    other = add_own(charlie, make_trunk(charlie))
    html = act(support, "phonenumber", "verify", other).content.decode()
    assert ("Another organisation has this number." in html, stored(charlie).state) == (True, "unverified")


def test_bought_number_is_not_decided_about(support: Client, alice: Person, desk: Desk) -> None:
    html = act(support, "phonenumber", "verify", desk.order(alice)).content.decode()
    assert "nothing is to be verified" in html


def test_job_is_tried_at_once(support: Client, alice: Person, desk: Desk) -> None:
    desk.twilio.fail(status=503, times=50)
    desk.order(alice)
    provision_due()
    desk.twilio.twilio.faults.clear()
    with tenant_context(alice.tenant):
        account = ProviderAccount.objects.get()
    act(support, "provideraccount", "try_now", account)
    act(support, "numberjob", "try_now", job_of(alice))
    provision_due()
    assert (stored(alice).state, desk.bought()) == ("active", [NUMBER])
    events = [
        last_event(alice, verb) for verb in ("phone_number.tried_again", "provider_account.tried_again")
    ]
    assert [(event.actor_kind, event.reason) for event in events] == [("staff", "Ticket 7")] * 2


def test_what_has_ended_is_not_tried_again(support: Client, alice: Person, desk: Desk) -> None:
    desk.order(alice)
    provision_due()
    with tenant_context(alice.tenant):
        account = ProviderAccount.objects.get()
    assert account.status == AccountStatus.ACTIVE
    assert "This work has ended" in act(support, "numberjob", "try_now", job_of(alice)).content.decode()
    html = act(support, "provideraccount", "try_now", account).content.decode()
    assert "This account is as it should be" in html


def test_queries_do_not_grow_with_rows(support: Client, alice: Person, own: PhoneNumber) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            support.get(address("phonenumber", "changelist"))
        return len(captured)

    queries()
    with_one = queries()
    assert own.trunk is not None
    for number in ("+4930901821", "+4930901822"):
        add_own(alice, own.trunk, number)
    assert queries() == with_one
