"""Dana brings customers; Alice's tenant is one of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from rest_framework.test import APIClient

from billing.affiliates.commissions import follow_invoices
from billing.affiliates.keys import create_key
from billing.affiliates.ledger import Balance, balances_of
from billing.models import Affiliate, Invoice, LedgerEntry, LedgerTransaction, Referral
from tenants.audit import Actor
from tenants.context import platform_context, tenant_context
from tests.conftest import Person, make_user

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_affiliate(email: str = "dana@example.com", code: str = "dana", **values: Any) -> Affiliate:
    """Make an affiliate who belongs to no tenant."""
    user = make_user(email)
    with platform_context("test"):
        return Affiliate.objects.create(user=user, code=code, **values)


def join(person: Person, code: str = "alice") -> Affiliate:
    """Make somebody of the cast an affiliate."""
    with platform_context("test"):
        return Affiliate.objects.create(user=person.user, code=code)


def affiliate_token(affiliate: Affiliate, name: str = "Spreadsheet") -> str:
    """Return the text of a fresh key of the affiliate's."""
    actor = Actor.user(affiliate.user)
    return create_key(actor=actor, affiliate=affiliate, name=name, now=timezone.now())[1]


def client_with(token: str) -> APIClient:
    """Return a program that has this key."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def affiliate_client(affiliate: Affiliate) -> APIClient:
    """Return a program with a fresh key of the affiliate's."""
    return client_with(affiliate_token(affiliate))


def refer(affiliate: Affiliate, customer: Person) -> Referral:
    """Say that the affiliate brought this tenant."""
    with platform_context("test"):
        return Referral.objects.create(
            customer=customer.tenant, affiliate=affiliate, rate=affiliate.rate, touched_at=START
        )


def make_invoice(customer: Person, **values: Any) -> Invoice:
    """Store an invoice, paid in full unless told otherwise: 100.00 net, 8.25 tax."""
    net, tax = values.pop("net", 10_000), values.pop("tax", 825)
    wanted = {
        "stripe_id": f"in_{uuid.uuid4().hex}",
        "status": "paid",
        "currency": "usd",
        "due": net + tax,
        "paid": net + tax,
        "issued_at": START,
        "period_start": START,
        "period_end": START + timedelta(days=30),
        "paid_at": START,
        **values,
    }
    with tenant_context(customer.tenant):
        return Invoice.objects.create(tenant=customer.tenant, net=net, tax=tax, total=net + tax, **wanted)


def change(invoice: Invoice, **values: Any) -> None:
    """Let Stripe's word about an invoice be another."""
    with platform_context("test"):
        Invoice.objects.filter(pk=invoice.pk).update(**values)


def follow(now: datetime = START) -> None:
    """Let a worker follow all invoices."""
    follow_invoices(now)


def balance(affiliate: Affiliate, currency: str = "usd") -> Balance:
    """Return what the affiliate is owed."""
    with platform_context("test"):
        return balances_of(affiliate).get(currency, Balance())


def journal(affiliate: Affiliate) -> list[str]:
    """Return what was booked, the first first."""
    with platform_context("test"):
        rows = LedgerTransaction.objects.filter(affiliate=affiliate).order_by("number")
        return list(rows.values_list("kind", flat=True))


def unbalanced() -> list[Any]:
    """Return the transactions whose entries do not sum to zero."""
    with platform_context("test"):
        rows = LedgerEntry.objects.values("transaction").annotate(sum=Sum("amount")).exclude(sum=0)
        return list(rows)


@pytest.fixture
def dana(db: None) -> Affiliate:
    return make_affiliate()


@pytest.fixture
def referral(dana: Affiliate, alice: Person) -> Referral:
    return refer(dana, alice)
