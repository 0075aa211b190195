"""A shop: the stand-in for Stripe, our workers, and people who buy."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from billing import doing, inbox, services
from billing.enums import WorkState
from billing.models import BillingRequest, Invoice, Notice, Subscription
from billing.queries import subscription_of
from callsphere.local.doubles.stripe.deliveries import sign
from callsphere.local.doubles.stripe.server import Double
from tenants.context import tenant_context
from tenants.keys import reveal
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from tests.doubles import DAY, KEY, WEBHOOK_SECRET, press
from tests.doubles import double as double  # a fixture


class Shop:
    """What happens around a purchase, step by step."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.heard = 0

    def ask(self, person: Person, what: str, **values: Any) -> BillingRequest:
        """Ask for something as this person."""
        with tenant_context(person.tenant):
            service = getattr(services, f"request_{what}")
            return service(tenant=person.tenant, actor=person.actor, **values)

    def do(self) -> None:
        """Let a worker do what was asked for."""
        doing.do_due()

    def asked(self, request: BillingRequest) -> BillingRequest:
        """Return a request as it is stored now."""
        with tenant_context(Tenant(pk=request.tenant_id)):
            return BillingRequest.objects.get(pk=request.pk)

    def url_of(self, request: BillingRequest) -> str:
        """Return the path of the page that a request leads to."""
        with tenant_context(Tenant(pk=request.tenant_id)):
            row = BillingRequest.objects.get(pk=request.pk)
            assert (row.state, row.error) == (WorkState.DONE, "")
            return urlsplit(reveal(row, "url")).path

    def tell(self, client: Client | None = None, *, reverse: bool = False, copies: int = 1) -> list[int]:
        """Send the events that were not sent yet to our endpoint, signed; return the answers' codes."""
        with self.double.account.lock:
            events = self.double.account.events[self.heard :]
            self.heard = len(self.double.account.events)
        codes = []
        for event in events[::-1] if reverse else events:
            body = json.dumps(event).encode()
            for _ in range(copies):
                answer = (client or Client()).post(
                    "/webhooks/stripe/",
                    body,
                    content_type="application/json",
                    headers={"Stripe-Signature": sign(body, WEBHOOK_SECRET)},
                )
                codes.append(answer.status_code)
        return codes

    def hear(self, **how: Any) -> None:
        """Send what is new, and let a worker process it."""
        self.tell(**how)
        inbox.process_due()

    def buy(self, person: Person, plan: str = "one", *, card: str = "4242", country: str = "US") -> None:
        """Choose a plan and complete its checkout."""
        request = self.ask(person, "checkout", plan=plan)
        self.do()
        answer = press(self.double, self.url_of(request), card=card, country=country)
        assert answer.status_code == 303
        self.hear()

    def pass_days(self, days: float) -> datetime:
        """Turn Stripe's clock, and let us hear of it; return its time."""
        self.double.advance(int(days * DAY))
        self.hear()
        return self.now()

    def now(self) -> datetime:
        """Return Stripe's time."""
        return datetime.fromtimestamp(self.double.account.now(), UTC)

    def use_card(self, person: Person, card: str, *, pay: bool = False) -> None:
        """Change the card on the portal's page, and pay what is open."""
        request = self.ask(person, "portal")
        self.do()
        path = self.url_of(request)
        press(self.double, path, card=card)
        if pay:
            assert press(self.double, path, action="pay").status_code == 303
        self.hear()


def bought(person: Person) -> Subscription:
    """Return what a person's tenant bought."""
    with tenant_context(person.tenant):
        return subscription_of(person.tenant)


def tenant_of(person: Person) -> Tenant:
    """Return the tenant as stored."""
    with tenant_context(person.tenant):
        return Tenant.objects.get(pk=person.tenant.pk)


def invoices(person: Person) -> list[Invoice]:
    """Return the tenant's invoices, the newest first."""
    with tenant_context(person.tenant):
        return list(Invoice.objects.filter(tenant=person.tenant))


def notices(person: Person) -> list[str]:
    """Return what was announced, the first first."""
    with tenant_context(person.tenant):
        return list(Notice.objects.order_by("created_at", "id").values_list("kind", flat=True))


def verbs(person: Person, prefix: str) -> list[str]:
    """Return the verbs of the tenant's log that begin so, the first first."""
    with tenant_context(person.tenant):
        rows = AuditEvent.objects.filter(verb__startswith=prefix).order_by("created_at", "id")
        return list(rows.values_list("verb", flat=True))


@pytest.fixture
def shop(double: Double, settings: Any) -> Shop:
    """The stand-in, configured as this installation's Stripe."""
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.STRIPE_BASE_URL = double.url
    return Shop(double)
