"""Making, changing and deleting trunks."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import LimitReached, Refused, VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.enums import HealthState
from trunks.models import HealthPolicy, StatusChange, Trunk


def newest_event() -> AuditEvent:
    return AuditEvent.objects.order_by("-created_at", "-id")[0]


def test_a_trunk_comes_with_a_policy_and_an_event(in_acme: Tenant, alice: Person) -> None:
    trunk = services.create_trunk(
        tenant=in_acme,
        actor=alice.actor,
        name="  Twilio ",
        direction="outbound",
        authentication=["registration", "digest", "digest"],
    )
    assert (trunk.name, trunk.authentication, trunk.version) == ("Twilio", ["digest", "registration"], 1)
    assert HealthPolicy.objects.get(trunk=trunk).interval_s == 30
    event = newest_event()
    assert (event.verb, event.object_id, event.actor_label) == (
        "trunk.created",
        trunk.pk,
        "alice@example.com",
    )
    assert event.changes == {
        "name": [None, "Twilio"],
        "direction": [None, "outbound"],
        "authentication": [None, ["digest", "registration"]],
        "is_enabled": [None, True],
    }


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "name", "This field cannot be blank."),
        (
            {"name": "x" * 101},
            "name",
            "Ensure this value has at most 100 characters (it has 101).",
        ),
        (
            {"name": "a\r\nVia: b"},
            "name",
            "Remove line breaks, control characters and invisible characters.",
        ),
        ({"name": "twilio"}, "name", "You have a trunk of this name."),
        ({"direction": "sideways"}, "direction", "Value 'sideways' is not a valid choice."),
        (
            {"authentication": ["magic"]},
            "authentication",
            "Choose any of: ip_allowlist, digest, registration.",
        ),
        ({"notes": "a\x00b"}, "notes", "Remove control characters and invisible characters."),
    ],
)
def test_wrong_fields_are_named(
    in_acme: Tenant, alice: Person, trunk: Trunk, fields: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_trunk(tenant=in_acme, actor=alice.actor, **{"name": "Other", **fields})
    assert caught.value.message_dict == {field: [message]}


def test_the_plan_limits_trunks(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    Tenant.objects.update(trunk_limit=1)
    with pytest.raises(LimitReached, match="room for 1 trunks"):
        services.create_trunk(tenant=in_acme, actor=alice.actor, name="Second")
    assert Trunk.objects.count() == 1


def test_an_update_raises_the_version_and_tells_both_values(
    in_acme: Tenant, alice: Person, trunk: Trunk
) -> None:
    changed = services.update_trunk(
        tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, name="Telnyx", notes="a\r\nb"
    )
    assert (changed.name, changed.notes, changed.version) == ("Telnyx", "a\nb", 2)
    assert newest_event().changes == {"name": ["Twilio", "Telnyx"], "notes": ["", "a\nb"]}


def test_an_update_of_nothing_leaves_no_trace(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    events = AuditEvent.objects.count()
    same = services.update_trunk(
        tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, name="Twilio"
    )
    assert (same.version, AuditEvent.objects.count()) == (1, events)


def test_a_lost_update_is_refused_with_both_versions(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.update_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, name="Theirs")
    with pytest.raises(VersionConflict) as caught:
        services.update_trunk(
            tenant=in_acme,
            actor=alice.actor,
            trunk=trunk,
            expected_version=1,
            name="Mine",
            direction="outbound",
        )
    assert caught.value.current_version == 2
    assert (caught.value.yours, caught.value.theirs) == ({"name": "Mine"}, {"name": "Theirs"})
    assert Trunk.objects.get().name == "Theirs"


def test_without_an_expected_version_the_last_one_wins(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.update_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, name="A")
    services.update_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=None, name="B")
    assert Trunk.objects.get().version == 3


def test_disabling_pauses_the_gateways_and_enabling_looks_anew(
    in_acme: Tenant, alice: Person, trunk: Trunk
) -> None:
    on, off = (
        services.add_gateway(
            tenant=in_acme, actor=alice.actor, trunk=trunk, uri=f"sip:{host}.example.com", is_enabled=enabled
        )[0]
        for host, enabled in (("on", True), ("off", False))
    )
    services.update_trunk(
        tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, is_enabled=False
    )
    on.health.refresh_from_db()
    assert (on.health.state, on.health.next_probe_at) == (HealthState.PAUSED, None)
    services.update_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=2, is_enabled=True)
    on.health.refresh_from_db()
    off.health.refresh_from_db()
    assert on.health.state == HealthState.UNKNOWN
    assert on.health.next_probe_at is not None
    assert (off.health.state, off.health.next_probe_at) == (HealthState.PAUSED, None)
    assert list(StatusChange.objects.order_by("at").values_list("from_state", "to_state")) == [
        ("unknown", "paused"),
        ("paused", "unknown"),
    ]


def test_a_deleted_trunk_takes_its_parts_along(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.add_gateway(tenant=in_acme, actor=alice.actor, trunk=trunk, uri="sip:sip.example.com")
    services.delete_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1)
    assert Trunk.objects.count() == 0
    assert newest_event().verb == "trunk.deleted"
    assert newest_event().changes["name"] == ["Twilio", None]


def test_deleting_an_older_version_is_refused(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    with pytest.raises(VersionConflict):
        services.delete_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=7)
    assert Trunk.objects.count() == 1


def test_what_is_gone_cannot_be_changed(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.delete_trunk(tenant=in_acme, actor=alice.actor, trunk=Trunk.objects.get())
    with pytest.raises(Refused, match="This trunk was deleted in the meantime"):
        services.update_trunk(tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, name="X")


def test_an_invented_change_is_a_mistake_of_the_caller(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    with pytest.raises(TypeError, match="unknown changes: colour"):
        services.update_trunk(
            tenant=in_acme, actor=alice.actor, trunk=trunk, expected_version=1, colour="red"
        )
