"""A gateway's own page."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.watching import NOON, OK, SILENT, probe
from tests.trunks.web.conftest import page
from trunks.models import Gateway, GatewayHealth, Trunk


def test_it_shows_the_last_20_answers(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    for number in range(22):
        probe(OK if number < 21 else SILENT, NOON + timedelta(seconds=30 * number), rtt_us=12_000)

    response = alice.client().get(page("gateway-detail", alice, trunk, gateway_id=gateway.pk))

    answers = response.context["answers"]
    assert [answer.answer for answer in answers[:2]] == ["No answer", "200 OK"]
    assert len(answers) == 20
    assert response.context["row"].trend.values == [*[12.0] * 19, None]
    assert "12 ms" in response.content.decode()


def test_before_the_first_check_it_says_so(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    html = alice.client().get(page("gateway-detail", alice, trunk, gateway_id=gateway.pk)).content.decode()

    assert "Being checked" in html
    assert "Nothing yet" in html


def test_a_first_check_that_is_late_is_not_under_way(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(since=timezone.now() - timedelta(minutes=1))

    html = alice.client().get(page("gateway-detail", alice, trunk, gateway_id=gateway.pk)).content.decode()

    assert "Not checked yet" in html
    assert "Being checked" not in html


def test_the_address_tried_breaks_between_its_parts(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    probe(OK, NOON)
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(target="203.0.113.5:5060/udp")

    html = alice.client().get(page("gateway-detail", alice, trunk, gateway_id=gateway.pk)).content.decode()

    assert "203.0.113.5:5060/<wbr>udp</code>" in html
