"""Certificates, clicked through: added, chosen for a gateway, refused to be deleted, replaced."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.certificates.papers import DAY, make
from tests.trunks.conftest import make_trunk
from trunks.models import Trunk

BASE = "/t/acme-dental/trunks/certificates/"
ROOT = make("Telnet Carrier Root CA 2026", is_authority=True, ends=5 * DAY)
CLIENT = make("sbc.acme-dental.example.com", make("Client CA", is_authority=True))


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Main line", "sip:sip.example.com;transport=tls")


def test_from_nothing_to_replacing(visitor: Visitor, trunk: Trunk) -> None:
    page = visitor.go(f"/t/acme-dental/trunks/{trunk.pk}/")
    visitor.follow("Certificates")
    visitor.look("certificates-empty")

    visitor.follow("Add an authority")
    page.get_by_label("Name").fill("Telnet Carrier")
    page.get_by_label("Certificate", exact=True).fill(ROOT.key)
    visitor.press("Add authority")
    expect(page.get_by_role("alert").first).to_contain_text("This holds a private key")
    expect(page.get_by_label("Certificate", exact=True)).to_have_value("")
    visitor.look("certificate-wrong")
    page.get_by_label("Certificate", exact=True).fill(ROOT.pem)
    visitor.press("Add authority")

    visitor.follow("Add a client certificate")
    page.get_by_label("Name").fill("Us at Telnet Carrier")
    page.get_by_label("Certificate", exact=True).fill(CLIENT.pem)
    page.get_by_label("Private key").fill(CLIENT.key)
    visitor.look("certificate-add")
    visitor.press("Add certificate")
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_text("Expires in 4 days")).to_be_visible()
    visitor.look("certificates")

    gateway = visitor.go(f"/t/acme-dental/trunks/{trunk.pk}/")
    visitor.follow("sip:sip.example.com;transport=tls")
    visitor.follow("Edit")
    gateway.get_by_label("Trusted authority").select_option("Telnet Carrier")
    gateway.get_by_label("Client certificate").select_option("Us at Telnet Carrier")
    visitor.look("certificate-choice")
    visitor.press("Save gateway")
    expect(page.get_by_text("Telnet Carrier alone")).to_be_visible()
    visitor.look("gateway-with-certificates")

    visitor.follow("Telnet Carrier")
    visitor.look("certificate-detail")
    page.locator("summary[aria-label='More actions']").click()
    page.get_by_text("Delete…").click()
    expect(page.get_by_text("It is in use")).to_be_visible()
    visitor.look("certificate-in-use")

    visitor.go(BASE)
    visitor.follow("Telnet Carrier")
    visitor.follow("Replace or rename")
    page.get_by_label("New certificate").fill(make("Telnet Carrier Root CA 2027", is_authority=True).pem)
    visitor.press("Save")
    expect(page.get_by_text("Expires in 89 days")).to_be_visible()
