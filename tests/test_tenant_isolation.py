"""Nobody sees, changes or can tell of what belongs to another tenant: at no address of the product.

The addresses come from the URL resolver and the OpenAPI document; `tests/isolation/addresses.py` has a line
for each. Outcomes are collected first and compared at once, so that a failure shows every address that leaks.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from callsphere.lib.ids import uuid7
from tenants.context import platform_context
from tenants.models import Tenant
from tests.billing.affiliates.conftest import affiliate_client, join
from tests.isolation.addresses import (
    API_BODY_IDS,
    AUDITED_READS,
    PAGES,
    PERSONAL,
    PERSONAL_API,
    PUBLIC,
    WITHOUT_OBJECT,
    Operation,
    Page,
    Viewer,
    all_operations,
    all_pages,
    body_ids,
    openapi,
    operations,
    personal_operations,
    tenant_pages,
)
from tests.isolation.world import World, empty_models, fingerprint, make_world

_CSRF_TOKEN = re.compile(rb"[A-Za-z0-9]{64}")


@pytest.fixture
def acme(db: None) -> Iterator[World]:
    cache.clear()
    yield make_world("canaryacme")
    cache.clear()


@pytest.fixture
def globex(db: None) -> World:
    return make_world("canaryglobex")


def random_ids(world: World) -> dict[str, uuid.UUID]:
    return {name: uuid7() for name in world.ids}


def seen(response: Any, *hidden: str) -> tuple[int, bytes]:
    """Return what somebody sees of an answer, what they sent themselves apart."""
    content = _CSRF_TOKEN.sub(b"csrf", b"".join(response) if response.streaming else response.content)
    for text in hidden:
        content = content.replace(text.encode(), b"sent")
    return response.status_code, content


def leaks(response: Any, world: World, *, sent: str = "") -> list[str]:
    """Return the other tenant's texts that an answer holds, beyond what was sent."""
    return [mark for mark in marks_in(seen(response)[1], world) if mark not in sent]


def marks_in(content: bytes, world: World) -> list[str]:
    """Return the texts of a tenant's that are in what somebody sees."""
    text = content.decode(errors="replace")
    return [mark for mark in world.marks() if mark in text]


def visit(client: Client, method: str, path: str) -> Any:
    return getattr(client, method)(path)


# Completeness


def test_every_address_has_a_line() -> None:
    names = {page.name for page in all_pages() if not page.route.startswith("api/v1/")}
    public_api = {name for name in PUBLIC if name.startswith("api:")}
    assert names == {*PAGES, *PERSONAL, *PUBLIC} - public_api
    assert {page.name for page in tenant_pages()} == set(PAGES)


def test_every_address_of_the_api_is_in_the_document() -> None:
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", lambda match: "{" + match[1].replace("pk", "id") + "}", page.route)
        for page in all_pages()
        if page.route.startswith("api/v1/") and page.name not in PUBLIC
    }
    assert routes == {operation.template.lstrip("/") for operation in all_operations()}


def test_every_model_of_a_tenant_is_in_the_world(acme: World) -> None:
    assert empty_models(acme) == set()


def test_every_id_in_a_body_has_a_test() -> None:
    assert body_ids(openapi()) == API_BODY_IDS


# Pages


def test_pages_ask_who_is_not_signed_in_to_sign_in(acme: World) -> None:
    outcomes = {}
    for page in tenant_pages():
        path = page.path(acme.tenant.slug, acme.ids)
        for method in ("get", "post"):
            response = visit(Client(), method, path)
            outcomes[page.name, method] = (
                response.status_code,
                response.headers.get("Location", "").startswith("/accounts/login/"),
            )
    assert outcomes == dict.fromkeys(outcomes, (302, True))


def test_another_tenants_pages_are_like_pages_that_do_not_exist(acme: World, globex: World) -> None:
    before = fingerprint(acme)
    client = globex.owner.client()
    different = {}
    for page in tenant_pages():
        for method in ("get", "post"):
            real = page.path(acme.tenant.slug, acme.ids)
            made_up = page.path("no-such-tenant", random_ids(acme))
            there = seen(visit(client, method, real), real)
            nowhere = seen(visit(client, method, made_up), made_up)
            if there != nowhere or there[0] != 404:
                different[page.name, method] = (there[0], nowhere[0])
    assert different == {}
    assert fingerprint(acme) == before


def mixed_ids(page: Page, own: World, other: Mapping[str, uuid.UUID]) -> Iterator[dict[str, uuid.UUID]]:
    """Yield the page's own ids with one of them another's, for each in turn, then with all."""
    for name in page.parameters:
        yield {**own.ids, name: other[name]}
    if len(page.parameters) > 1:
        yield {**own.ids, **{name: other[name] for name in page.parameters}}


def test_another_tenants_objects_below_ones_own_address_do_not_exist(acme: World, globex: World) -> None:
    before = fingerprint(acme)
    client = globex.owner.client()
    different = {}
    for page in tenant_pages():
        foreign = mixed_ids(page, globex, acme.ids)
        made_up = mixed_ids(page, globex, random_ids(acme))
        for foreign_ids, random in zip(foreign, made_up, strict=True):
            for method in ("get", "post"):
                real, fake = page.path(globex.tenant.slug, foreign_ids), page.path(globex.tenant.slug, random)
                there = seen(visit(client, method, real), real)
                nowhere = seen(visit(client, method, fake), fake)
                if there != nowhere or (there[0] not in (404, 405) and page.name not in WITHOUT_OBJECT):
                    different[page.name, method] = (there[0], nowhere[0])
    assert different == {}
    assert fingerprint(acme) == before


def test_viewers_look_and_change_nothing(acme: World) -> None:
    before = fingerprint(acme)
    client = acme.viewer.client()
    # Somebody else's membership: leaving the tenant oneself is allowed.
    ids = {**acme.ids, "member_id": acme.owner.membership.pk}
    wrong = {}
    for page in tenant_pages():
        if page.name in AUDITED_READS:
            continue
        path = page.path(acme.tenant.slug, ids)
        looked, sent = visit(client, "get", path).status_code, visit(client, "post", path).status_code
        may_look = PAGES[page.name] is not Viewer.IS_REFUSED
        if looked not in ((200, 204, 302, 405) if may_look else (403, 405)) or sent not in (403, 405):
            wrong[page.name] = (looked, sent)
    assert wrong == {}
    assert fingerprint(acme) == before


def test_owners_see_their_own_and_nothing_of_others(acme: World, globex: World) -> None:
    client = globex.owner.client()
    wrong = {}
    own_seen = set()
    for page in tenant_pages():
        path = page.path(globex.tenant.slug, globex.ids)
        response = visit(client, "get", path)
        if response.status_code not in (200, 204, 302, 405) or leaks(response, acme):
            wrong[page.name] = (response.status_code, leaks(response, acme))
        if leaks(response, globex, sent=path):
            own_seen.add(page.name)
    assert wrong == {}
    assert own_seen >= {"trunks:detail", "trunks:list", "tenants:team", "web:dashboard"}


def test_pages_outside_tenants_tell_of_nobody_else(acme: World, globex: World) -> None:
    wrong = {}
    for client in (Client(), globex.owner.client()):
        for page in all_pages():
            if page.name in {*PERSONAL, *PUBLIC} and "<" not in page.route and "^" not in page.route:
                response = visit(client, "get", f"/{page.route}")
                if leaks(response, acme):
                    wrong[page.name] = (response.status_code, leaks(response, acme))
    assert wrong == {}


# The API


def slots(operation: Operation, own: World, other: Mapping[str, uuid.UUID]) -> list[dict[str, uuid.UUID]]:
    """Return the ids with one slot another's, for each in turn, then with all."""
    single = [{**own.ids, name: other[name]} for name in operation.slots]
    return [*single, {**own.ids, **{name: other[name] for name in operation.slots}}] if single else []


def test_the_api_asks_for_a_key(acme: World) -> None:
    answers = {(each.method, each.template): each.send(APIClient(), acme.ids) for each in all_operations()}
    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(answers, 401)


def test_a_tenants_key_reads_nothing_of_persons(acme: World) -> None:
    client = acme.owner.api()
    answers = {each.template: each.send(client, acme.ids) for each in personal_operations()}
    outcomes = {path: (answer.status_code, leaks(answer, acme)) for path, answer in answers.items()}
    assert outcomes == dict.fromkeys(PERSONAL_API, (401, []))


def test_an_affiliates_key_reads_nothing_of_tenants(acme: World) -> None:
    before = fingerprint(acme)
    client = affiliate_client(join(acme.owner))
    answers = {(each.method, each.template): each.send(client, acme.ids) for each in operations()}
    outcomes = {key: (answer.status_code, leaks(answer, acme)) for key, answer in answers.items()}
    assert outcomes == dict.fromkeys(answers, (401, []))
    assert fingerprint(acme) == before
    own = {each.template: each.send(client, acme.ids).status_code for each in personal_operations()}
    assert own == dict.fromkeys(PERSONAL_API, 200)


def test_another_tenants_objects_do_not_exist_in_the_api(acme: World, globex: World) -> None:
    before = fingerprint(acme)
    client = globex.owner.api()
    with platform_context("let the test ask for as much as it likes"):
        Tenant.objects.filter(pk=globex.owner.tenant.pk).update(api_requests_per_minute=100_000)
    different = {}
    for operation in operations():
        random = random_ids(acme)
        for foreign, made_up in zip(
            slots(operation, globex, acme.ids), slots(operation, globex, random), strict=True
        ):
            there, nowhere = seen(operation.send(client, foreign)), seen(operation.send(client, made_up))
            if there != nowhere or there[0] != 404:
                different[operation.method, operation.template] = (there, nowhere)
    assert different == {}
    assert fingerprint(acme) == before


def test_filters_cannot_tell_another_tenants_id_from_a_made_up_one(acme: World, globex: World) -> None:
    client = globex.owner.api()
    with platform_context("let the test ask for as much as it likes"):
        Tenant.objects.filter(pk=globex.owner.tenant.pk).update(api_requests_per_minute=100_000)
    compared = []
    for operation in operations():
        for name in operation.id_filters:
            for foreign in acme.ids.values():
                there = seen(operation.send(client, globex.ids, f"?{name}={foreign}"))
                nowhere = seen(operation.send(client, globex.ids, f"?{name}={uuid7()}"))
                assert (there, there[0]) == (nowhere, 200), operation
            compared.append((operation.segment, name))
    assert compared == [
        ("status-changes", "gateway_id"),
        ("calls", "agent_id"),
        ("calls", "phone_number_id"),
        ("calls", "trunk_id"),
        ("call-events", "phone_number_id"),
        ("call-events", "trunk_id"),
        ("caller-messages", "call_id"),
        ("callbacks", "call_id"),
        ("voice-messages", "call_id"),
        ("text-messages", "call_id"),
        ("incidents", "subject_id"),
        ("audit-events", "object_id"),
        ("export", "agent_id"),
        ("export", "phone_number_id"),
        ("export", "trunk_id"),
    ]


def test_keys_that_may_only_read_change_nothing(acme: World) -> None:
    client = acme.owner.api(
        *("trunks:read", "agents:read", "calls:read", "alerts:read"),
        *("tenant:read", "audit:read", "billing:read"),
    )
    before = fingerprint(acme)
    answers = {
        (each.method, each.template): each.send(client, acme.ids)
        for each in operations()
        if each.template not in AUDITED_READS
    }
    wrong = {
        key: answer.status_code
        for key, answer in answers.items()
        if answer.status_code != (200 if key[0] == "get" else 403)
    }
    assert wrong == {}
    assert fingerprint(acme) == before


def test_answers_hold_nothing_of_others(acme: World, globex: World) -> None:
    client = globex.owner.api()
    reads = [operation for operation in operations() if operation.method == "get"]
    answers = {operation.template: seen(operation.send(client, globex.ids))[1] for operation in reads}
    assert [template for template, text in answers.items() if marks_in(text, acme)] == []
    # The test sees something: each answer holds what is Globex's own, but for what all share.
    assert [template for template, text in answers.items() if not marks_in(text, globex)] == [
        "/api/v1/call-retention/",
        "/api/v1/calls/summary/",
        "/api/v1/agent-templates/",
        "/api/v1/plans/",
        "/api/v1/carrier-presets/",
    ]
