"""Numbers that are brought along on a trunk."""

from __future__ import annotations

import uuid

import pytest

from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import stored
from tests.trunks.numbers.pages.conftest import limit_to, number_page, page
from trunks.models import Trunk

pytestmark = pytest.mark.django_db


def test_number_is_added_on_its_trunk(alice: Person, trunk: Trunk) -> None:
    sent = {"number": "+49 30 901820", "trunk": trunk.pk, "label": "Front desk"}
    response = alice.client().post(page("own-add", alice), sent)
    row = stored(alice)
    assert response["Location"] == number_page("verify", alice, row)
    assert (row.number, row.trunk_id, row.label, row.state) == (
        "+4930901820", trunk.pk, "Front desk", "unverified",
    )  # fmt: skip


def test_trunk_may_be_chosen_by_the_address(alice: Person, trunk: Trunk) -> None:
    html = alice.client().get(f"{page('own-add', alice)}?trunk={trunk.pk}").content.decode()
    assert f'<option value="{trunk.pk}" selected>' in html


@pytest.mark.parametrize("text", ["", "030 901820", "+49 30 90182x"])
def test_what_is_no_number_is_told(alice: Person, trunk: Trunk, text: str) -> None:
    response = alice.client().post(page("own-add", alice), {"number": text, "trunk": trunk.pk})
    assert (response.status_code, 'aria-invalid="true"' in response.content.decode()) == (422, True)


def test_another_tenants_trunk_is_no_choice(alice: Person, charlie: Person, trunk: Trunk) -> None:
    foreign = make_trunk(charlie)
    browser = alice.client()
    refused = [
        browser.post(page("own-add", alice), {"number": "+4930901820", "trunk": pk}).content.decode()
        for pk in (foreign.pk, uuid.uuid4())
    ]
    assert ["This trunk is gone. Choose another." in html for html in refused] == [True, True]


def test_full_plan_says_so(alice: Person, trunk: Trunk) -> None:
    limit_to(alice, 0)
    browser = alice.client()
    html = browser.get(page("own-add", alice)).content.decode()
    assert "Numbers come with a plan" in html
    assert html.count("btn-primary") == 1
    response = browser.post(page("own-add", alice), {"number": "+4930901820", "trunk": trunk.pk})
    assert (response.status_code, "Phone numbers come with a plan." in response.content.decode()) == (
        422,
        True,
    )


def test_without_a_trunk_it_leads_to_connecting_one(alice: Person) -> None:
    html = alice.client().get(page("own-add", alice)).content.decode()
    assert f"/t/{alice.tenant.slug}/trunks/connect/" in html
    assert 'name="number"' not in html
