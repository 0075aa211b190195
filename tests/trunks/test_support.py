"""The support desk's trunks: how they are, and how they are found with what a customer pastes."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import User
from tests.conftest import Person, make_user
from tests.tenants.conftest import signed_in
from tests.tenants.test_admin import found
from tests.trunks.conftest import make_trunk
from trunks.enums import HealthState
from trunks.models import GatewayHealth, Trunk

TRUNKS = "admin:trunks_trunk_changelist"


@pytest.fixture
def desk(db: None) -> Client:
    user = make_user("sam@callsphere.example")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.refresh_from_db()
    return signed_in(user, with_code=True)


def fail(person: Person, trunk: Trunk, cause: str) -> None:
    """Let every gateway of a trunk be down for a cause."""
    with tenant_context(person.tenant):
        GatewayHealth.objects.filter(gateway__trunk=trunk).update(
            state=HealthState.DOWN,
            since="2026-01-31T10:42:00Z",
            checked_at=timezone.now(),
            cause=cause,
            target="203.0.113.5:5060/udp",
        )


def page_of(desk: Client, trunk: Trunk) -> str:
    return desk.get(reverse("admin:trunks_trunk_change", args=[trunk.pk])).content.decode()


def test_a_trunk_says_how_it_is_since_when_and_whose_turn_it_is(desk: Client, alice: Person) -> None:
    trunk = make_trunk(alice, "Twilio", "sip:sip.carrier.example")
    fail(alice, trunk, "no_answer")
    page = page_of(desk, trunk)
    assert "Down since 2026-01-31 10:42:00 UTC · no answer from the gateway" in page
    assert "On the carrier&#x27;s side · sip:sip.carrier.example" in page.replace("&#39;", "&#x27;")
    assert reverse("admin:tenants_tenant_change", args=[alice.tenant.pk]) in page


def test_support_reads_the_true_cause(desk: Client, alice: Person) -> None:
    trunk = make_trunk(alice, "Twilio", "sip:sip.carrier.example")
    fail(alice, trunk, "address_refused")
    assert "The address is one we never contact" in page_of(desk, trunk)


def test_authentication_is_said_in_words(desk: Client, alice: Person) -> None:
    trunk = make_trunk(alice)
    with tenant_context(alice.tenant):
        Trunk.objects.filter(pk=trunk.pk).update(authentication=["ip_allowlist"])
    assert "IP allowlist" in page_of(desk, trunk)


def test_a_tenant_leads_to_its_trunks(desk: Client, alice: Person, charlie: Person) -> None:
    make_trunk(alice)
    make_trunk(charlie)
    page = desk.get(reverse("admin:tenants_tenant_change", args=[alice.tenant.pk])).content.decode()
    address = f"{reverse(TRUNKS)}?tenant__id__exact={alice.tenant.pk}"
    assert address in page
    assert [trunk.tenant_id for trunk in desk.get(address).context["cl"].result_list] == [alice.tenant.pk]


def test_the_worst_trunk_comes_first(desk: Client, alice: Person, charlie: Person) -> None:
    make_trunk(alice, "Alpha", "sip:sip.carrier.example")
    fail(charlie, make_trunk(charlie, "Zulu", "sip:sip.carrier.example"), "no_answer")
    assert [trunk.name for trunk in desk.get(reverse(TRUNKS)).context["cl"].result_list] == ["Zulu", "Alpha"]


def test_the_customers_page_of_a_trunk_opens_after_the_reason(desk: Client, alice: Person) -> None:
    trunk = make_trunk(alice)
    asked = desk.get(reverse("admin:trunks_trunk_see_customers_page", args=[trunk.pk]))["Location"]
    wanted = reverse("trunks:detail", kwargs={"tenant": alice.tenant.slug, "trunk_id": trunk.pk})
    assert desk.post(asked, {"reason": "ticket 4711"})["Location"] == wanted


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/t/globex/", "/admin/"])
def test_a_visit_leads_to_no_other_place(desk: Client, alice: Person, charlie: Person, target: str) -> None:
    url = reverse("admin:tenants_tenant_visit", args=[alice.tenant.pk])
    response = desk.post(url, {"reason": "ticket 4711"}, query_params={"next": target})
    assert response["Location"] == reverse("web:dashboard", kwargs={"tenant": alice.tenant.slug})


@pytest.mark.parametrize(
    ("pasted", "count"),
    [
        ("sip:127.0.0.1:15080", 1),
        ("<sip:12025550100@127.0.0.1:15080;transport=udp>", 1),
        ("127.0.0.1:15080", 1),
        ("15080", 1),
        ("127.0.0.1", 2),
        ("sip:sip.carrier.example:5060", 1),
        ("sip:127.0.0.1:15081", 0),
        ("15081", 0),
    ],
)
def test_trunks_are_found_with_what_a_customer_pastes(
    desk: Client, alice: Person, pasted: str, count: int
) -> None:
    make_trunk(alice, "Mute", "sip:127.0.0.1:15080", "sip:sip.carrier.example")
    make_trunk(alice, "Healthy", "sip:127.0.0.1:15060")
    assert found(desk, TRUNKS, pasted) == count
