"""The audit log as a page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tenants.access import Capability
from tenants.audit import Actor, record_event
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tenants.services import change_role, change_settings, create_api_key
from tenants.views.audit import PAGE_SIZE
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url
from trunks.services import add_allowed_network, add_gateway, create_trunk, delete_gateway

QUERIES = 17


def record(person: Person, verb: str, actor: Actor | None = None, count: int = 1) -> None:
    with tenant_context(person.tenant):
        for _ in range(count):
            record_event(tenant=person.tenant, actor=actor or person.actor, verb=verb, obj=person.tenant)


def lines(person: Person, query: str = "") -> list[Any]:
    return person.client().get(url("audit", person.tenant) + query).context["lines"]


def sentences(person: Person, query: str = "") -> list[str]:
    return [f"{line.actor} {line.before_name}{line.name}{line.after_name}" for line in lines(person, query)]


def test_events_read_as_sentences_newest_first(alice: Person, bob: Person) -> None:
    with tenant_context(alice.tenant):
        alice.tenant = change_settings(
            tenant=alice.tenant, actor=alice.actor, expected_version=None, name="Acme Group"
        )
        change_role(
            tenant=alice.tenant,
            actor=Actor.staff(bob.user),
            changer=alice.membership,
            member=bob.membership,
            role="developer",
        )
    record(alice, "gizmo.polished_twice", Actor.system("worker"))
    assert sentences(alice) == [
        "CallSphere (worker) polished twice the organisation Acme Group",
        "CallSphere support (bob@example.com) changed the role of bob@example.com (Developer)",
        "alice@example.com changed the organisation Acme Group",
        "alice@example.com created the organisation Acme Dental",
    ]


def test_changes_are_told_in_words(alice: Person, bob: Person) -> None:
    with tenant_context(alice.tenant):
        change_role(
            tenant=alice.tenant,
            actor=alice.actor,
            changer=alice.membership,
            member=bob.membership,
            role="developer",
        )
        create_api_key(
            tenant=alice.tenant, actor=alice.actor, name="k", capabilities=[Capability.TRUNKS_READ]
        )
    made, changed, _created = lines(alice)
    assert [(each.label, each.before, each.after) for each in changed.changes] == [
        ("Role", "Viewer", "Developer")
    ]
    assert [(each.label, each.before, each.after) for each in made.changes] == [
        ("Capabilities", "", "See trunks"),
        ("Allowed networks", "", ""),
    ]


def test_only_objects_that_exist_are_linked(alice: Person, bob: Person) -> None:
    with tenant_context(alice.tenant):
        record_event(tenant=alice.tenant, actor=alice.actor, verb="member.joined", obj=bob.membership)
    assert lines(alice)[0].url == f"{url('team', alice.tenant)}#membership-{bob.membership.pk}"
    with tenant_context(alice.tenant):
        bob.membership.delete()
    assert [line.url for line in lines(alice)] == ["", url("settings", alice.tenant)]


@pytest.mark.parametrize(
    ("query", "verbs"),
    [
        ("", ["tenant.third", "tenant.second", "tenant.first"]),
        ("?actor=ALICE", ["tenant.third", "tenant.first"]),
        ("?actor=nobody", []),
        ("?kind=tenant", ["tenant.third", "tenant.second", "tenant.first"]),
        ("?kind=membership", []),
        ("?since=2026-03-02", ["tenant.third", "tenant.second"]),
        ("?until=2026-03-02", ["tenant.second", "tenant.first"]),
        ("?since=2026-03-02&until=2026-03-02", ["tenant.second"]),
    ],
)
def test_filters(alice: Person, charlie: Person, query: str, verbs: list[str]) -> None:
    moments = [datetime(2026, 3, day, 23, 59, tzinfo=UTC) for day in (1, 2, 3)]
    names = ("tenant.first", "tenant.second", "tenant.third")
    actors = (alice.actor, Actor.system("worker"), alice.actor)
    with tenant_context(alice.tenant):
        for moment, verb, actor in zip(moments, names, actors, strict=True):
            AuditEvent.objects.create(
                tenant=alice.tenant,
                created_at=moment,
                actor_kind=actor.kind,
                actor_label=actor.label,
                verb=verb,
                object_kind="tenant",
                object_label="Acme Dental",
            )
    found = [line.event.verb for line in lines(alice, query)]
    assert [verb for verb in found if verb != "tenant.created"] == verbs


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("?since=yesterday", {"since": ["Write a date such as 2026-03-31."]}),
        ("?since=2026-03-02&until=2026-03-01", {"until": ["This day is before the first one."]}),
        ("?kind=gizmo", {"kind": ["Select a valid choice. gizmo is not one of the available choices."]}),
    ],
)
def test_wrong_filters_are_explained(alice: Person, query: str, errors: dict[str, list[str]]) -> None:
    response = alice.client().get(url("audit", alice.tenant) + query)
    assert (response.status_code, response.context["form"].errors) == (400, errors)


def test_the_last_day_of_the_calendar_is_a_day(alice: Person) -> None:
    assert len(lines(alice, "?since=0001-01-01&until=9999-12-31")) == 1


def test_pages_lead_to_each_other_without_loss(alice: Person) -> None:
    record(alice, "tenant.updated", count=2 * PAGE_SIZE)
    client, address = alice.client(), url("audit", alice.tenant)
    pages, older = [], ""
    while True:
        context = client.get(address + older).context
        pages.append([line.event.pk for line in context["lines"]])
        older = context["older_url"]
        if not older:
            break
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 1]
    assert len({pk for page in pages for pk in page}) == 2 * PAGE_SIZE + 1
    newer = context["newer_url"]
    again = client.get(address + newer).context
    assert [line.event.pk for line in again["lines"]] == pages[1]
    first = client.get(address + again["newer_url"]).context
    assert [line.event.pk for line in first["lines"]] == pages[0]
    assert first["newer_url"] == ""


def test_a_broken_cursor_shows_the_newest_page(alice: Person) -> None:
    for cursor in ("x", "AAAA", "2026", "%00"):
        assert len(lines(alice, f"?before={cursor}")) == 1


def test_another_tenants_events_stay_out(alice: Person, charlie: Person) -> None:
    assert sentences(charlie) == ["charlie@example.com created the organisation Globex"]


def test_others_may_not(alice: Person, refusals: Refusals) -> None:
    refusals.assert_refused(url("audit", alice.tenant))


def test_the_number_of_queries_does_not_grow(
    alice: Person, bob: Person, count_queries: Callable[[Client, str], int]
) -> None:
    client, address = alice.client(), url("audit", alice.tenant)
    with tenant_context(alice.tenant):
        record_event(tenant=alice.tenant, actor=alice.actor, verb="member.joined", obj=bob.membership)
    client.get(address)
    few = count_queries(client, address)
    with tenant_context(alice.tenant):
        for _ in range(2):
            record_event(tenant=alice.tenant, actor=bob.actor, verb="member.joined", obj=bob.membership)
    assert (few, count_queries(client, address)) == (QUERIES, QUERIES)


def test_events_about_trunks_lead_to_their_pages(alice: Person) -> None:
    with tenant_context(alice.tenant):
        trunk = create_trunk(tenant=alice.tenant, actor=alice.actor, name="Main line")
        gateway, _warnings = add_gateway(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, uri="sips:sbc.example.net:5061"
        )
        delete_gateway(tenant=alice.tenant, actor=alice.actor, gateway=gateway)
    removed, added, created, _tenant = lines(alice)
    assert [(line.before_name, line.name) for line in (removed, added, created)] == [
        ("deleted the gateway ", "sips:sbc.example.net:5061"),
        ("added the gateway ", "sips:sbc.example.net:5061"),
        ("created the trunk ", "Main line"),
    ]
    assert [removed.url, added.url, created.url] == ["", "", f"/t/acme-dental/trunks/{trunk.pk}/"]


def test_choices_and_flags_of_trunks_are_in_words(alice: Person) -> None:
    with tenant_context(alice.tenant):
        mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
        trunk = create_trunk(**mine, name="Main line", authentication=["ip_allowlist"])
        add_allowed_network(**mine, trunk=trunk, cidr="203.0.113.5")
    text = " ".join(
        re.sub(r"<[^>]+>", " ", alice.client().get(url("audit", alice.tenant)).content.decode()).split()
    )
    assert "Authentication IP allowlist" in text
    assert "Wide network confirmed no" in text
    assert "ip_allowlist" not in text
