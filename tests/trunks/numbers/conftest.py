"""People who buy numbers, a worker that dies where it is told, and what Twilio has afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from callsphere.local.doubles.twilio.numbers import NUMBERS
from callsphere.local.doubles.twilio.reviews import review
from callsphere.local.doubles.twilio.store import ACCOUNTS
from callsphere.local.doubles.twilio.trust import PRODUCT_NUMBERS, PROFILE_NUMBERS
from callsphere.providers.twilio import trust
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.models import NumberJob, PhoneNumber, ProviderAccount
from trunks.numbers.accounts import account_name, ensure_account, follow_account, open_account
from trunks.numbers.jobs import LEASE, claim_next
from trunks.numbers.saga import SETTLED_AFTER, do_job
from trunks.numbers.worker import JOBS, PATIENCE, provision_due

NUMBER = "+14155550101"


class Desk:
    """Orders, workers and what comes of them."""

    def __init__(self, twilio: DoubledTwilio) -> None:
        self.twilio = twilio

    def order(self, person: Person, number: str = NUMBER, **values: Any) -> PhoneNumber:
        with tenant_context(person.tenant):
            return services.order_number(tenant=person.tenant, actor=person.actor, number=number, **values)

    def release(self, person: Person) -> PhoneNumber:
        with tenant_context(person.tenant):
            row = PhoneNumber.objects.get()
            return services.release_number(tenant=person.tenant, actor=person.actor, number=row)

    def open(self, person: Person, *, approved: bool = True) -> TwilioAccount:
        """Give a person's tenant an account with a business profile and a trust product; return it."""
        with tenant_context(person.tenant):
            ensure_account(person.tenant)
        provision_due()
        with tenant_context(person.tenant):
            account = open_account(person.tenant)
        profiles = open_client(account).trusthub.v1.customer_profiles
        profile = profiles.create(
            friendly_name="Acme", email="a@example.com", policy_sid=trust.SECONDARY_BUSINESS
        ).sid
        product = trust.ensure_shaken_product(account, name="s", email="a@example.com", profile_sid=profile)
        if approved:
            for sid in (profile, product.sid):
                review(self.twilio.twilio.store, sid, trust.APPROVED)
        return account

    def die_after(self, count: int) -> list[str]:
        """Let a worker die after so many acts, with what it had claimed; return the acts."""
        return list(islice(_steps(), count))

    def bought(self) -> list[str]:
        """Return the numbers that all accounts have at Twilio."""
        return sorted(row["phone_number"] for row in self.twilio.twilio.store.all(NUMBERS))

    def assigned(self) -> tuple[int, int]:
        """Return how many numbers are on profiles, and on trust products."""
        store = self.twilio.twilio.store
        return len(list(store.all(PROFILE_NUMBERS))), len(list(store.all(PRODUCT_NUMBERS)))

    def subaccounts(self, person: Person) -> list[str]:
        """Return the statuses of the person's tenant's subaccounts."""
        rows = self.twilio.twilio.store.all(ACCOUNTS, friendly_name=account_name(person.tenant))
        return [row["status"] for row in rows]


def _steps() -> Iterator[str]:
    while (account := claim_next(ProviderAccount, database_now())) is not None:
        yield from follow_account(account, database_now)
    while (job := claim_next(NumberJob, database_now())) is not None:
        yield from do_job(job, database_now)


def after_lease() -> datetime:
    """A time at which what a dead worker had claimed is free again."""
    return database_now() + LEASE + timedelta(seconds=1)


def after_patience() -> datetime:
    """A time at which nobody waits for a purchase any more."""
    return database_now() + PATIENCE + timedelta(seconds=1)


def after_long() -> datetime:
    """A time at which no purchase can appear any more, whatever was tried before."""
    return database_now() + 2 * PATIENCE + LEASE + SETTLED_AFTER


def provision_job_once() -> None:
    """Let a worker do one job that is due, once."""
    JOBS.do_one(database_now)


def stored(person: Person) -> PhoneNumber:
    with tenant_context(person.tenant):
        return PhoneNumber.objects.get()


def job_of(person: Person) -> NumberJob:
    with tenant_context(person.tenant):
        return NumberJob.objects.all()[0]


def verbs(person: Person) -> list[str]:
    """Return what the log says of numbers, the oldest first."""
    with tenant_context(person.tenant):
        events = AuditEvent.objects.filter(object_kind="phonenumber").order_by("created_at", "id")
        return list(events.values_list("verb", flat=True))


@pytest.fixture
def desk(twilio: DoubledTwilio) -> Desk:
    return Desk(twilio)
