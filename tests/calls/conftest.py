"""Numbers and trunks that can be called, and requests about them as the provider signs them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from callsphere.calls import refusals
from callsphere.calls.models import CallEvent
from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.keys import seal_for
from tenants.models import TenantRoute
from tenants.tokens import hash_token
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from trunks.models import PhoneNumber, ProviderAccount, Trunk

NUMBER, CALLER = "+14155550101", "+12125550100"
BASE = "http://testserver"


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass
class Line:
    """A person's account at the provider, a bought number there, and an own number on a trunk."""

    person: Person
    account: ProviderAccount
    token: str
    number: PhoneNumber
    trunk: Trunk
    own: PhoneNumber
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def fields(self, **fields: str) -> dict[str, str]:
        """Return the fields of a call to the bought number, with these in their place."""
        return {
            "AccountSid": self.account.sid,
            "CallSid": new_sid("CA"),
            "CallStatus": "ringing",
            "Direction": "inbound",
            "From": CALLER,
            "To": NUMBER,
            "CallerCity": "",
            **fields,
        }

    def place(self, kind: str = "incoming", *, trunk: bool = False) -> str:
        """Return the path that the provider was given."""
        return f"/voice/trunk/{self.trunk.pk}/{kind}/" if trunk else f"/voice/{self.number.pk}/{kind}/"

    def sign(self, url: str, fields: dict[str, str]) -> str:
        return str(RequestValidator(self.token).compute_signature(url, fields))

    def tell(
        self,
        path: str = "",
        fields: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request, signed by the account unless headers say otherwise."""
        path = path or self.place()
        fields = self.fields() if fields is None else fields
        sent = {"X-Twilio-Signature": self.sign(f"{BASE}{path}", fields), **(headers or {})}
        body = urlencode(fields)
        kind = "application/x-www-form-urlencoded"
        return self.client.post(path, body, content_type=kind, headers=sent)

    def events(self) -> list[CallEvent]:
        """Return what is stored, the oldest first."""
        return events_of(self.person)


def events_of(person: Person) -> list[CallEvent]:
    with tenant_context(person.tenant):
        return list(CallEvent.objects.order_by("received_at", "id"))


def make_line(person: Person, number: str = NUMBER, own: str = "+4930901820") -> Line:
    """Give a person what can be called."""
    token, now = secrets.token_hex(16), timezone.now()
    trunk = make_trunk(person)
    with tenant_context(person.tenant):
        account = ProviderAccount(tenant=person.tenant, sid=new_sid("AC"), status="active")
        account.auth_token = seal_for(account, "auth_token", token)
        account.save()
        route = {"kind": RouteKind.PROVIDER_ACCOUNT, "tenant": person.tenant}
        TenantRoute.objects.create(hash=hash_token(account.sid), **route)
        values: dict[str, Any] = {"tenant": person.tenant, "state": "active", "active_at": now}
        bought = PhoneNumber.objects.create(
            number=number, source="bought", provider_sid=new_sid("PN"), **values
        )
        mine = PhoneNumber.objects.create(
            number=own, source="own", trunk=trunk, verified_by="call", verified_at=now, **values
        )
    return Line(person, account, token, bought, trunk, mine)


@pytest.fixture(autouse=True)
def _nothing_told() -> None:
    """Let each test's first refusal be told, whatever was refused before."""
    refusals.forget()


@pytest.fixture
def line(alice: Person) -> Line:
    return make_line(alice)
