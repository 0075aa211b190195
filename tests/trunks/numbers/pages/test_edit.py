"""The label of a number, and two people who change it at once."""

from __future__ import annotations

import pytest

from tests.conftest import Person
from tests.trunks.numbers.conftest import stored
from tests.trunks.numbers.pages.conftest import number_page
from trunks.models import PhoneNumber

pytestmark = pytest.mark.django_db


def test_label_is_changed(alice: Person, own: PhoneNumber) -> None:
    sent = {"label": "Back door", "version": own.version}
    response = alice.client().post(number_page("edit", alice, own), sent)
    assert (response["Location"], stored(alice).label) == (number_page("detail", alice, own), "Back door")


def test_of_two_at_once_the_second_sees_both(alice: Person, own: PhoneNumber) -> None:
    browser, address = alice.client(), number_page("edit", alice, own)
    browser.post(address, {"label": "Back door", "version": own.version})
    response = browser.post(address, {"label": "Front desk", "version": own.version})
    html = response.content.decode()
    assert (response.status_code, stored(alice).label) == (409, "Back door")
    assert ("Back door" in html, 'value="Front desk"' in html) == (True, True)


def test_label_that_is_too_long_is_refused(alice: Person, own: PhoneNumber) -> None:
    sent = {"label": "x" * 65, "version": own.version}
    response = alice.client().post(number_page("edit", alice, own), sent)
    assert (response.status_code, stored(alice).label) == (422, "")
