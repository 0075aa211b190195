"""Pages of trunks: addresses, and things to look at."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from tests.twilio_double import PARENT
from trunks import services
from trunks.models import (
    AllowedNetwork,
    CheckShare,
    DigestCredential,
    Gateway,
    PhoneNumber,
    ReadinessCheck,
    Trunk,
    TrunkNumber,
)

URI = "sip:203.0.113.5"


def page(name: str, person: Person, trunk: Trunk | None = None, **kwargs: Any) -> str:
    """Return the address of a trunk page in the person's tenant."""
    if trunk is not None:
        kwargs["trunk_id"] = trunk.pk
    return reverse(f"trunks:{name}", kwargs={"tenant": person.tenant.slug, **kwargs})


def text_of(html: bytes) -> str:
    """What is read on a page, without its tags."""
    main = html.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """Alice's trunk with one gateway, not looked at yet."""
    return make_trunk(alice, "Main line", URI)


@pytest.fixture
def gateway(alice: Person, trunk: Trunk) -> Gateway:
    """The gateway of Alice's trunk."""
    with tenant_context(alice.tenant):
        return Gateway.objects.get(trunk=trunk)


@pytest.fixture
def network(alice: Person, trunk: Trunk) -> AllowedNetwork:
    """A network on the list of Alice's trunk."""
    with tenant_context(alice.tenant):
        added, _warnings = services.add_allowed_network(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, cidr="203.0.113.0/28", note="Frankfurt"
        )
    return added


@pytest.fixture
def credential(alice: Person, trunk: Trunk) -> DigestCredential:
    """What Alice's trunk proves itself with."""
    with tenant_context(alice.tenant):
        return services.add_credential(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            direction="outbound",
            username="acme",
            secret="first secret",
        )


@pytest.fixture
def check(alice: Person, trunk: Trunk) -> ReadinessCheck:
    """A report of Alice's trunk: the carrier does not allow hold."""
    return make_report(alice, trunk, hold=("fail", "hold_rejected", "488 Not Acceptable Here."))


@pytest.fixture
def share(alice: Person, check: ReadinessCheck) -> CheckShare:
    """A link to that report."""
    with tenant_context(alice.tenant):
        made, _link = services.share_check(tenant=alice.tenant, actor=alice.actor, check=check)
    return made


@pytest.fixture
def trunk_number(alice: Person, trunk: Trunk, settings: Any) -> TrunkNumber:
    """A number on Alice's trunk, which is about to be set up at Twilio."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = PARENT.account_sid, PARENT.key_secret
    with tenant_context(alice.tenant):
        provision = services.set_up_provision(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, kind="elastic"
        )
        number = PhoneNumber.objects.create(
            tenant=alice.tenant, number="+14155550101", source="bought", state="ordered"
        )
        return TrunkNumber.objects.create(tenant=alice.tenant, provision=provision, phone_number=number)
