"""A trunk that is put at Twilio, a worker that dies where it is told, and what Twilio has afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from callsphere.local.doubles.twilio import sip, trunks
from callsphere.local.doubles.twilio.numbers import TRUNKS
from callsphere.providers.twilio.account import TwilioAccount
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.twilio_double import DoubledTwilio
from trunks import services
from trunks.enums import ProvisionKind
from trunks.models import Trunk, TrunkProvision
from trunks.numbers.accounts import open_account
from trunks.numbers.jobs import LEASE
from trunks.numbers.worker import provision_due
from trunks.provisioning.claims import claim_trunk
from trunks.provisioning.reconciling import SETTLED_AFTER, reconcile
from trunks.provisioning.settling import EVERY
from trunks.provisioning.worker import PATIENCE, reconcile_due

NETWORK, LOGIN, PASSWORD = "203.0.113.0/28", "pbx", "Correct-Horse-7"
FIRST, SECOND = "sip:gw1.carrier.example;transport=tls", "sip:gw2.carrier.example;transport=tls"
PARTS = {
    "domain": sip.DOMAINS,
    "ip_list": sip.IP_LISTS,
    "networks": sip.IP_ADDRESSES,
    "credential_list": sip.CREDENTIAL_LISTS,
    "credentials": sip.CREDENTIALS,
    "policy": trunks.POLICIES,
    "targets": trunks.TARGETS,
    "byoc_trunk": trunks.BYOC_TRUNKS,
    "trunk": TRUNKS,
    "origination_urls": trunks.ORIGINATION_URLS,
    "domain_ip": sip.DOMAIN_IP_LISTS,
    "domain_logins": sip.DOMAIN_CREDENTIALS,
    "trunk_ip": sip.TRUNK_IP_LISTS,
    "trunk_logins": sip.TRUNK_CREDENTIALS,
}
WHOLE_BYOC = {
    "domain": 1,
    "ip_list": 1,
    "networks": 1,
    "credential_list": 1,
    "credentials": 1,
    "policy": 1,
    "targets": 2,
    "byoc_trunk": 1,
    "domain_ip": 1,
    "domain_logins": 1,
}
WHOLE_ELASTIC = {
    "ip_list": 1,
    "networks": 1,
    "credential_list": 1,
    "credentials": 1,
    "trunk": 1,
    "origination_urls": 2,
    "trunk_ip": 1,
    "trunk_logins": 1,
}


class Plant:
    """One person's trunk with all that Twilio can be told of, and what is done about it."""

    def __init__(self, twilio: DoubledTwilio, person: Person) -> None:
        self.twilio = twilio
        self.person = person
        self.trunk = self.make_trunk()

    @property
    def who(self) -> dict[str, Any]:
        return {"tenant": self.person.tenant, "actor": self.person.actor}

    def make_trunk(self, name: str = "Carrier") -> Trunk:
        """Make a trunk for calls both ways with two gateways, a network and a user name."""
        with tenant_context(self.person.tenant):
            trunk = services.create_trunk(**self.who, name=name, authentication=["ip_allowlist", "digest"])
            services.add_gateway(**self.who, trunk=trunk, uri=FIRST, priority=1, weight=70)
            services.add_gateway(**self.who, trunk=trunk, uri=SECOND, priority=2, weight=30)
            services.add_allowed_network(**self.who, trunk=trunk, cidr=NETWORK)
            services.add_credential(
                **self.who, trunk=trunk, direction="inbound", username=LOGIN, secret=PASSWORD
            )
        return trunk

    def set_up(self, kind: str = ProvisionKind.BYOC, **settings: Any) -> TrunkProvision:
        """Have a plan made."""
        self.do(services.set_up_provision, trunk=self.trunk, kind=kind, **settings)
        provision_due()
        reconcile_due()
        return self.row

    def apply(self, *keys: str) -> TrunkProvision:
        """Have the plan applied, and let a worker do it."""
        self.ask(*keys)
        reconcile_due()
        return self.row

    def ask(self, *keys: str) -> None:
        """Have the plan applied."""
        row = self.row
        self.do(services.apply_plan, provision=row, plan=row.plan_fingerprint, keys=keys)

    def take(self, *keys: str) -> TrunkProvision:
        """Take over what Twilio has, and let a worker look again."""
        row = self.row
        self.do(services.take_theirs, provision=row, plan=row.plan_fingerprint, keys=keys)
        reconcile_due()
        return self.row

    def ready(self, kind: str = ProvisionKind.BYOC, **settings: Any) -> TrunkProvision:
        """Have the trunk set up at Twilio."""
        self.set_up(kind, **settings)
        return self.apply()

    def look(self) -> TrunkProvision:
        """Let a worker look again, an hour later."""
        reconcile_due(after_hour)
        return self.row

    def do(self, service: Any, **values: Any) -> Any:
        """Have a service do something, as a request does."""
        with tenant_context(self.person.tenant):
            return service(**self.who, **values)

    @property
    def row(self) -> TrunkProvision:
        with tenant_context(self.person.tenant):
            return TrunkProvision.objects.get(pk=self.trunk.pk)

    @property
    def is_forgotten(self) -> bool:
        with tenant_context(self.person.tenant):
            return not TrunkProvision.objects.filter(pk=self.trunk.pk).exists()

    @property
    def account(self) -> TwilioAccount:
        with tenant_context(self.person.tenant):
            return open_account(self.person.tenant)

    def keys(self) -> list[str]:
        """Return the differences of the plan, by key."""
        return [each["key"] for each in self.row.plan]

    def there(self) -> dict[str, int]:
        """Return how much of each kind all accounts have at Twilio, without what there is none of."""
        counts = {part: len(list(self.store.all(name))) for part, name in PARTS.items()}
        return {part: count for part, count in counts.items() if count}

    @property
    def store(self) -> Any:
        return self.twilio.twilio.store

    def die_after(self, count: int) -> list[str]:
        """Let a worker die after so many acts, with what it had claimed; return the acts."""
        return list(islice(steps(), count))

    def verbs(self) -> list[str]:
        """Return what the log says of it, the oldest first."""
        with tenant_context(self.person.tenant):
            events = AuditEvent.objects.filter(object_kind="trunkprovision").order_by("created_at", "id")
            return list(events.values_list("verb", flat=True))


def steps() -> Iterator[str]:
    """Do what is due step by step, as a worker without one that catches its errors."""
    while (row := claim_trunk(database_now())) is not None:
        yield from reconcile(row, database_now)


def after_lease() -> datetime:
    """A time at which what a dead worker had claimed is free again."""
    return database_now() + LEASE + timedelta(seconds=1)


def after_hour() -> datetime:
    """A time at which everything is looked at again."""
    return database_now() + EVERY + timedelta(seconds=1)


def after_patience() -> datetime:
    """A time at which nobody waits for a plan any more."""
    return database_now() + PATIENCE + LEASE


def when_settled() -> datetime:
    """A time at which nothing can appear any more that was asked for until now."""
    return after_patience() + SETTLED_AFTER + LEASE


@pytest.fixture
def plant(twilio: DoubledTwilio, alice: Person) -> Plant:
    return Plant(twilio, alice)


@pytest.fixture
def desk(twilio: DoubledTwilio) -> Desk:
    """Where numbers are ordered."""
    return Desk(twilio)
