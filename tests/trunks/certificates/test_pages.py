"""The pages of certificates, and the choice on the page of a gateway."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.certificates.papers import DAY, add_authority, add_client, make
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import page, text_of
from trunks.models import ClientCertificate, Gateway, TrustedAuthority

pytestmark = pytest.mark.django_db

ROOT = make("Carrier root", is_authority=True)
CLIENT = make("us.example.com", ROOT)


@pytest.fixture
def browser(alice: Person) -> Client:
    return alice.client()


def secret_lines(key: str) -> list[str]:
    return [line for line in key.splitlines() if "-----" not in line]


def test_empty_page_says_what_belongs_there(alice: Person, browser: Client) -> None:
    text = text_of(browser.get(page("certificates", alice)).content)
    assert "No authorities of your own" in text
    assert "No client certificates" in text


def test_list_says_when_each_ends_in_a_fixed_number_of_queries(alice: Person, browser: Client) -> None:
    browser.get(page("certificates", alice))  # what only a first request asks
    counts = []
    for number in range(3):
        ends = (20 + number) * DAY
        add_authority(alice, make(f"Root {number}", is_authority=True, ends=ends).pem, f"Root {number}")
        add_client(alice, CLIENT.pem, CLIENT.key, f"Us {number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = browser.get(page("certificates", alice))
        counts.append(len(queries))
    assert counts[0] == counts[2]
    assert "Expires in 19 days" in text_of(answer.content)
    assert "Expires in 89 days" in text_of(answer.content)


def test_authority_is_added_and_shown(alice: Person, browser: Client) -> None:
    sent = {"name": "Carrier", "certificates": ROOT.pem}
    answer = browser.post(page("authority-add", alice), sent, follow=True)
    assert "“Carrier” is added" in answer.content.decode()
    with tenant_context(alice.tenant):
        row = TrustedAuthority.objects.get()
    text = text_of(browser.get(page("authority-detail", alice, authority_id=row.pk)).content)
    assert "CN=Carrier root" in text
    assert "No gateway yet" in text


@pytest.mark.parametrize("field", ["certificates", "private_key"])
def test_a_private_key_never_comes_back(alice: Person, browser: Client, field: str) -> None:
    """Whatever is wrong, and wherever the key was pasted."""
    sent = {"name": "", "certificates": CLIENT.pem, "private_key": CLIENT.key, field: ROOT.key}
    for name in ("client-certificate-add", "authority-add"):
        answer = browser.post(page(name, alice), sent)
        assert answer.status_code == 422
        html = answer.content.decode()
        assert [line in html for line in secret_lines(ROOT.key)] == [False] * len(secret_lines(ROOT.key))


def test_what_was_typed_stays_where_it_holds_certificates_alone(alice: Person, browser: Client) -> None:
    answer = browser.post(page("authority-add", alice), {"name": "", "certificates": ROOT.pem})
    assert ROOT.pem.splitlines()[1] in answer.content.decode()


def test_client_certificate_is_added_replaced_and_its_key_never_shown(alice: Person, browser: Client) -> None:
    sent = {"name": "Us", "certificates": CLIENT.pem, "private_key": CLIENT.key}
    assert browser.post(page("client-certificate-add", alice), sent).status_code == 302
    with tenant_context(alice.tenant):
        row = ClientCertificate.objects.get()
    new = make("us.example.com", ROOT)
    edit = page("client-certificate-edit", alice, certificate_id=row.pk)
    sent = {"name": "Us", "certificates": new.pem, "private_key": new.key, "version": "1"}
    assert browser.post(edit, sent).status_code == 302
    detail = browser.get(page("client-certificate-detail", alice, certificate_id=row.pk)).content.decode()
    assert new.pem.splitlines()[1] in detail
    for html in (detail, browser.get(edit).content.decode()):
        assert [line in html for line in secret_lines(new.key)] == [False] * len(secret_lines(new.key))


def test_stale_edit_shows_both_names_and_no_key(alice: Person, browser: Client) -> None:
    row = add_client(alice, CLIENT.pem, CLIENT.key)
    edit = page("client-certificate-edit", alice, certificate_id=row.pk)
    browser.post(edit, {"name": "Theirs", "version": "1"})
    answer = browser.post(
        edit, {"name": "Mine", "private_key": ROOT.key, "certificates": ROOT.key, "version": "1"}
    )
    html = answer.content.decode()
    assert (answer.status_code, "Theirs" in html, "Mine" in html) == (409, True, True)
    assert secret_lines(ROOT.key)[0] not in html


def test_choice_on_a_gateway_and_refusal_to_delete(alice: Person, browser: Client) -> None:
    ca, shown = add_authority(alice, ROOT.pem), add_client(alice, CLIENT.pem, CLIENT.key)
    trunk = make_trunk(alice, "Line", "sip:sip.example.com;transport=tls")
    with tenant_context(alice.tenant):
        gateway = trunk.gateways.get()
    edit = page("gateway-edit", alice, trunk, gateway_id=gateway.pk)
    form: dict[str, Any] = {
        "address": gateway.uri,
        "priority": "10",
        "weight": "10",
        "is_enabled": "on",
        "version": "1",
        "trusted_authority_id": str(ca.pk),
        "client_certificate_id": str(shown.pk),
    }
    assert browser.post(edit, form).status_code == 302
    with tenant_context(alice.tenant):
        stored = Gateway.objects.get()
    assert (stored.trusted_authority_id, stored.client_certificate_id) == (ca.pk, shown.pk)
    text = text_of(browser.get(page("gateway-detail", alice, trunk, gateway_id=gateway.pk)).content)
    assert "Carrier CA alone" in text
    delete = page("authority-delete", alice, authority_id=ca.pk)
    assert "It is in use" in text_of(browser.get(delete).content)
    assert (
        "is used by sip:sip.example.com;transport=tls (Line)"
        in browser.post(delete, follow=True).content.decode()
    )
    form |= {"trusted_authority_id": "", "client_certificate_id": "", "version": "2"}
    assert browser.post(edit, form).status_code == 302
    assert browser.post(delete).headers["Location"] == page("certificates", alice)
    with tenant_context(alice.tenant):
        assert TrustedAuthority.objects.count() == 0


def test_udp_gateway_is_told_that_certificates_are_for_tls(alice: Person, browser: Client) -> None:
    ca = add_authority(alice, ROOT.pem)
    trunk = make_trunk(alice, "Line")
    form = {
        "address": "sip.example.com",
        "priority": "10",
        "weight": "10",
        "trusted_authority_id": str(ca.pk),
    }
    answer = browser.post(page("gateway-add", alice, trunk), form)
    assert (answer.status_code, "Only gateways over TLS" in answer.content.decode()) == (422, True)
