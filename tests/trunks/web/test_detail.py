"""A trunk's first page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, NOON, OK, SILENT, probe
from tests.trunks.web.conftest import page
from trunks.enums import Authentication, Direction
from trunks.models import GatewayHealth, ProbeAnswer, Trunk


def test_a_failure_says_cause_fix_and_who(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)

    html = alice.client().get(page("detail", alice, trunk)).content.decode()

    assert "The carrier does not answer" in html
    assert "Our requests were sent, but nothing came back in time." in html
    assert "On your carrier&#x27;s side" in html
    assert "Message to your carrier" in html


def test_a_server_error_is_named(alice: Person, trunk: Trunk) -> None:
    probe(BUSY, NOON)

    html = alice.client().get(page("detail", alice, trunk)).content.decode()

    assert "Answering 503" in html
    assert "503 Service Unavailable" in html


def test_a_gateway_that_answers_again_is_no_failure_any_more(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)
    probe(OK, NOON + timedelta(seconds=30))

    html = alice.client().get(page("detail", alice, trunk)).content.decode()

    assert "It answers again" in html
    assert "The carrier does not answer" not in html.partition("Last changes")[0]


def test_a_refused_address_reads_like_a_name_that_does_not_exist(alice: Person, trunk: Trunk) -> None:
    def words(cause: str) -> str:
        with tenant_context(alice.tenant):
            told = {"cause": cause, "detail": "10.0.0.5 is private", "target": "10.0.0.5:5060/udp"}
            GatewayHealth.objects.update(**told)
            ProbeAnswer.objects.update(**told)
        response = alice.client().get(page("detail", alice, trunk), HTTP_HX_REQUEST="true")
        return response.content.decode()

    probe(SILENT, NOON)
    refused, unknown = words("address_refused"), words("dns_not_found")

    assert refused == unknown
    assert "The host name does not exist" in refused
    assert "10.0.0.5" not in refused


@pytest.mark.parametrize("name", ["detail", "access", "history", "policy", "edit", "gateway-add"])
def test_our_addresses_are_on_every_page(alice: Person, trunk: Trunk, settings: Any, name: str) -> None:
    settings.SIP_SOURCE_ADDRESSES = ["198.51.100.1", "2001:db8::1"]

    html = alice.client().get(page(name, alice, trunk)).content.decode()

    assert 'data-copy="198.51.100.1"' in html
    assert 'data-copy="2001:db8::1"' in html


def test_where_nothing_stands_yet_one_button_leads_on(alice: Person) -> None:
    trunk = make_trunk(alice, "Main", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        Trunk.objects.update(direction=Direction.BOTH, authentication=[Authentication.IP_ALLOWLIST])
    html = alice.client().get(page("access", alice, trunk)).content.decode()
    assert [html.count(words) for words in ("Add a network", "Add a credential", "btn btn-primary")] == [
        1,
        1,
        1,
    ]


def test_queries_are_the_same_for_one_and_three_gateways(alice: Person) -> None:
    browser = alice.client()
    one = make_trunk(alice, "One", "sip:203.0.113.5")
    three = make_trunk(alice, "Three", "sip:203.0.113.5", "sip:203.0.113.6", "sip:203.0.113.7")
    for second in range(3):
        probe(OK, NOON + timedelta(seconds=30 * second))

    def queries(trunk: Trunk) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page("detail", alice, trunk)).status_code == 200
        return len(captured)

    queries(one)

    assert queries(three) == queries(one)


def test_a_cause_that_nobody_knows_is_still_a_failure(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(cause="made_tomorrow")

    html = alice.client().get(page("detail", alice, trunk)).content.decode()

    assert "What to change" in html
    assert "It answers again" not in html
