"""What the support desk sees of trunks at Twilio, and does with them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.tenants.conftest import desk, sam
from tests.trunks.provisioning.conftest import PASSWORD, Plant
from trunks import services
from trunks.enums import ProvisionState
from trunks.provisioning.worker import reconcile_due

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db
LIST = "admin:trunks_trunkprovision_changelist"


def page_of(desk: Client, plant: Plant) -> str:
    return desk.get(reverse("admin:trunks_trunkprovision_change", args=[plant.trunk.pk])).content.decode()


def test_support_reads_the_plan_and_what_failed(desk: Client, plant: Plant) -> None:
    plant.set_up()
    plant.twilio.fail(status=400, code=21245, method="POST", path="ByocTrunks")
    plant.apply()
    html = page_of(desk, plant)

    assert "BYOC trunk is not there" in html
    assert "Twilio does not accept the trunk" in html
    assert "Callers must come from an allowed network, and sign in as well." in html
    assert PASSWORD not in html


def test_support_edits_and_deletes_nothing(desk: Client, plant: Plant) -> None:
    plant.set_up()
    for name in ("change", "delete"):
        url = reverse(f"admin:trunks_trunkprovision_{name}", args=[plant.trunk.pk])
        assert desk.post(url, {"kind": "elastic"}).status_code == 403


def test_support_reconciles_with_a_reason(desk: Client, plant: Plant) -> None:
    before = plant.ready().observed_at
    url = reverse("admin:trunks_trunkprovision_reconcile_at_once", args=[plant.trunk.pk])
    assert desk.post(url, {"reason": ""}).context["form"].errors == {"reason": ["This field is required."]}
    answer = desk.post(url, {"reason": "Ticket 7"})

    assert answer["Location"] == reverse("admin:trunks_trunkprovision_change", args=[plant.trunk.pk])
    assert reconcile_due() == 1
    assert plant.row.observed_at != before
    with tenant_context(plant.person.tenant):
        event = AuditEvent.objects.get(verb="provision.look_requested")
    assert (event.actor_kind, event.reason) == ("staff", "Ticket 7")


def test_support_puts_ours(desk: Client, plant: Plant) -> None:
    plant.set_up()
    url = reverse("admin:trunks_trunkprovision_put_ours", args=[plant.trunk.pk])
    assert "SIP domain" in desk.get(url).content.decode()
    desk.post(url, {"reason": "Ticket 8"})
    reconcile_due()
    assert plant.row.state == ProvisionState.IN_SYNC

    again = desk.post(url, {"reason": "Ticket 8"}).content.decode()
    assert "There is nothing to do: Twilio has what is wanted." in again


def test_what_is_left_of_a_deleted_trunk_is_tried_again_at_once(desk: Client, plant: Plant) -> None:
    plant.ready()
    plant.do(services.delete_trunk, trunk=plant.trunk)
    plant.twilio.fail(status=503, method="DELETE", path="ByocTrunks", times=3)
    reconcile_due()
    assert "deleted" in page_of(desk, plant)
    url = reverse("admin:trunks_trunkprovision_reconcile_at_once", args=[plant.trunk.pk])
    desk.post(url, {"reason": "Ticket 9"})
    reconcile_due()

    assert (plant.is_forgotten, plant.there()) == (True, {})


@pytest.mark.parametrize(("query", "is_there"), [("", True), ("?q=Carrier", True), ("?q=elsewhere", False)])
def test_it_is_found(desk: Client, plant: Plant, query: str, is_there: bool) -> None:
    name = plant.set_up().domain_name
    assert (name in desk.get(reverse(LIST) + query).content.decode()) is is_there


def test_queries_do_not_grow_with_rows(desk: Client, plant: Plant) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(reverse(LIST))
        return len(captured)

    plant.set_up()
    queries()
    with_one = queries()
    for name in ("Second", "Third"):
        plant.do(services.set_up_provision, trunk=plant.make_trunk(name), kind="byoc")

    assert queries() == with_one
