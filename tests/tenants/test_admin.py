"""The support desk: who gets in, what is found, what is never shown."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.access import Capability
from tenants.context import tenant_context, user_context
from tenants.models import AuditEvent, PlatformEvent, Tenant, User
from tenants.support import VISIT_CAPABILITIES
from tests.conftest import Person, make_user
from tests.tenants.conftest import signed_in
from tests.tenants.test_keys import make_credential, make_line
from trunks.models import Trunk
from trunks.services import add_gateway

PAGES = [
    "admin:index",
    "admin:tenants_tenant_changelist",
    "admin:tenants_user_changelist",
    "admin:tenants_apikey_changelist",
    "admin:tenants_invitation_changelist",
    "admin:tenants_auditevent_changelist",
    "admin:tenants_outgoingmail_changelist",
    "admin:tenants_platformevent_changelist",
    "admin:alerts_incident_changelist",
    "admin:trunks_trunk_changelist",
    "admin:trunks_readinesscheck_changelist",
    "admin:trunks_registration_changelist",
    "admin:trunks_trunkprovision_changelist",
]
# What Django's admin sends of the tables below a person.
NO_ROWS = {
    f"{prefix}-{name}": 0
    for prefix in ("memberships", "emailaddress_set")
    for name in ("TOTAL_FORMS", "INITIAL_FORMS")
}


@pytest.mark.parametrize("page", PAGES)
def test_staff_without_a_one_time_code_stay_outside(sam: User, page: str) -> None:
    response = signed_in(sam, with_code=False).get(reverse(page), follow=False)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_a_customer_stays_outside_with_or_without_a_code(alice: Person) -> None:
    assert signed_in(alice.user, with_code=True).get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_staff_with_a_one_time_code_see_every_list(desk: Client, alice: Person, page: str) -> None:
    assert desk.get(reverse(page)).status_code == 200


def test_only_the_admin_may_evaluate_scripts(desk: Client, client: Client) -> None:
    assert "unsafe-eval" in desk.get(reverse("admin:index"))["Content-Security-Policy"]
    assert "unsafe" not in client.get(reverse("account_login"))["Content-Security-Policy"]


def found(desk: Client, page: str, query: str) -> int:
    return int(desk.get(reverse(page), {"q": query}).context["cl"].result_count)


def test_from_a_tenant_one_press_leads_to_what_is_theirs(desk: Client, alice: Person) -> None:
    page = desk.get(reverse("admin:tenants_tenant_change", args=[alice.tenant.pk])).content.decode()
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page) if f"={alice.tenant.pk}" in link]
    assert len(links) == 7
    assert [desk.get(link).status_code for link in links] == [200] * 7


@pytest.mark.parametrize("app", ["tenants", "trunks", "alerts", "billing"])
def test_the_first_page_and_the_trail_lead_to_every_part(desk: Client, app: str) -> None:
    address = reverse("admin:app_list", args=[app])
    assert f'href="{address}"' in desk.get(reverse("admin:index")).content.decode()
    assert desk.get(address).status_code == 200


def test_tenants_are_found_by_a_members_address(desk: Client, alice: Person, charlie: Person) -> None:
    assert found(desk, "admin:tenants_tenant_changelist", "alice@") == 1
    assert found(desk, "admin:tenants_tenant_changelist", "globex") == 1
    assert found(desk, "admin:tenants_tenant_changelist", "nobody") == 0


def test_trunks_are_found_by_host_and_address(desk: Client, alice: Person, charlie: Person) -> None:
    with tenant_context(alice.tenant):
        add_gateway(
            tenant=alice.tenant, actor=alice.actor, trunk=make_line(alice), uri="sip:sip.carrier.example"
        )
    assert found(desk, "admin:trunks_trunk_changelist", "carrier.example") == 1
    assert found(desk, "admin:trunks_trunk_changelist", "alice@example.com") == 1
    assert found(desk, "admin:trunks_trunk_changelist", "charlie@example.com") == 0


def test_a_trunk_is_shown_without_secrets(desk: Client, alice: Person) -> None:
    with tenant_context(alice.tenant):
        trunk = make_line(alice)
        add_gateway(tenant=alice.tenant, actor=alice.actor, trunk=trunk, uri="sip:sip.carrier.example")
        credential = make_credential(alice, trunk=trunk, secret="never-shown")
        sealed = str.__str__(credential.secret)
    page = desk.get(reverse("admin:trunks_trunk_change", args=[credential.trunk_id])).content.decode()
    assert "sip:sip.carrier.example" in page
    assert "not looked at yet" in page
    assert "never-shown" not in page
    assert sealed not in page


def test_check_now_makes_gateways_due_and_is_audited(desk: Client, sam: User, alice: Person) -> None:
    with tenant_context(alice.tenant):
        trunk = make_line(alice)
        gateway, _warnings = add_gateway(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, uri="sip:sip.carrier.example"
        )
        type(gateway.health).objects.update(next_probe_at="2100-01-01T00:00Z")
    url = reverse("admin:trunks_trunk_check_now", args=[trunk.pk])
    assert "Check now" in desk.get(url).content.decode()
    assert desk.post(url).status_code == 302
    with tenant_context(alice.tenant):
        gateway.health.refresh_from_db()
        assert gateway.health.next_probe_at is not None
        assert gateway.health.next_probe_at.year < 2100
        assert AuditEvent.objects.filter(actor_kind="staff", actor_id=sam.pk).count() == 1


def change_limits(desk: Client, person: Person, **changes: object) -> Any:
    """Send the form as it was shown at first, with these changes."""
    tenant = person.tenant
    form = {
        "time_zone": tenant.time_zone,
        "number_limit": tenant.number_limit,
        "concurrent_call_limit": tenant.concurrent_call_limit,
        "trunk_limit": tenant.trunk_limit,
        "member_limit": tenant.member_limit,
        "api_key_limit": tenant.api_key_limit,
        "api_requests_per_minute": tenant.api_requests_per_minute,
        "is_active": "on",
        "from_version": 1,
        "members-TOTAL_FORMS": 0,
        "members-INITIAL_FORMS": 0,
        **changes,
    }
    return desk.post(reverse("admin:tenants_tenant_change", args=[tenant.pk]), form)


def test_limits_change_with_a_reason_that_the_customer_reads(desk: Client, alice: Person) -> None:
    assert change_limits(desk, alice, trunk_limit=7, reason="agreed on the phone").status_code == 302
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="tenant.updated")
    assert event.changes == {"trunk_limit": [200, 7]}
    assert (event.actor_kind, event.reason) == ("staff", "agreed on the phone")


def test_support_corrects_a_time_zone(desk: Client, alice: Person) -> None:
    response = change_limits(desk, alice, time_zone="Europe/Berlin", reason="asked by mail")
    assert response.status_code == 302
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="tenant.updated")
    assert event.changes == {"time_zone": ["UTC", "Europe/Berlin"]}


def test_limits_do_not_change_without_a_reason(desk: Client, alice: Person) -> None:
    assert change_limits(desk, alice, trunk_limit=7).status_code == 200
    with tenant_context(alice.tenant):
        assert not AuditEvent.objects.filter(verb="tenant.updated").exists()


def test_two_colleagues_do_not_overwrite_each_others_limits(desk: Client, alice: Person) -> None:
    change_limits(desk, alice, trunk_limit=300, reason="first")
    refused = change_limits(desk, alice, member_limit=60, reason="second")
    form = refused.context["adminform"].form
    assert form.non_field_errors() == [
        "Somebody else changed this in the meantime. Compare both versions, then save again.",
        "Trunk limit: saved now 300, yours 200.",
        "Member limit: saved now 50, yours 60.",
    ]
    version = form["from_version"].value()
    again = change_limits(
        desk, alice, trunk_limit=300, member_limit=60, from_version=version, reason="both wanted"
    )
    assert again.status_code == 302
    with tenant_context(alice.tenant):
        tenant = Tenant.objects.get()
    assert (tenant.trunk_limit, tenant.member_limit, tenant.version) == (300, 60, 3)


def test_the_form_carries_the_version(desk: Client, alice: Person) -> None:
    page = desk.get(reverse("admin:tenants_tenant_change", args=[alice.tenant.pk])).content.decode()
    assert '<input type="hidden" name="from_version" value="1"' in page


def dashboard(person: Person) -> str:
    return reverse("web:dashboard", kwargs={"tenant": person.tenant.slug})


def visit(desk: Client, person: Person, reason: str = "ticket 4711") -> int:
    url = reverse("admin:tenants_tenant_visit", args=[person.tenant.pk])
    return desk.post(url, {"reason": reason}).status_code


def test_support_sees_nothing_of_a_customer_without_a_visit(desk: Client, alice: Person) -> None:
    assert desk.get(dashboard(alice)).status_code == 404


def test_a_visit_needs_a_reason(desk: Client, alice: Person) -> None:
    assert visit(desk, alice, reason="") == 200
    assert desk.get(dashboard(alice)).status_code == 404


def test_a_visit_reads_one_customers_pages_and_is_in_their_log(
    desk: Client, sam: User, alice: Person, charlie: Person
) -> None:
    assert visit(desk, alice) == 302
    assert desk.get(dashboard(alice)).status_code == 200
    assert desk.get(dashboard(charlie)).status_code == 404
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="support.visited")
    assert (event.actor_label, event.reason) == ("sam@callsphere.example", "ticket 4711")


def test_a_visit_cannot_change_anything(desk: Client, alice: Person) -> None:
    visit(desk, alice)
    url = reverse("trunks:create", kwargs={"tenant": alice.tenant.slug})
    assert desk.post(url, {"name": "Intruder"}).status_code == 403
    with tenant_context(alice.tenant):
        assert not Trunk.objects.exists()


def test_every_page_of_a_visit_says_that_it_is_one(desk: Client, alice: Person) -> None:
    visit(desk, alice)
    ends = datetime.fromtimestamp(desk.session["support_visit"]["ends"], UTC)
    page = " ".join(desk.get(dashboard(alice)).content.decode().split())
    assert f"<strong>Acme Dental</strong>'s pages as support, until {ends:%H:%M} UTC" in page
    assert "as support" not in alice.client().get(dashboard(alice)).content.decode()


def test_a_visit_reads_alerts_and_resolves_none(desk: Client, alice: Person) -> None:
    visit(desk, alice)
    assert desk.get("/t/acme-dental/alerts/").status_code == 200
    assert Capability.ALERTS_WRITE not in VISIT_CAPABILITIES
    assert 'href="/t/acme-dental/alerts/"' in desk.get("/t/acme-dental/").content.decode()


def test_leaving_ends_the_visit(desk: Client, alice: Person) -> None:
    visit(desk, alice)
    response = desk.post(reverse("tenants:support-leave"))
    assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))
    assert desk.get(dashboard(alice)).status_code == 404


def test_support_is_told_that_it_may_only_read(desk: Client, alice: Person) -> None:
    visit(desk, alice)
    page = desk.get(reverse("trunks:create", kwargs={"tenant": alice.tenant.slug}))
    assert page.status_code == 403
    assert "Support may read, not change" in page.content.decode()


def test_staff_without_a_tenant_begin_at_the_desk(desk: Client) -> None:
    assert desk.get(reverse("tenants:home"))["Location"] == reverse("admin:index")


def test_a_lost_second_factor_is_reset_with_a_reason(desk: Client, sam: User, alice: Person) -> None:
    TOTPDevice.objects.create(user=alice.user, name="lost phone")
    url = reverse("admin:tenants_user_reset_second_factor", args=[alice.user.pk])
    assert desk.post(url, {"reason": ""}).status_code == 200
    assert TOTPDevice.objects.filter(user=alice.user).exists()
    assert desk.post(url, {"reason": "phone lost, called back"}).status_code == 302
    assert not TOTPDevice.objects.filter(user=alice.user).exists()
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="member.second_factor_reset")
    assert (event.actor_id, event.reason) == (sam.pk, "phone lost, called back")


def test_staff_do_not_reset_the_second_factor_of_staff(desk: Client, alice: Person) -> None:
    boss = make_user("boss@callsphere.example")
    User.objects.filter(pk=boss.pk).update(is_staff=True, is_superuser=True)
    TOTPDevice.objects.create(user=boss, name="phone")
    url = reverse("admin:tenants_user_reset_second_factor", args=[boss.pk])
    assert desk.post(url, {"reason": "please"}).status_code == 403
    assert TOTPDevice.objects.filter(user=boss).exists()


def test_nobody_changes_their_own_account(desk: Client, sam: User) -> None:
    url = reverse("admin:tenants_user_change", args=[sam.pk])
    assert desk.post(url, {"name": "Sam", "is_active": "on", "reason": "me"}).status_code == 403


def test_closing_an_account_is_told_to_its_tenants(desk: Client, alice: Person) -> None:
    url = reverse("admin:tenants_user_change", args=[alice.user.pk])
    form = {
        "name": "",
        "reason": "asked by phone",
        **NO_ROWS,
    }
    assert desk.post(url, form).status_code == 302
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="member.account_changed")
    assert (event.changes, event.reason) == ({"is_active": [True, False]}, "asked by phone")


def test_a_persons_addresses_are_seen_and_not_edited(desk: Client, sam: User, alice: Person) -> None:
    User.objects.filter(pk=sam.pk).update(is_superuser=True)
    page = desk.get(reverse("admin:tenants_user_change", args=[alice.user.pk]))
    names = [formset.formset.prefix for formset in page.context["inline_admin_formsets"]]
    assert "emailaddress_set" in names
    assert 'name="emailaddress_set-0-email"' not in page.content.decode()
    with pytest.raises(NoReverseMatch):
        reverse("admin:account_emailaddress_changelist")


def test_what_support_does_to_an_account_is_in_the_persons_own_log(desk: Client, alice: Person) -> None:
    url = reverse("admin:tenants_user_change", args=[alice.user.pk])
    desk.post(url, {"name": "Alice", "is_active": "on", "reason": "asked by phone", **NO_ROWS})
    with user_context(alice.user.pk):
        event = PlatformEvent.objects.get()
    assert (event.verb, event.actor_label, event.changes, event.reason) == (
        "account.account_changed",
        "sam@callsphere.example",
        {"name": ["", "Alice"]},
        "asked by phone",
    )


def test_staff_cannot_make_staff(desk: Client, alice: Person) -> None:
    url = reverse("admin:tenants_user_change", args=[alice.user.pk])
    desk.post(
        url,
        {
            "name": "",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "reason": "x",
            **NO_ROWS,
        },
    )
    assert not User.objects.get(pk=alice.user.pk).is_staff


@pytest.mark.parametrize("page", ["tenants_tenant_change", "tenants_tenant_visit", "tenants_user_change"])
def test_the_box_for_the_reason_has_a_border(desk: Client, alice: Person, page: str) -> None:
    pk = alice.user.pk if "user" in page else alice.tenant.pk
    content = desk.get(reverse(f"admin:{page}", args=[pk])).content.decode()
    (box,) = [tag for tag in content.split("<") if tag.startswith("input") and 'name="reason"' in tag]
    assert "border-base-200" in box
