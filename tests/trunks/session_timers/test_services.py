"""Changing a trunk's session-timer policy, and what the database itself refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from callsphere.lib.errors import Refused, VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.models import SessionTimerPolicy, Trunk


@pytest.fixture
def policy(in_acme: Tenant, trunk: Trunk) -> SessionTimerPolicy:
    return SessionTimerPolicy.objects.get(trunk=trunk)


def change(person: Person, policy: SessionTimerPolicy, version: int | None = 1, **values: Any) -> Any:
    return services.update_session_timer_policy(
        tenant=person.tenant, actor=person.actor, policy=policy, expected_version=version, **values
    )


def test_a_new_trunk_supports_timers(policy: SessionTimerPolicy) -> None:
    assert (policy.mode, policy.session_interval_s, policy.min_se_s) == ("supported", 1800, 90)
    assert (policy.refresher, policy.refresh_method, policy.longest_call_s) == ("peer", "auto", None)


def test_a_change_is_stored_and_audited(alice: Person, policy: SessionTimerPolicy) -> None:
    row = change(alice, policy, mode="required", session_interval_s=600, longest_call_s=7200)

    assert (row.mode, row.session_interval_s, row.longest_call_s, row.version) == ("required", 600, 7200, 2)
    assert AuditEvent.objects.get(verb="session_timer_policy.updated").changes == {
        "mode": ["supported", "required"],
        "session_interval_s": [1800, 600],
        "longest_call_s": [None, 7200],
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "maybe"}, "Value 'maybe' is not a valid choice."),
        (
            {"session_interval_s": 89},
            "Use at least 90 seconds: RFC 4028 allows no shorter interval.",
        ),
        ({"session_interval_s": 86401}, "Ensure this value is less than or equal to 86400."),
        ({"min_se_s": 89}, "Use at least 90 seconds: RFC 4028 allows no shorter interval."),
        ({"min_se_s": 1801}, "Use at most the session interval: we would refuse our own."),
        ({"refresher": "both"}, "Value 'both' is not a valid choice."),
        ({"refresh_method": "INFO"}, "Value 'INFO' is not a valid choice."),
        ({"longest_call_s": 59}, "Ensure this value is greater than or equal to 60."),
    ],
)
def test_wrong_values_are_refused(
    alice: Person, policy: SessionTimerPolicy, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        change(alice, policy, **values)
    assert caught.value.message_dict == {next(iter(values)): [message]}


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"mode": "maybe"}, "session_timer_policy_mode_known"),
        ({"session_interval_s": 89, "min_se_s": 89}, "session_timer_policy_interval"),
        ({"min_se_s": 89}, "session_timer_policy_min_se"),
        ({"min_se_s": 1801}, "session_timer_policy_min_se_within"),
        ({"refresher": "both"}, "session_timer_policy_refresher_known"),
        ({"refresh_method": "info"}, "session_timer_policy_method_known"),
        ({"longest_call_s": 59}, "session_timer_policy_longest_call"),
    ],
)
def test_the_database_refuses_them_too(
    policy: SessionTimerPolicy, values: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SessionTimerPolicy.objects.filter(pk=policy.pk).update(**values)


def test_a_lost_update_is_refused(alice: Person, policy: SessionTimerPolicy) -> None:
    change(alice, policy, mode="off")
    with pytest.raises(VersionConflict) as caught:
        change(alice, policy, mode="required")
    assert (caught.value.yours, caught.value.theirs) == ({"mode": "required"}, {"mode": "off"})


def test_a_deleted_trunk_has_no_policy_to_change(
    alice: Person, trunk: Trunk, policy: SessionTimerPolicy
) -> None:
    services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=1)
    with pytest.raises(Refused):
        change(alice, policy, mode="off")
