"""A payment that does not come: grace, read-only, numbers given up; and every way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from billing import services
from billing.enums import Stage, Status, WorkState
from billing.looking import look_after_due
from billing.models import BillingRequest, Plan
from billing.payments import payments
from billing.syncing import sync
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.enums import Role
from tests.billing.conftest import Shop, bought, notices, tenant_of
from tests.conftest import Person, make_member
from tests.doubles import press

pytestmark = pytest.mark.django_db


def fall_behind(shop: Shop, person: Person) -> None:
    """Have a trial end with a card that is declined."""
    shop.buy(person, card="0341")
    shop.pass_days(14)
    assert bought(person).status == Status.PAST_DUE


def test_reminders_come_three_days_and_one_day_before_the_trial_ends(
    shop: Shop, alice: Person, mailoutbox: list[Any]
) -> None:
    shop.buy(alice, card="")
    end = bought(alice).trial_end
    assert end is not None

    for before in (
        timedelta(days=4),
        timedelta(days=3),
        timedelta(days=2),
        timedelta(days=1),
        timedelta(hours=1),
    ):
        look_after_due(end - before)
        look_after_due(end - before)

    assert notices(alice) == ["trial_3_days", "trial_1_day"]
    assert [(mail.subject, mail.to) for mail in mailoutbox] == [
        ("The trial of Acme Dental ends in 3 days", ["alice@example.com"]),
        ("The trial of Acme Dental ends in a day", ["alice@example.com"]),
    ]
    assert "No card is on file, so the plan ends then and nothing is charged." in mailoutbox[0].body
    assert f"/t/{alice.tenant.slug}/billing/" in mailoutbox[0].body


def test_with_a_card_the_reminder_says_what_is_charged(
    shop: Shop, alice: Person, mailoutbox: list[Any]
) -> None:
    shop.buy(alice)
    end = bought(alice).trial_end
    assert end is not None

    look_after_due(end - timedelta(days=3))

    assert "Then Visa ending in 4242 is charged $149 a month" in mailoutbox[0].body


def test_mails_go_to_those_who_look_after_billing(shop: Shop, alice: Person, mailoutbox: list[Any]) -> None:
    make_member(alice.tenant, "books@example.com", role=Role.BILLING)
    make_member(alice.tenant, "dev@example.com", role=Role.DEVELOPER)

    fall_behind(shop, alice)

    assert sorted(mail.to[0] for mail in mailoutbox) == ["alice@example.com", "books@example.com"]


def test_a_failed_payment_leads_step_by_step_to_the_end(
    shop: Shop, alice: Person, mailoutbox: list[Any]
) -> None:
    fall_behind(shop, alice)
    subscription = bought(alice)
    assert subscription.grace_until is not None
    assert subscription.release_at is not None
    assert (subscription.stage, notices(alice)) == (Stage.GRACE, ["payment_failed"])
    assert not tenant_of(alice).is_read_only
    assert "Pay by" in tenant_of(alice).billing_alert

    look_after_due(subscription.grace_until)
    tenant = tenant_of(alice)
    assert tenant.read_only_reason == "The last payment failed. Pay on the page Billing, or ask an owner to."
    assert (bought(alice).stage, tenant.number_limit) == (Stage.READ_ONLY, 1)
    assert (
        tenant.numbers_held_until == subscription.release_at == subscription.grace_until + timedelta(days=30)
    )

    look_after_due(subscription.release_at - timedelta(days=3))
    assert tenant_of(alice).number_limit == 1

    look_after_due(subscription.release_at)
    tenant = tenant_of(alice)
    assert (bought(alice).stage, tenant.number_limit, tenant.is_read_only) == (Stage.RELEASED, 0, True)
    assert tenant.numbers_held_until is None
    assert notices(alice) == ["payment_failed", "read_only", "release_soon", "released"]
    assert len(mailoutbox) == 4

    with time_machine.travel(subscription.release_at, tick=True):
        shop.do()  # Stripe is told, so that nothing more is asked for
    assert bought(alice).status == Status.CANCELED
    assert notices(alice)[4:] == []


def test_grace_is_seven_days(shop: Shop, alice: Person) -> None:
    from django.utils import timezone

    before = timezone.now()
    fall_behind(shop, alice)

    until = bought(alice).grace_until
    assert until is not None
    assert before + timedelta(days=7) <= until <= timezone.now() + timedelta(days=7)


def test_stripes_own_retries_start_no_grace_anew(shop: Shop, alice: Person) -> None:
    fall_behind(shop, alice)
    until = bought(alice).grace_until

    shop.pass_days(8)

    assert (bought(alice).grace_until, notices(alice)) == (until, ["payment_failed"])


@pytest.mark.parametrize("stage", [Stage.GRACE, Stage.READ_ONLY])
def test_paying_puts_everything_in_order(shop: Shop, alice: Person, stage: Stage) -> None:
    fall_behind(shop, alice)
    until = bought(alice).grace_until
    assert until is not None
    if stage == Stage.READ_ONLY:
        look_after_due(until)
    assert bought(alice).stage == stage

    shop.use_card(alice, "4242", pay=True)

    tenant = tenant_of(alice)
    assert (bought(alice).status, bought(alice).stage) == (Status.ACTIVE, Stage.FINE)
    assert (tenant.read_only_reason, tenant.billing_alert, tenant.number_limit) == ("", "", 1)
    assert notices(alice)[-1] == "recovered"


def test_a_trial_without_a_card_ends_read_only_and_a_plan_brings_all_back(
    shop: Shop, alice: Person, mailoutbox: list[Any]
) -> None:
    shop.buy(alice, "three", card="")
    shop.pass_days(14)

    tenant = tenant_of(alice)
    assert (
        tenant.read_only_reason
        == "The trial has ended. Choose a plan on the page Billing, or ask an owner to."
    )
    assert (tenant.trunk_limit, notices(alice)) == (15, ["ended"])
    assert mailoutbox[-1].subject == "The trial of Acme Dental has ended"

    shop.buy(alice, "three")

    assert not tenant_of(alice).is_read_only
    assert notices(alice) == ["ended", "recovered"]


def test_a_canceled_plan_is_announced_once_and_ends(shop: Shop, alice: Person) -> None:
    shop.buy(alice)
    shop.pass_days(14)
    shop.ask(alice, "cancellation")
    shop.do()
    shop.hear()
    assert notices(alice) == ["canceled"]

    shop.pass_days(31)

    assert (bought(alice).status, notices(alice)) == (Status.CANCELED, ["canceled", "ended"])
    assert tenant_of(alice).is_read_only


def test_what_support_moved_is_kept(shop: Shop, alice: Person) -> None:
    from billing.models import Subscription
    from tenants.context import tenant_context

    fall_behind(shop, alice)
    until = bought(alice).grace_until
    assert until is not None
    with tenant_context(alice.tenant):
        Subscription.objects.update(grace_until=until + timedelta(days=5))

    look_after_due(until)

    assert bought(alice).stage == Stage.GRACE


def give_plan(person: Person, until: datetime | None) -> None:
    """Have support give the plan, or take it back."""
    with tenant_context(person.tenant):
        services.comp_plan(
            tenant=person.tenant,
            actor=Actor.staff(person.user),
            plan=Plan.objects.get(code="one", is_offered=True) if until else None,
            until=until,
            reason="While they wait",
        )


def test_numbers_are_held_for_the_whole_time_after_a_given_plan(
    shop: Shop, alice: Person, mailoutbox: list[Any]
) -> None:
    shop.buy(alice, card="")
    shop.pass_days(14)
    until = shop.now() + timedelta(days=90)
    give_plan(alice, until)
    assert bought(alice).stage == Stage.FINE

    look_after_due(until)

    subscription, tenant = bought(alice), tenant_of(alice)
    assert (subscription.stage, tenant.number_limit) == (Stage.READ_ONLY, 1)
    assert subscription.release_at == tenant.numbers_held_until == until + timedelta(days=30)
    assert notices(alice) == ["ended", "recovered", "ended"]
    assert len(mailoutbox) == 3


def test_a_given_plan_that_is_taken_back_is_no_end_in_the_past(shop: Shop, alice: Person) -> None:
    shop.buy(alice, card="")
    shop.pass_days(14)
    give_plan(alice, shop.now() + timedelta(days=90))

    with time_machine.travel(shop.now() + timedelta(days=60), tick=False):
        give_plan(alice, None)

    subscription = bought(alice)
    assert subscription.stage == Stage.READ_ONLY
    assert subscription.release_at == shop.now() + timedelta(days=90)


def test_who_pays_at_the_last_moment_keeps_the_plan(shop: Shop, alice: Person) -> None:
    fall_behind(shop, alice)
    release_at = bought(alice).release_at
    assert release_at is not None
    request = shop.ask(alice, "portal")
    shop.do()
    page = shop.url_of(request)
    look_after_due(release_at)  # asks that it ends at Stripe

    press(shop.double, page, card="4242")
    assert press(shop.double, page, action="pay").status_code == 303
    shop.do()

    assert (bought(alice).status, bought(alice).stage) == (Status.ACTIVE, Stage.FINE)


def test_an_end_waits_while_our_key_is_refused(shop: Shop, alice: Person, settings: Any) -> None:
    fall_behind(shop, alice)
    release_at = bought(alice).release_at
    assert release_at is not None
    key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_of_yesterday"
    look_after_due(release_at)
    shop.do()

    settings.STRIPE_SECRET_KEY = key
    with tenant_context(alice.tenant):
        BillingRequest.objects.filter(state=WorkState.WAITING).update(due_at="2026-01-01T00:00Z")
    with time_machine.travel(release_at, tick=True):
        shop.do()

    assert bought(alice).status == Status.CANCELED


def test_what_is_given_up_ends_at_stripe_whoever_notices_first(shop: Shop, alice: Person) -> None:
    fall_behind(shop, alice)
    release_at = bought(alice).release_at
    assert release_at is not None

    with time_machine.travel(release_at, tick=True):
        sync(payments(), alice.tenant.pk)  # an event came just before time's own look
        assert bought(alice).stage == Stage.RELEASED
        look_after_due(release_at)
        shop.do()

    assert bought(alice).status == Status.CANCELED


@pytest.mark.parametrize("status", [Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED])
def test_a_purchase_whose_first_payment_is_missing_puts_nothing_in_order(
    shop: Shop, alice: Person, status: Status
) -> None:
    shop.buy(alice, card="")
    shop.pass_days(14)
    release_at = bought(alice).release_at
    request = shop.ask(alice, "checkout", plan="ten")
    shop.do()
    press(shop.double, shop.url_of(request), card="4242", country="US")
    with shop.double.account.lock:
        shop.double.account.all("subscription")[0]["status"] = status.value

    shop.hear()

    subscription = bought(alice)
    assert (subscription.stage, subscription.release_at) == (Stage.READ_ONLY, release_at)
    assert (str(subscription.plan), notices(alice)) == ("1 number", ["ended"])


def test_who_never_paid_a_first_time_goes_on_as_without_a_plan(shop: Shop, alice: Person) -> None:
    request = shop.ask(alice, "checkout", plan="one")
    shop.do()
    press(shop.double, shop.url_of(request), card="4242", country="US")
    with shop.double.account.lock:
        shop.double.account.all("subscription")[0]["status"] = "incomplete_expired"

    shop.hear()

    assert (bought(alice).status, bought(alice).stage, notices(alice)) == (Status.NONE, Stage.FINE, [])
    assert not tenant_of(alice).is_read_only
