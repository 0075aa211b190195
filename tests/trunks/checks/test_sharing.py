"""Links that show a report to whoever has them: what they show, and when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent, TenantRoute
from tenants.tokens import hash_token
from tests.conftest import Person
from tests.trunks.checks.reports import make_open, make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.web.conftest import page, text_of
from trunks import services
from trunks.checks.masking import mask
from trunks.checks.services.shares import SHARES_PER_CHECK
from trunks.models import CheckShare, ReadinessCheck, Trunk
from trunks.tasks import sweep_shares

pytestmark = pytest.mark.django_db


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Main line", "sip:203.0.113.5")


@pytest.fixture
def check(alice: Person, trunk: Trunk) -> ReadinessCheck:
    return make_report(alice, trunk, hold=("fail", "hold_rejected", "488 Not Acceptable Here."))


def share(person: Person, check: ReadinessCheck, days: int = 7) -> tuple[CheckShare, str]:
    """Make a link; return it and its path."""
    with tenant_context(person.tenant):
        made, url = services.share_check(tenant=person.tenant, actor=person.actor, check=check, days=days)
    assert url.startswith("http://testserver/reports/")
    return made, url.removeprefix("http://testserver")


def test_whoever_has_the_link_reads_the_report_masked(alice: Person, check: ReadinessCheck) -> None:
    _share, path = share(alice, check)
    answer = Client().get(path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "The carrier does not allow hold" in html
    assert "488 Not Acceptable Here." in html
    assert "7a1b-call" in html  # the carrier finds the call by it
    for private in ("4155550123", "4155550100", "203.0.113.5", "198.51.100.1", "acme", "alice", "Acme"):
        assert private not in html, private
    assert "+14***23" in html
    assert (answer["X-Robots-Tag"], answer["Cache-Control"], answer["Referrer-Policy"]) == (
        "noindex, nofollow",
        "no-store",
        "no-referrer",
    )
    assert '<meta name="robots" content="noindex, nofollow">' in html


def test_peers_that_look_alike_when_masked_stay_apart(alice: Person, check: ReadinessCheck) -> None:
    with tenant_context(alice.tenant):
        again = [{**each, "peer": "203.0.200.9:5060/udp", "text": f"{each['text']} "} for each in check.trace]
        ReadinessCheck.objects.update(trace=[*check.trace, *again])
    _share, path = share(alice, check)
    html = Client().get(path).content.decode()
    assert "Between CallSphere, 203.0.***:5060/udp, 203.0.***:5060/udp (2)." in html
    assert "200.9" not in html


def test_the_stored_report_stays_as_it_is(alice: Person, check: ReadinessCheck) -> None:
    _share, path = share(alice, check)
    Client().get(path)
    with tenant_context(alice.tenant):
        assert ReadinessCheck.objects.get().trace == check.trace


def test_only_the_hash_is_kept(alice: Person, check: ReadinessCheck) -> None:
    made, path = share(alice, check)
    token = path.split("/")[2]
    assert made.token_hash == hash_token(token)
    with platform_context("test"):
        assert token not in str(list(CheckShare.objects.values())) + str(list(TenantRoute.objects.values()))


def test_a_link_ends(alice: Person, check: ReadinessCheck) -> None:
    made, path = share(alice, check)
    with tenant_context(alice.tenant):
        CheckShare.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(path).status_code == 404


def test_a_link_is_revoked(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    made, path = share(alice, check)
    browser = alice.client()
    url = page("check-share-revoke", alice, trunk, check_id=check.pk, share_id=made.pk)
    assert browser.post(url).status_code == 302
    assert Client().get(path).status_code == 404
    with tenant_context(alice.tenant):
        verbs = list(AuditEvent.objects.filter(object_label="Main line").values_list("verb", flat=True)[:2])
    assert verbs == ["trunk.report_link_revoked", "trunk.report_shared"]


def test_a_link_ends_with_its_customer_and_its_report(alice: Person, check: ReadinessCheck) -> None:
    _share, path = share(alice, check)
    with platform_context("test"):
        alice.tenant.is_active = False
        alice.tenant.save()
    assert Client().get(path).status_code == 404
    with platform_context("test"):
        alice.tenant.is_active = True
        alice.tenant.save()
        ReadinessCheck.objects.all().delete()
    assert Client().get(path).status_code == 404
    assert TenantRoute.objects.filter(kind="check_share").count() == 1
    sweep_shares()
    assert TenantRoute.objects.filter(kind="check_share").count() == 0


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "a" * 5000])
def test_what_is_no_token_finds_nothing(db: None, token: str) -> None:
    assert Client().get(f"/reports/{token}/").status_code == 404


def test_a_running_check_is_not_shared(alice: Person, trunk: Trunk) -> None:
    check = make_open(alice, trunk)
    answer = alice.client().post(page("check-shares", alice, trunk, check_id=check.pk), {"days": "7"})
    assert answer.status_code == 422
    assert "Wait for the end of the check." in text_of(answer.content)


def test_a_report_has_so_many_links(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    for _number in range(SHARES_PER_CHECK):
        share(alice, check)
    answer = alice.client().post(page("check-shares", alice, trunk, check_id=check.pk), {"days": "7"})
    assert "A report can have 10 links. Revoke one first." in text_of(answer.content)


def test_the_page_shows_the_link_once(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    browser = alice.client()
    url = page("check-shares", alice, trunk, check_id=check.pk)
    made = browser.post(url, {"days": "1"})
    assert "http://testserver/reports/" in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    again = browser.get(url).content.decode()
    assert "/reports/" not in again
    assert "Revoke" in again


def test_the_api(alice: Person, trunk: Trunk, check: ReadinessCheck) -> None:
    api = alice.api()
    address = f"/api/v1/trunks/{trunk.pk}/checks/{check.pk}/shares/"
    made = api.post(address, {"days": 2})
    assert made.status_code == 201, made.json()
    path = made.json()["url"].removeprefix("http://testserver")
    assert Client().get(path).status_code == 200
    (listed,) = api.get(address).json()["results"]
    assert listed == {name: value for name, value in made.json().items() if name != "url"}
    assert api.delete(f"{address}{made.json()['id']}/").status_code == 204
    assert Client().get(path).status_code == 404
    assert api.get(address).json()["results"] == []
    assert alice.api("trunks:read").post(address, {}).status_code == 403


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("INVITE sip:+14155550123@203.0.113.5:5060 SIP/2.0", "INVITE sip:+14***23@203.0.***:5060 SIP/2.0"),
        ("From: <sip:acme@sip.example.com>;tag=1", "From: <sip:a***@sip.example.com>;tag=1"),
        ("Contact: <sip:[2001:db8::1]:5060>", "Contact: <sip:[2001:db8:***]:5060>"),
        (
            "Via: SIP/2.0/UDP 10.1.2.3:5060;branch=z9hG4bKdeadbeef",
            "Via: SIP/2.0/UDP 10.1.***:5060;branch=z9hG4bKdeadbeef",
        ),
        ("No answer within 10 s.", "No answer within 10 s."),
        ("Call 14155550123 now", "Call 14***23 now"),
        ("CSeq: 2 INVITE", "CSeq: 2 INVITE"),
        ("CSeq: 20261128 INVITE\r\nX: 20261128", "CSeq: 20261128 INVITE\r\nX: 20***28"),
        ("To: <tel:100>", "To: <tel:1***>"),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("SIP/2.0 100 Trying", "SIP/2.0 100 Trying"),
        ("100 Trying after 100 ms", "100 Trying after 100 ms"),
        ("CSeq: 100 INVITE", "CSeq: 100 INVITE"),
        ("Via: SIP/2.0/UDP sip.example.com:100", "Via: SIP/2.0/UDP sip.example.com:100"),
        ("INVITE sip:100@sip.example.com:100 SIP/2.0", "INVITE sip:1***@sip.example.com:100 SIP/2.0"),
        ("Call 555010 now", "Call 5*** now"),
        ("Call 15550102 now", "Call 15***02 now"),
    ],
)
def test_a_short_number_is_masked_in_addresses_alone(text: str, masked: str) -> None:
    assert mask(text, ["100", "555010"]) == masked
