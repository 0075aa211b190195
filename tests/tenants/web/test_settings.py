"""Settings of an organisation."""

from typing import Any

import pytest
from pytest_django import Settings

from tenants.context import tenant_context
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs


def name(person: Person) -> str:
    with tenant_context(person.tenant):
        return Tenant.objects.get().name


def send(person: Person, text: str, version: object = 1, zone: str = "UTC") -> Any:
    """Send the form as it was shown to the person at first."""
    values = {"name": text, "time_zone": zone, "version": version}
    return person.client().post(url("settings", person.tenant), values)


def test_an_owner_renames(alice: Person) -> None:
    assert send(alice, " Acme Group ").headers["Location"] == url("settings", alice.tenant)
    assert name(alice) == "Acme Group"
    assert verbs(alice.tenant)[-1] == "tenant.updated"


def test_an_owner_chooses_a_time_zone(alice: Person) -> None:
    send(alice, "Acme Dental", zone="Europe/Berlin")
    with tenant_context(alice.tenant):
        assert Tenant.objects.get().time_zone == "Europe/Berlin"
        event = AuditEvent.objects.get(verb="tenant.updated")
    assert event.changes == {"time_zone": ["UTC", "Europe/Berlin"]}


def test_a_zone_that_is_none_is_refused(alice: Person) -> None:
    response = send(alice, "Acme Dental", zone="Mars/Olympus")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["time_zone"])


def test_a_lost_update_is_refused_with_both_versions(alice: Person, admin: Person) -> None:
    send(admin, "Theirs")
    refused = send(alice, "Mine")
    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "Name of your organisation", "theirs": "Theirs", "yours": "Mine"},
    ]
    assert "ada@example.com changed this" in refused.content.decode()
    assert name(alice) == "Theirs"
    form = refused.context["form"]
    assert form["name"].value() == "Mine"
    assert send(alice, "Mine", form["version"].value()).status_code == 302
    assert name(alice) == "Mine"


def test_without_a_version_nothing_is_saved(alice: Person) -> None:
    assert send(alice, "Mine", version="").status_code == 422
    assert name(alice) == "Acme Dental"


@pytest.mark.parametrize("wrong", ["", " ", "x" * 101])
def test_a_wrong_name_is_refused(alice: Person, wrong: str) -> None:
    response = send(alice, wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert name(alice) == "Acme Dental"


def test_a_viewer_reads_without_a_form(alice: Person, bob: Person) -> None:
    text = bob.client().get(url("settings", alice.tenant)).content.decode()
    assert str(alice.tenant.pk) in text
    assert "<dd>UTC</dd>" in text
    assert 'name="time_zone"' not in text
    assert send(bob, "Mine").status_code == 403
    assert name(alice) == "Acme Dental"


def test_the_addresses_we_send_from(alice: Person, settings: Settings) -> None:
    settings.SIP_SOURCE_ADDRESSES = []
    assert "Not named yet" in alice.client().get(url("settings", alice.tenant)).content.decode()
    settings.SIP_SOURCE_ADDRESSES = ["203.0.113.10/32"]
    assert 'data-copy="203.0.113.10/32"' in alice.client().get(url("settings", alice.tenant)).content.decode()


def test_strangers_and_signed_out_people_see_nothing(alice: Person, refusals: Refusals) -> None:
    refusals.assert_refused(url("settings", alice.tenant), viewer=200)
    refusals.assert_refused(url("settings", alice.tenant), method="post")
