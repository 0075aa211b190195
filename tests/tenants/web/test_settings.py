"""Settings of an organisation."""

import pytest
from pytest_django import Settings

from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs


def name(person: Person) -> str:
    with tenant_context(person.tenant):
        return Tenant.objects.get().name


def test_an_owner_renames(alice: Person) -> None:
    page = url("settings", alice.tenant)
    assert alice.client().post(page, {"name": " Acme Group "}).headers["Location"] == page
    assert name(alice) == "Acme Group"
    assert verbs(alice.tenant)[-1] == "tenant.updated"


@pytest.mark.parametrize("wrong", ["", " ", "x" * 101])
def test_a_wrong_name_is_refused(alice: Person, wrong: str) -> None:
    response = alice.client().post(url("settings", alice.tenant), {"name": wrong})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert name(alice) == "Acme Dental"


def test_a_viewer_reads_without_a_form(alice: Person, bob: Person) -> None:
    text = bob.client().get(url("settings", alice.tenant)).content.decode()
    assert str(alice.tenant.pk) in text
    assert "Save the name" not in text
    assert bob.client().post(url("settings", alice.tenant), {"name": "Mine"}).status_code == 403
    assert name(alice) == "Acme Dental"


def test_the_addresses_we_send_from(alice: Person, settings: Settings) -> None:
    settings.SIP_SOURCE_ADDRESSES = []
    assert "Not named yet" in alice.client().get(url("settings", alice.tenant)).content.decode()
    settings.SIP_SOURCE_ADDRESSES = ["203.0.113.10/32"]
    assert 'data-copy="203.0.113.10/32"' in alice.client().get(url("settings", alice.tenant)).content.decode()


def test_strangers_and_signed_out_people_see_nothing(alice: Person, refusals: Refusals) -> None:
    refusals.check(url("settings", alice.tenant), viewer=200)
    refusals.check(url("settings", alice.tenant), method="post")
