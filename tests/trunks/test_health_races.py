"""Answers that are stored while somebody deletes or edits what they belong to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, answer_of, make_due, probe
from trunks import services
from trunks.health import claim_due, store_answers
from trunks.models import GatewayHealth, ProbeAnswer, ProbeBucket, StatusChange, Trunk

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_a_trunk_deleted_while_its_answers_are_stored_leaves_nothing(alice: Person) -> None:
    barrier = Barrier(2)

    def delete(trunk: Trunk) -> None:
        try:
            barrier.wait(5)
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
            barrier.wait(5)
            store_answers(answers, claimed_at=NOON, now=NOON)
            deletion.result()
            with platform_context("test"):
                for model in (GatewayHealth, ProbeAnswer, ProbeBucket, StatusChange):
                    assert model.objects.count() == 0
