"""Answers that are stored while somebody deletes or edits what they belong to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, answer_of, make_due, probe
from trunks import services
from trunks.health.judging import claim_due, postpone, store_answers
from trunks.models import GatewayHealth, ProbeAnswer, ProbeBucket, StatusChange, Trunk

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_a_trunk_deleted_while_its_answers_are_stored_leaves_nothing(alice: Person) -> None:
    barrier = Barrier(2)

    def delete(trunk: Trunk) -> None:
        try:
            barrier.wait(60)
            with tenant_context(alice.tenant):
                services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        for number in range(ROUNDS):
            trunk = make_trunk(alice, f"T{number}", *(f"sip:g{each}.example.com" for each in range(8)))
            probe(OK, NOON)
            make_due(NOON)
            answers = [answer_of(claim, OK) for claim in claim_due(NOON, 100)]
            deletion = pool.submit(delete, trunk)
            barrier.wait(60)
            store_answers(answers, claimed_at=NOON, now=NOON)
            deletion.result()
            with platform_context("test"):
                for model in (GatewayHealth, ProbeAnswer, ProbeBucket, StatusChange):
                    assert model.objects.count() == 0


def test_the_worker_never_waits_for_an_edit(alice: Person) -> None:
    make_trunk(alice, "T", "sip:a.example.com", "sip:b.example.com")
    make_due(NOON)
    claims = claim_due(NOON, 100)
    held, finished = Event(), Event()

    def edit(gateway_id: str) -> bool:
        try:
            with tenant_context(alice.tenant):
                GatewayHealth.objects.select_for_update(no_key=True).get(gateway=gateway_id)
                held.set()
                return finished.wait(60)
        finally:
            connections.close_all()

    def due() -> dict[str, object]:
        with platform_context("test"):
            return {str(each.gateway_id): each.next_probe_at for each in GatewayHealth.objects.all()}

    lent = due()
    edited, other = (claim.gateway_id for claim in claims)
    with ThreadPoolExecutor(1) as pool:
        editing = pool.submit(edit, edited)
        assert held.wait(60)
        postpone([(claim.gateway_id, claim.number, 3.0) for claim in claims], NOON)
        assert due() == {edited: lent[edited], other: NOON + timedelta(seconds=3)}
        stored = store_answers([answer_of(claim, OK) for claim in claims], claimed_at=NOON, now=NOON)
        finished.set()
        assert editing.result() is True
    assert (stored.kept, [str(change.gateway_id) for change in stored.changes]) == (1, [other])
    # the lease still ends, so that the gateway is looked at again
    assert due()[edited] == lent[edited]
